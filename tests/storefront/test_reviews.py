"""Reviews on real PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from shopkit import Till, buy, customer, receive_goods
from storefront.adapters.postgres.pool import Database
from storefront.adapters.postgres.reviews import PostgresReviews
from storefront.domain.accounts import Caller
from storefront.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
    PaymentDeclinedError,
)
from storefront.domain.reviews import Review, Standing, shown_name
from storefront.usecases.reviews import product_reviews, standing, write_review

GOOD = {"rating": 4, "title": "Well made", "text": "Heavy.\r\nAnd handsome."}


async def test_buyers_review_once(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"REV": 100})
    till, reviews = Till(database), PostgresReviews(database)
    buyers = [await customer(database, f"Nell{n} Secret") for n in range(10)]
    for buyer in buyers:
        await buy(till, buyer, "REV")
    answers = await asyncio.gather(
        *(
            write_review(reviews, buyer, "rev", {**GOOD, "rating": 1 + n % 5})
            for n, buyer in enumerate(buyers)
            for _ in range(3)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Review) for answer in answers) == 10
    assert sum(isinstance(answer, ConflictError) for answer in answers) == 20
    sums = await owner.fetchrow(
        "select review_count, rating_sum, rating from products where sku = 'REV'"
    )
    assert tuple(sums) == (10, 30, 3)
    shown = await product_reviews(reviews, "rev")
    assert (shown.count, shown.average, shown.distribution) == (10, 3.0, (2, 2, 2, 2, 2))
    assert {review.author for review in shown.items} == {f"Nell{n} S." for n in range(10)}
    assert {review.text for review in shown.items} == {"Heavy.\nAnd handsome."}
    pages = [await product_reviews(reviews, "rev", page, page_size=4) for page in (1, 2, 3, 4)]
    assert [len(page.items) for page in pages] == [4, 4, 2, 0]
    assert [review for page in pages for review in page.items] == shown.items
    times = [review.written_at for review in shown.items]
    assert times == sorted(times, reverse=True)
    for page in (0, -1, 10_001):
        with pytest.raises(InvalidInputError):
            await product_reviews(reviews, "rev", page)
    with pytest.raises(NotFoundError):
        await product_reviews(reviews, "unknown")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Ada Byron", "Ada B."), ("Mary", "Mary"), ("Ludwig van  beethoven ", "Ludwig B."), ("", "")],
)
def test_names_are_shortened(name: str, shown: str) -> None:
    assert shown_name(name) == shown


async def test_what_a_customer_has_to_do_with_a_product(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"STA": 5})
    till, reviews, caller = Till(database), PostgresReviews(database), await customer(database)
    assert await standing(reviews, caller, "sta") == Standing(bought=False, review=None)
    await buy(till, caller, "STA")
    assert await standing(reviews, caller, "sta") == Standing(bought=True, review=None)
    written = await write_review(reviews, caller, "sta", GOOD)
    assert await standing(reviews, caller, "sta") == Standing(bought=True, review=written)
    other = await customer(database)
    assert await standing(reviews, other, "sta") == Standing(bought=False, review=None)
    with pytest.raises(NotFoundError):
        await standing(reviews, caller, "unknown")
    with pytest.raises(NotSignedInError):
        await standing(reviews, Caller("v"), "sta")


async def test_who_may_not_review(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"NOT": 100})
    till, reviews = Till(database), PostgresReviews(database)
    caller = await customer(database)
    with pytest.raises(NotSignedInError):
        await write_review(reviews, Caller("v"), "not", GOOD)
    with pytest.raises(NotFoundError):
        await write_review(reviews, caller, "unknown", GOOD)
    with pytest.raises(PaymentDeclinedError):
        await buy(till, caller, "NOT", "tok_declined")
    with pytest.raises(ForbiddenError):
        await write_review(reviews, caller, "not", GOOD)
    await buy(till, caller, "NOT")
    for bad in (
        {},
        {**GOOD, "rating": 0},
        {**GOOD, "rating": 6},
        {**GOOD, "rating": True},
        {**GOOD, "rating": "5"},
        {**GOOD, "text": ""},
        {**GOOD, "title": ""},
        {**GOOD, "text": "x" * 4001},
        {**GOOD, "text": "\0"},
        {**GOOD, "author": "me"},
    ):
        with pytest.raises(InvalidInputError):
            await write_review(reviews, caller, "not", bad)
    assert (await product_reviews(reviews, "not")).items == []
    assert await owner.fetchval("select review_count from products where sku = 'NOT'") == 0

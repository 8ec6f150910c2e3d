"""Reviews and administration on real PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from shopkit import Till, receive_goods
from storefront.adapters.postgres.accounts import PostgresAccounts
from storefront.adapters.postgres.administration import PostgresAdministration
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
    ShopError,
)
from storefront.usecases.administration import change_price, change_stock, shop_overview
from storefront.usecases.reviews import product_reviews, write_review

GOOD = {"stars": 4, "title": "Well made", "text": "Heavy.\r\nAnd handsome."}


async def customer(database: Database, name: str = "Ada Field") -> Caller:
    made = await PostgresAccounts(database).create(f"{uuid4().hex}@example.com", name, "hash")
    return Caller(uuid4().hex, made)


async def buy(till: Till, caller: Caller, sku: str, token: str = "tok_visa") -> None:
    await till.carts.set_quantity(caller.cart_id, sku, 1)
    await till.buy(caller, uuid4().hex, token)


async def test_buyers_review_once(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"REV": 100})
    till, reviews = Till(database), PostgresReviews(database)
    buyers = [await customer(database, f"Nell{n} Secret") for n in range(10)]
    for buyer in buyers:
        await buy(till, buyer, "REV")
    answers = await asyncio.gather(
        *(
            write_review(reviews, buyer, "rev", {**GOOD, "stars": 1 + n % 5})
            for n, buyer in enumerate(buyers)
            for _ in range(3)
        ),
        return_exceptions=True,
    )
    assert sum(answer is None for answer in answers) == 10
    assert sum(isinstance(answer, ConflictError) for answer in answers) == 20
    sums = await owner.fetchrow(
        "select review_count, rating_sum, rating from products where sku = 'REV'"
    )
    assert tuple(sums) == (10, 30, 3)
    shown = await product_reviews(reviews, "rev")
    assert {review.author for review in shown} == {f"Nell{n}" for n in range(10)}
    assert {review.text for review in shown} == {"Heavy.\nAnd handsome."}


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
        {**GOOD, "stars": 0},
        {**GOOD, "stars": 6},
        {**GOOD, "stars": True},
        {**GOOD, "stars": "5"},
        {**GOOD, "title": ""},
        {**GOOD, "text": "x" * 4001},
        {**GOOD, "text": "\0"},
        {**GOOD, "author": "me"},
    ):
        with pytest.raises(InvalidInputError):
            await write_review(reviews, caller, "not", bad)
    assert await product_reviews(reviews, "not") == []
    assert await owner.fetchval("select review_count from products where sku = 'NOT'") == 0


async def test_the_overview(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"ADM-1": 3, "ADM-2": 50}, price=10_000)
    till, admin = Till(database), PostgresAdministration(database)
    accounts = PostgresAccounts(database)
    caller = await customer(database)
    assert caller.customer is not None
    with pytest.raises(ForbiddenError):
        await shop_overview(accounts, admin, caller)
    await accounts.set_staff(caller.customer.email, is_staff=True)
    before = await shop_overview(accounts, admin, caller)
    for _ in range(2):
        await buy(till, caller, "ADM-1")
    with pytest.raises(PaymentDeclinedError):
        await buy(till, caller, "ADM-1", "tok_declined")
    newest = await owner.fetchval(
        "update orders set paid_at = paid_at - interval '1 day' where id = ("
        " select max(id) from orders where status = 'paid') returning number"
    )
    after = await shop_overview(accounts, admin, caller)
    assert after.today.orders - before.today.orders == 1
    assert after.today.revenue - before.today.revenue == 10_800
    assert after.week.orders - before.week.orders == 2
    assert [order.status for order in after.recent[:2]] == ["cancelled", "paid"]
    assert after.recent[1].number == newest
    low = {level.sku: level.available for level in after.low_stock}
    assert low["ADM-1"] == 1
    assert "ADM-2" not in low


async def test_changing_stock_and_price(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"CHG": 3})
    accounts, admin = PostgresAccounts(database), PostgresAdministration(database)
    caller = await customer(database)
    assert caller.customer is not None
    pretender = replace(caller, customer=replace(caller.customer, is_staff=True))
    for change in (
        change_stock(accounts, admin, pretender, sku="CHG", available=9, expected=3),
        change_price(accounts, admin, pretender, sku="CHG", price=9),
    ):
        with pytest.raises(ForbiddenError):
            await change
    await accounts.set_staff(caller.customer.email, is_staff=True)
    answers = await asyncio.gather(
        *(
            change_stock(accounts, admin, caller, sku="CHG", available=10 + n, expected=3)
            for n in range(5)
        ),
        return_exceptions=True,
    )
    assert sum(answer is None for answer in answers) == 1
    assert sum(isinstance(answer, ConflictError) for answer in answers) == 4
    assert await owner.fetchval("select available from stock where sku = 'CHG'") >= 10
    await change_price(accounts, admin, caller, sku="CHG", price=777)
    assert await owner.fetchval("select price from products where sku = 'CHG'") == 777
    for bad in (
        change_stock(accounts, admin, caller, sku="CHG", available=-1, expected=10),
        change_stock(accounts, admin, caller, sku="NONE", available=1, expected=10),
        change_price(accounts, admin, caller, sku="CHG", price=0),
        change_price(accounts, admin, caller, sku="NONE", price=1),
    ):
        with pytest.raises((InvalidInputError, NotFoundError)) as caught:
            await bad
        assert isinstance(caught.value, ShopError)

"""Checkout against real PostgreSQL: contention, idempotency and the answers a buyer gets."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from typing import Any

import pytest
from shopkit import IMPATIENT, Jittery, Till, check_books, receive_goods, until
from storefront.adapters.postgres.pool import Database
from storefront.domain.accounts import Caller
from storefront.domain.errors import (
    InvalidInputError,
    KeyReusedError,
    OutOfStockError,
    PaymentDeclinedError,
    UnavailableError,
)
from storefront.ports import AnswerLostError
from storefront.usecases.checkout import Placed

BUYERS, UNITS = 200, 50


@pytest.mark.parametrize("seed", range(20))
async def test_the_last_units_are_sold_once(seed: int, database: Database, owner: Any) -> None:
    chance = random.Random(seed)
    hot, others = f"HOT-{seed}", [f"SIDE-{seed}-{n}" for n in range(chance.randint(0, 5))]
    received = {hot: UNITS, **dict.fromkeys(others, BUYERS * 5)}
    await receive_goods(owner, received)
    till = Till(
        database,
        wrap=lambda name, port: Jittery(port, chance, 0.02 if name == "payments" else 0.002),
    )
    tokens = {"tok_visa": 6, "tok_lost": 1}

    async def buy(number: int) -> str:
        items = {hot: 1, **{s: chance.randint(1, 5) for s in others if chance.random() < 0.6}}
        lines = list(items.items())
        chance.shuffle(lines)
        caller = await till.visitor(dict(lines))
        token = chance.choices(list(tokens), list(tokens.values()))[0]
        await asyncio.sleep(chance.random() * 0.05)
        try:
            placed = await till.insist(caller, f"key-{number}", token)
        except OutOfStockError as problem:
            return f"out of stock: {[(s.sku, s.available) for s in problem.shortages]}"
        assert placed.order.status == "paid"
        return placed.order.number

    answers = await asyncio.gather(*(buy(number) for number in range(BUYERS)))
    refusal = f"out of stock: {[(hot, 0)]}"
    assert answers.count(refusal) == BUYERS - UNITS
    assert len(set(answers)) == UNITS + 1
    charges = await owner.fetchval(
        "select count(*) from payments.charges"
        " where status = 'succeeded' and order_number = any($1)",
        answers,
    )
    assert charges == UNITS
    assert await owner.fetchval("select available from stock where sku = $1", hot) == 0
    await check_books(owner, received)


@pytest.mark.parametrize("token", ["tok_visa", "tok_lost", "tok_slow"])
async def test_the_same_key_at_once_is_one_order(
    token: str, database: Database, owner: Any
) -> None:
    sku = f"SAME-{token}"
    await receive_goods(owner, {sku: 100})
    till = Till(database)
    caller = await till.visitor({sku: 2})
    answers = await asyncio.gather(*(till.buy(caller, "same", token) for _ in range(20)))
    orders = {repr(dataclasses.asdict(answer.order)) for answer in answers}
    assert len(orders) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    numbers = [answer.order.number for answer in answers]
    assert (
        await owner.fetchval(
            "select count(*) from payments.charges where order_number = $1", numbers[0]
        )
        == 1
    )
    await check_books(owner, {sku: 100})
    again = await till.buy(caller, "same", token)  # the cart is empty by now
    assert again == Placed(answers[0].order, replayed=True)


@pytest.mark.parametrize(
    ("token", "units", "error"),
    [("tok_declined", 5, PaymentDeclinedError), ("tok_visa", 1, OutOfStockError)],
)
async def test_refusals_are_remembered_and_take_nothing(
    token: str, units: int, error: type[Exception], database: Database, owner: Any
) -> None:
    sku, other = f"NO-{token}", f"YES-{token}"
    await receive_goods(owner, {sku: units, other: 10})
    till = Till(database)
    caller = await till.visitor({sku: 2, other: 1})
    answers = await asyncio.gather(
        *(till.buy(caller, "k", token) for _ in range(20)), return_exceptions=True
    )
    assert {type(answer) for answer in answers} == {error}
    assert {str(answer) for answer in answers} == {str(answers[0])}
    assert sum(not answer.replayed for answer in answers) == 1  # type: ignore[union-attr]
    await check_books(owner, {sku: units, other: 10})
    assert (await till.carts.get(caller.cart_id)).items == {sku: 2, other: 1}
    # The refusal stays, even when stock has come; another key tries anew.
    await owner.execute("update stock set available = 10 where sku = $1", sku)
    with pytest.raises(error) as caught:
        await till.buy(caller, "k", token)
    assert caught.value.replayed  # type: ignore[attr-defined]
    assert (await till.buy(caller, "k2")).order.status == "paid"


async def test_every_short_line_is_named(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"S1": 1, "S2": 0, "S3": 9})
    till = Till(database)
    caller = await till.visitor({"S3": 3, "S2": 2, "S1": 5})
    with pytest.raises(OutOfStockError) as caught:
        await till.buy(caller, "k")
    found = {(s.sku, s.name, s.requested, s.available) for s in caught.value.shortages}
    assert found == {("S2", "The S2", 2, 0), ("S1", "The S1", 5, 1)}
    await check_books(owner, {"S1": 1, "S2": 0, "S3": 9})


async def test_prices_are_the_shops_own(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"P1": 10}, price=3000)
    till = Till(database)
    caller = await till.visitor({"P1": 2})
    placed = await till.buy(caller, "k", coupon="TENOFF", shipping_method="express")
    totals = placed.order.totals
    assert (totals.subtotal, totals.discount, totals.shipping, totals.tax, totals.total) == (
        6000, 600, 1290, 432, 7122,
    )  # fmt: skip
    stored, visitor, customer = await till.orders.get(placed.order.number)
    assert (stored, visitor, customer) == (placed.order, caller.visitor_id, None)
    await owner.execute("update products set price = 1 where sku = 'P1'")
    assert (await till.buy(caller, "k", coupon="TENOFF", shipping_method="express")).order == stored


async def test_a_bad_coupon_or_an_empty_cart_is_refused(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"C1": 10}, price=1000)
    till = Till(database)
    caller = await till.visitor({"C1": 2})
    for code, message in (("NONE", "is not a coupon"), ("TENOFF", "at least .50.00")):
        with pytest.raises(InvalidInputError, match=message) as caught:
            await till.buy(caller, "k", coupon=code)
        assert caught.value.errors[0][0] == "coupon"
    for nobody in (Caller("x" * 64), Caller("")):
        with pytest.raises(InvalidInputError) as caught:
            await till.buy(nobody, "k")
        assert caught.value.errors == [("cart", "is empty")]
    assert (await till.buy(caller, "k")).order.totals.subtotal == 2000


async def test_a_key_stands_for_one_request(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"K1": 10})
    till = Till(database)
    caller = await till.visitor({"K1": 1})
    placed = await till.buy(caller, "k")
    for cart in ({}, {"K1": 1}):  # whether or not the cart was filled again
        for sku, quantity in cart.items():
            await till.carts.set_quantity(caller.cart_id, sku, quantity)
        with pytest.raises(KeyReusedError):
            await till.buy(caller, "k", email="eve@example.com")
        assert (await till.buy(caller, "k")).order == placed.order
    stranger = await till.visitor({"K1": 1})
    assert (await till.buy(stranger, "k")).order.number != placed.order.number


async def test_an_answer_that_stays_lost_is_no_second_charge(
    database: Database, owner: Any
) -> None:
    await receive_goods(owner, {"L1": 10})

    class Deaf:
        """Charges, and never says so."""

        def __init__(self, gateway: Any) -> None:
            self.gateway, self.deaf, self.asked = gateway, True, 0

        async def charge(self, **asked: Any) -> Any:
            self.asked += 1
            answer = await self.gateway.charge(**asked)
            if self.deaf:
                raise AnswerLostError
            return answer

    till = Till(database, wrap=lambda name, port: Deaf(port) if name == "payments" else port)
    caller = await till.visitor({"L1": 1})
    with pytest.raises(UnavailableError):
        await till.buy(caller, "k")
    assert till.payments.asked == IMPATIENT.charge_attempts
    till.payments.deaf = False
    placed = await till.buy(caller, "k")  # at once: the order was let go
    assert not placed.replayed
    await check_books(owner, {"L1": 10})


async def test_a_gateway_that_hangs_does_not_hold_the_buyer(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"H1": 10})
    hurried = dataclasses.replace(IMPATIENT, charge=0.05)
    till = Till(database, patience=hurried)
    caller = await till.visitor({"H1": 1})
    with pytest.raises(UnavailableError):
        await till.buy(caller, "k", "tok_slow")  # takes 0.2 s here
    patient = Till(database, carts=till.carts)
    assert (await patient.buy(caller, "k", "tok_slow")).order.status == "paid"
    await check_books(owner, {"H1": 10})


async def test_a_busy_key_is_unavailable_in_the_end(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"B1": 10})
    till = Till(database)
    hasty = Till(database, carts=till.carts, patience=dataclasses.replace(IMPATIENT, others=0.02))
    caller = await till.visitor({"B1": 1})
    first = asyncio.create_task(till.buy(caller, "k", "tok_slow"))
    claimed = "select exists (select from checkouts where scope = $1)"
    await until(lambda: owner.fetchval(claimed, caller.visitor_id))
    with pytest.raises(UnavailableError):
        await hasty.buy(caller, "k", "tok_slow")
    assert (await first).order.status == "paid"
    await check_books(owner, {"B1": 10})

"""One cart, several keys: two windows with an open checkout sell its contents once."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from uuid import uuid4

import pytest
from shopkit import CrashError, Crashing, Jittery, Till, check_books, receive_goods, until
from storefront.adapters.postgres.pool import Database
from storefront.domain.errors import (
    CartOrderedError,
    InvalidInputError,
    OutOfStockError,
    PaymentDeclinedError,
    UnavailableError,
)


async def sold(owner: Any, sku: str) -> int:
    """Units of all paid orders."""
    units: int = await owner.fetchval(
        "select coalesce(sum(l.quantity), 0) from orders o join order_lines l on l.order_id = o.id"
        " where o.status = 'paid' and l.sku = $1",
        sku,
    )
    return units


def crashing(database: Database, carts: Any, port: str, method: str, when: str) -> Till:
    """A process that dies there; what it held is free at once."""
    return Till(
        database,
        claim_seconds=0.0,
        carts=carts,
        wrap=lambda name, real: Crashing(real, method, when) if name == port else real,
    )


@pytest.mark.parametrize("seed", range(12))
async def test_many_windows_sell_a_cart_once(seed: int, database: Database, owner: Any) -> None:
    """Also while the cart grows, payments are declined and there is just enough for one order."""
    chance = random.Random(seed)
    sku, extra = f"TWICE-{seed}", f"EXTRA-{seed}"
    received = {sku: 8 * chance.choice([2, 50]), extra: 1000}
    await receive_goods(owner, received)
    till = Till(database, wrap=lambda _, port: Jittery(port, chance, 0.004))
    carts = till.carts._port  # filling carts is not what is tested
    deadlocks = "select deadlocks from pg_stat_database where datname = current_database()"
    before = await owner.fetchval(deadlocks)
    ends: list[str] = []
    refused = ["cart: is empty"]

    async def window(caller: Any, number: int) -> None:
        token = chance.choice(["tok_visa", "tok_visa", "tok_lost", "tok_declined"])
        await asyncio.sleep(chance.random() * 0.01)
        try:
            placed = await till.insist(caller, f"k{number}", token)
        except CartOrderedError as problem:
            ends.append(problem.order_number)
        except InvalidInputError as problem:
            refused.append(str(problem))
        except PaymentDeclinedError:
            pass
        else:
            ends.append(placed.order.number)

    async def buyer() -> None:
        caller = await Till(database, carts=carts).visitor({sku: 2})
        windows = [window(caller, n) for n in range(chance.randint(2, 4))]
        if chance.random() < 0.5:
            windows.append(carts.set_quantity(caller.cart_id, extra, 1))
        await asyncio.gather(*windows)
        units = "select coalesce(sum(l.quantity) filter (where l.sku = $2), 0) as units from orders"
        paid = await database.fetchval(
            f"{units} o join order_lines l on l.order_id = o.id"
            " where o.visitor_id = $1 and o.status = 'paid'",
            caller.visitor_id,
            sku,
        )
        assert paid in (0, 2)
        assert ((await carts.get(caller.cart_id)).items.get(sku, 0), paid) in ((0, 2), (2, 0))

    await asyncio.gather(*(buyer() for _ in range(8)))
    await check_books(owner, received)
    assert set(refused) == {"cart: is empty"}
    for number in ends:
        assert await owner.fetchval("select status from orders where number = $1", number) == "paid"
    await owner.execute("select pg_stat_clear_snapshot()")
    assert await owner.fetchval(deadlocks) == before


async def test_the_second_window_is_told_which_order_it_was(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"TOLD": 2})
    till = Till(database)
    caller = await till.visitor({"TOLD": 2})
    first = asyncio.create_task(till.buy(caller, "one", "tok_slow"))
    placed = "select exists (select from orders where visitor_id = $1)"
    await until(lambda: owner.fetchval(placed, caller.visitor_id))
    await till.carts.set_quantity(caller.cart_id, "TOLD", 1)  # changed, and still the same goods
    with pytest.raises(CartOrderedError) as caught:  # and not that somebody was faster
        await till.buy(caller, "two")
    assert caught.value.order_number == (await first).order.number
    with pytest.raises(InvalidInputError, match="empty"):
        await till.buy(caller, "two")
    assert await sold(owner, "TOLD") == 2
    await till.carts.set_quantity(caller.cart_id, "TOLD", 1)  # the same again is another purchase
    with pytest.raises(OutOfStockError):
        await till.buy(caller, "two")
    await check_books(owner, {"TOLD": 2})


async def test_a_declined_payment_gives_the_cart_back(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"BACK": 2})
    till = Till(database)
    caller = await till.visitor({"BACK": 2})
    declined, paid = await asyncio.gather(
        till.buy(caller, "one", "tok_declined"), till.buy(caller, "two"), return_exceptions=True
    )
    assert isinstance(declined, PaymentDeclinedError | CartOrderedError)
    assert not isinstance(paid, BaseException)
    assert await sold(owner, "BACK") == 2
    await check_books(owner, {"BACK": 2})


@pytest.mark.parametrize(
    ("port", "method", "when"),
    [
        ("checkouts", "reserve", "after"),
        ("payments", "charge", "after"),
        ("checkouts", "settle_paid", "after"),
        ("carts", "remove_bought", "before"),
        ("carts", "remove_bought", "after"),
    ],
)
async def test_a_window_after_a_crash(
    port: str, method: str, when: str, database: Database, owner: Any
) -> None:
    sku = f"CR-{uuid4().hex[:8]}"
    await receive_goods(owner, {sku: 9})
    till = Till(database)
    caller = await till.visitor({sku: 3})
    with pytest.raises(CrashError):
        await crashing(database, till.carts, port, method, when).buy(caller, "one")
    number = await owner.fetchval(
        "select number from orders where visitor_id = $1", caller.visitor_id
    )
    if await owner.fetchval("select status from orders where number = $1", number) != "paid":
        hasty = Till(database, carts=till.carts, patience=till.patience.__class__(others=0.02))
        with pytest.raises(UnavailableError):
            await hasty.buy(caller, "two")
        await till.reconcile()
    if method == "reserve":  # never charged: it was voided, and the cart is free
        assert (await till.buy(caller, "two")).order.number != number
        with pytest.raises(CartOrderedError):  # its own key does not bring it back any more
            await till.buy(caller, "one")
    elif (method, when) == ("remove_bought", "after"):
        with pytest.raises(InvalidInputError, match="empty"):
            await till.buy(caller, "two")
    else:
        with pytest.raises(CartOrderedError, match=number):
            await till.buy(caller, "two")
    assert (await till.carts.get(caller.cart_id)).items == {}
    assert await sold(owner, sku) == 3
    await check_books(owner, {sku: 9})

"""Carts on a DynamoDB server: nothing is lost, whoever changes them at the same time."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from shopkit import CrashError, receive_goods
from storefront.adapters.dynamodb import DynamoCarts
from storefront.adapters.dynamodb_carts import CART_SECONDS
from storefront.adapters.postgres.catalogue import PostgresCatalogue
from storefront.adapters.postgres.pool import Database
from storefront.domain.accounts import Caller
from storefront.domain.cart import MAX_LINES
from storefront.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from storefront.settings import Settings
from storefront.usecases.carts import set_quantity, view_cart


@pytest.fixture
async def dynamodb(settings: Settings) -> AsyncIterator[Any]:
    async with get_session().create_client("dynamodb") as client:
        yield client


@pytest.fixture
def carts(dynamodb: Any, settings: Settings) -> DynamoCarts:
    return DynamoCarts(dynamodb, settings.carts_table)


def new_id() -> str:
    return f"visitor:{uuid4().hex}"


async def test_lines_keep_the_order_they_came_in(carts: DynamoCarts) -> None:
    cart_id, began = new_id(), int(1000 * time.time())
    assert (await carts.get(cart_id)).version == 0
    versions = []
    for sku, quantity in (("B", 1), ("A", 2), ("C.d #1", 3), ("B", 5), ("A", 0)):
        cart = await carts.set_quantity(cart_id, sku, quantity)
        versions.append(cart.version)
        await asyncio.sleep(0.002)  # the order has a grain of a millisecond
    assert cart == await carts.get(cart_id)
    assert list(cart.items.items()) == [("B", 5), ("C.d #1", 3)]
    assert versions[0] >= began
    assert versions == [*range(versions[0], versions[0] + 5)]


async def test_removing_from_a_cart_that_is_not_there(carts: DynamoCarts) -> None:
    cart_id = new_id()
    assert (await carts.set_quantity(cart_id, "A", 0)).items == {}
    assert (await carts.get(cart_id)).version == 0


async def test_changes_at_the_same_time_lose_nothing(carts: DynamoCarts) -> None:
    cart_id = new_id()
    await asyncio.gather(*(carts.set_quantity(cart_id, f"S{n}", n + 1) for n in range(30)))
    cart = await carts.get(cart_id)
    assert cart.items == {f"S{n}": n + 1 for n in range(30)}
    assert cart.version - cart.taken == 30


async def test_a_cart_has_an_end(carts: DynamoCarts) -> None:
    cart_id = new_id()
    await carts.set_quantity(cart_id, "S0", 1)
    for n in range(1, MAX_LINES):
        await carts.set_quantity(cart_id, f"S{n}", 1)
    with pytest.raises(InvalidInputError, match="at most 100"):
        await carts.set_quantity(cart_id, "one-more", 1)
    assert (await carts.set_quantity(cart_id, "S5", 7)).items["S5"] == 7
    await carts.set_quantity(cart_id, "S6", 0)
    assert "one-more" in (await carts.set_quantity(cart_id, "one-more", 1)).items


async def test_carts_expire_even_while_dynamodb_still_has_them(
    dynamodb: Any, settings: Settings
) -> None:
    now = time.time()
    carts = DynamoCarts(dynamodb, settings.carts_table, clock=lambda: now)
    cart_id = new_id()
    await carts.set_quantity(cart_id, "OLD", 1)
    item = await dynamodb.get_item(TableName=settings.carts_table, Key={"cart_id": {"S": cart_id}})
    assert int(item["Item"]["expires_at"]["N"]) == int(now) + CART_SECONDS
    now += CART_SECONDS - 10
    await carts.set_quantity(cart_id, "NEW", 1)  # every change makes it live longer
    now += CART_SECONDS - 10
    assert set((await carts.get(cart_id)).items) == {"OLD", "NEW"}
    now += 20
    assert (await carts.get(cart_id)).items == {}
    assert (await carts.set_quantity(cart_id, "FRESH", 2)).items == {"FRESH": 2}
    assert (await carts.get(cart_id)).items == {"FRESH": 2}


async def test_a_cart_after_an_expired_one_repeats_no_version(
    dynamodb: Any, settings: Settings
) -> None:
    now = time.time()
    carts = DynamoCarts(dynamodb, settings.carts_table, clock=lambda: now)
    cart_id, source = new_id(), new_id()
    await carts.set_quantity(cart_id, "A", 1)
    old = await carts.set_quantity(cart_id, "A", 2)
    for fill in ("by hand", "by signing in"):
        now += CART_SECONDS
        if fill == "by hand":
            fresh = await carts.set_quantity(cart_id, "A", 1)
        else:
            await carts.set_quantity(source, "A", 1)
            fresh = await carts.merge(source, cart_id)
        assert old.version < fresh.taken < fresh.version
        await carts.remove_bought(cart_id, old.version, old.items)  # an event that came late
        assert (await carts.get(cart_id)).items == {"A": 1}
        await carts.remove_bought(cart_id, fresh.version, {"A": 1})
        assert (await carts.get(cart_id)).items == {}
        assert (await carts.get(cart_id)).taken == fresh.version
        old = await carts.set_quantity(cart_id, "A", 2)
        assert old.taken == fresh.version


async def test_merging_moves_everything_once(carts: DynamoCarts) -> None:
    source, target = new_id(), "customer:" + uuid4().hex
    for sku, quantity in (("A", 1), ("B", 60)):
        await carts.set_quantity(source, sku, quantity)
    for sku, quantity in (("B", 50), ("C", 3)):
        await carts.set_quantity(target, sku, quantity)
    cart = await carts.merge(source, target)
    assert cart.items == {"A": 1, "B": 99, "C": 3}
    assert (await carts.get(source)).items == {}
    again = await carts.merge(source, target)
    assert again == cart == await carts.get(target)
    await carts.set_quantity(source, "D", 1)
    assert (await carts.merge(source, target)).items == {"A": 1, "B": 99, "C": 3, "D": 1}


async def test_merging_into_nothing_and_from_nothing(carts: DynamoCarts) -> None:
    source, target = new_id(), new_id()
    assert (await carts.merge(source, target)).items == {}
    await carts.set_quantity(source, "A", 4)
    assert (await carts.merge(source, target)).items == {"A": 4}


async def test_merging_at_the_same_time_counts_once(carts: DynamoCarts) -> None:
    for _ in range(5):
        source, target = new_id(), new_id()
        await carts.set_quantity(source, "A", 2)
        await carts.set_quantity(target, "A", 1)
        await asyncio.gather(
            *(carts.merge(source, target) for _ in range(4)),
            carts.set_quantity(target, "B", 1),
        )
        assert (await carts.get(target)).items == {"A": 3, "B": 1}
        assert (await carts.get(source)).items == {}


@pytest.mark.parametrize("calls", range(1, 7))
@pytest.mark.parametrize("more", [False, True])
async def test_a_merge_that_died_goes_on(
    calls: int, more: bool, dynamodb: Any, settings: Settings
) -> None:
    """The process dies after the n-th call to DynamoDB; the visitor may add something meanwhile."""
    carts = DynamoCarts(dynamodb, settings.carts_table)
    source, target = new_id(), new_id()
    await carts.set_quantity(source, "A", 2)
    await carts.set_quantity(target, "A", 1)

    class Dying:
        left = calls

        def __getattr__(self, name: str) -> Any:
            async def call(**asked: Any) -> Any:
                answer = await getattr(dynamodb, name)(**asked)
                self.left -= 1
                if self.left == 0:
                    raise CrashError
                return answer

            return call

    with contextlib.suppress(CrashError):
        await DynamoCarts(Dying(), settings.carts_table).merge(source, target)
    if more:
        await carts.set_quantity(source, "N", 1)
        await carts.set_quantity(target, "M", 1)
    await carts.merge(source, target)
    expected = {"A": 3, "N": 1, "M": 1} if more else {"A": 3}
    assert (await carts.get(target)).items == expected
    assert (await carts.merge(source, target)).items == expected
    assert (await carts.get(source)).items == {}


async def test_what_was_bought_goes_and_what_came_later_stays(carts: DynamoCarts) -> None:
    cart_id = new_id()
    await carts.set_quantity(cart_id, "A", 2)
    bought = await carts.set_quantity(cart_id, "B", 1)
    await carts.set_quantity(cart_id, "A", 3)  # one more, while paying
    await carts.set_quantity(cart_id, "C", 1)
    for _ in range(3):  # events come more than once
        await carts.remove_bought(cart_id, bought.version, bought.items)
        assert (await carts.get(cart_id)).items == {"A": 1, "C": 1}


async def test_an_unchanged_cart_is_emptied_once(carts: DynamoCarts) -> None:
    cart_id = new_id()
    bought = await carts.set_quantity(cart_id, "A", 2)
    await carts.remove_bought(cart_id, bought.version, bought.items)
    assert (await carts.get(cart_id)).items == {}
    await carts.set_quantity(cart_id, "A", 1)
    await carts.remove_bought(cart_id, bought.version, bought.items)
    assert (await carts.get(cart_id)).items == {"A": 1}
    await carts.remove_bought(new_id(), 3, {"A": 1})  # a cart that is gone


@pytest.mark.parametrize("seed", range(3))
async def test_removal_and_additions_at_the_same_time(seed: int, carts: DynamoCarts) -> None:
    chance = random.Random(seed)
    cart_id = new_id()
    bought = await carts.set_quantity(cart_id, "A", 2)
    later = {f"L{n}": chance.randint(1, 9) for n in range(8)}
    work = [carts.set_quantity(cart_id, sku, quantity) for sku, quantity in later.items()]
    work += [carts.remove_bought(cart_id, bought.version, bought.items) for _ in range(3)]
    chance.shuffle(work)
    await asyncio.gather(*work)
    assert (await carts.get(cart_id)).items == later


async def test_a_server_that_is_down_is_unavailable(settings: Settings) -> None:
    config = AioConfig(connect_timeout=0.5, retries={"total_max_attempts": 1})
    async with get_session().create_client(
        "dynamodb", endpoint_url="http://127.0.0.1:9", config=config
    ) as client:
        carts = DynamoCarts(client, settings.carts_table)
        for call in (carts.get("c"), carts.set_quantity("c", "A", 1), carts.merge("c", "d")):
            with pytest.raises(UnavailableError):
                await call


async def test_the_cart_as_shown(carts: DynamoCarts, database: Database, owner: Any) -> None:
    await receive_goods(owner, {"CART-1": 7, "CART-2": 0}, price=1234)
    catalogue = PostgresCatalogue(database, "USD")
    caller = Caller(uuid4().hex)
    assert (await view_cart(catalogue, carts, caller, "USD")).lines == []
    await set_quantity(catalogue, carts, caller, "CART-2", 1, "USD")
    shown = await set_quantity(catalogue, carts, caller, "CART-1", 3, "USD")
    assert [(line.sku, line.quantity, line.available) for line in shown.lines] == [
        ("CART-2", 1, 0),
        ("CART-1", 3, 7),
    ]
    assert (shown.subtotal, shown.count) == (4 * 1234, 4)
    assert await view_cart(catalogue, carts, caller, "USD") == shown
    for quantity in (-1, 100):
        with pytest.raises(InvalidInputError, match="quantity"):
            await set_quantity(catalogue, carts, caller, "CART-1", quantity, "USD")
    for sku in ("NONE", "", "A\0B", "x" * 500, "\ud800"):
        with pytest.raises(NotFoundError):
            await set_quantity(catalogue, carts, caller, sku, 1, "USD")
    assert await view_cart(catalogue, carts, caller, "USD") == shown
    emptied = await set_quantity(catalogue, carts, caller, "CART-1", 0, "USD")
    assert emptied.count == 1
    with pytest.raises(InvalidInputError, match="cookies"):
        await set_quantity(catalogue, carts, Caller(""), "CART-1", 1, "USD")

"""Accounts, sessions, staff rights and whose orders are whose, on the real parts."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from aiobotocore.session import get_session
from doorkit import Door
from storefront.adapters.dynamodb import SESSION_SECONDS
from storefront.adapters.postgres.orders import PostgresOrders
from storefront.adapters.postgres.pool import Database
from storefront.domain.accounts import Caller, Customer
from storefront.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
)
from storefront.settings import Settings
from storefront.usecases.accounts import (
    identify,
    make_staff,
    require_staff,
    sign_out,
)
from storefront.usecases.orders import order_history, view_order


async def test_coming_and_going(door: Door) -> None:
    customer, token = await door.register(email="Ada@Example.com", name="  Ada  Field ")
    assert (customer.email, customer.name, customer.is_staff) == (
        "Ada@Example.com", "Ada  Field", False,
    )  # fmt: skip
    assert await identify(door.sessions, "v", token) == Caller("v", customer)
    assert await identify(door.sessions, "v", "wrong") == Caller("v")
    assert await identify(door.sessions, "v", None) == Caller("v")
    again, second = await door.sign_in("ada@EXAMPLE.com")
    assert again == customer
    assert second != token  # a new one with every sign-in
    assert len(second) >= 43  # 256 bits
    await sign_out(door.sessions, token)
    await sign_out(door.sessions, token)
    assert await identify(door.sessions, "v", token) == Caller("v")
    assert (await identify(door.sessions, "v", second)).customer == customer


async def test_sessions_end_even_while_dynamodb_still_has_them(door: Door) -> None:
    customer, token = await door.register()
    door.now[0] += SESSION_SECONDS - 5
    assert await door.sessions.customer(token) == customer
    door.now[0] += 10
    assert await door.sessions.customer(token) is None


async def test_the_table_does_not_hold_tokens(door: Door, settings: Settings) -> None:
    _, token = await door.register()
    async with get_session().create_client("dynamodb") as client:
        items = (await client.scan(TableName=settings.sessions_table))["Items"]
    assert items
    assert token not in repr(items)
    assert all(int(item["expires_at"]["N"]) > time.time() for item in items)


async def test_an_address_registers_once(door: Door, owner: Any) -> None:
    answers = await asyncio.gather(
        *(door.register(email=name) for name in ("one@example.com", "ONE@example.com") * 4),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, tuple) for answer in answers) == 1
    assert sum(isinstance(answer, ConflictError) for answer in answers) == 7
    told = "select count(*) from outbox where payload->>'customer_id' = $1"
    (customer, _) = next(answer for answer in answers if isinstance(answer, tuple))
    assert await owner.fetchval(told, customer.id) == 1


async def test_bad_input_is_named_all_at_once(door: Door) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await door.register(email="nobody", password="short", name="A\0da")
    assert [field for field, _ in caught.value.errors] == ["email", "name", "password"]
    for email in ("", "a@b", "a b@c.de", "a@b..de", f"{'a' * 65}@b.de", "a@b.de\n", "é@b.de\ud800",
                  f"a@{'b' * 250}.de", "<a@b.de>", "a@b.de\r\nBcc: c@d.ef"):  # fmt: skip
        if email.strip() == "a@b.de":
            continue  # blanks around it are forgiven
        with pytest.raises(InvalidInputError):
            await door.register(email=email)
    for password in ("x" * 7, "x" * 129, "\ud800" * 9, "x\0" * 9, "same@example.com"):
        with pytest.raises(InvalidInputError):
            await door.register(email="same@example.com", password=password)
    await door.register(password="ü" * 128)


async def test_the_visitors_cart_comes_along(door: Door) -> None:
    customer, _ = await door.register(email="cart@example.com")
    visitor = uuid4().hex
    await door.carts.set_quantity(f"visitor:{visitor}", "A", 2)
    await door.carts.set_quantity(f"customer:{customer.id}", "B", 1)
    await door.sign_in("cart@example.com", visitor_id=visitor)
    assert (await door.carts.get(f"customer:{customer.id}")).items == {"B": 1, "A": 2}


async def test_staff_rights_are_looked_up_when_they_matter(door: Door) -> None:
    customer, token = await door.register(email="staff@example.com")
    caller = await identify(door.sessions, "v", token)
    with pytest.raises(ForbiddenError):
        await require_staff(door.accounts, caller)
    await make_staff(door.accounts, "STAFF@example.com")
    assert (await require_staff(door.accounts, caller)).is_staff
    _, second = await door.sign_in("staff@example.com")
    caller = await identify(door.sessions, "v", second)
    assert caller.customer is not None
    assert caller.customer.is_staff
    await make_staff(door.accounts, "staff@example.com", is_staff=False)
    with pytest.raises(ForbiddenError):  # whatever the session says
        await require_staff(door.accounts, caller)
    for nobody in (Caller("v"), Caller("v", replace(customer, id=str(uuid4()), is_staff=True))):
        with pytest.raises(NotSignedInError):
            await require_staff(door.accounts, nobody)
    with pytest.raises(NotFoundError):
        await make_staff(door.accounts, "unknown@example.com")


async def test_orders_are_their_owners_own(door: Door, database: Database, owner: Any) -> None:
    from shopkit import Till, receive_goods

    await receive_goods(owner, {"OWN": 10})
    till = Till(database)
    customer, _ = await door.register()
    caller = Caller(uuid4().hex, customer)
    numbers = []
    for n in range(3):
        await till.carts.set_quantity(caller.cart_id, "OWN", 1)
        numbers.append((await till.buy(caller, f"k{n}")).order.number)
    await till.carts.set_quantity(caller.cart_id, "OWN", 1)
    with pytest.raises(Exception, match="declined"):
        await till.buy(caller, "no", "tok_declined")
    orders = PostgresOrders(database)
    assert [order.number for order in await order_history(orders, caller)] == numbers[::-1]
    for mine in (
        caller,
        Caller(caller.visitor_id),
        Caller("elsewhere", customer),
        Caller("", customer),
    ):
        assert (await view_order(orders, mine, numbers[0].lower())).number == numbers[0]
    stranger = Customer(str(uuid4()), "e@example.com", "Eve")
    for other in (Caller(""), Caller("elsewhere"), Caller("elsewhere", stranger)):
        with pytest.raises(NotFoundError, match="no such order"):
            await view_order(orders, other, numbers[0])
    for nonsense in ("", "X" * 300, "A\0B", "'; drop table orders", "\ud800", "é"):
        with pytest.raises(NotFoundError):
            await view_order(orders, caller, nonsense)
    with pytest.raises(NotSignedInError):
        await order_history(orders, Caller("v"))
    assert await order_history(orders, Caller("v", stranger)) == []

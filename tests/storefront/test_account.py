"""Accounts, sessions and rate limits on the real parts."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
from aiobotocore.session import get_session
from argon2 import PasswordHasher
from redis.asyncio import Redis
from shopkit import MemoryCarts
from storefront.adapters.dynamodb import SESSION_SECONDS, DynamoSessions
from storefront.adapters.postgres.accounts import PostgresAccounts
from storefront.adapters.postgres.orders import PostgresOrders
from storefront.adapters.postgres.pool import Database
from storefront.adapters.secrets import Secrets
from storefront.adapters.valkey import ValkeyLimiter, open_valkey
from storefront.domain.accounts import Caller, Customer
from storefront.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
    TooManyAttemptsError,
    UnavailableError,
)
from storefront.settings import Settings
from storefront.usecases.accounts import (
    identify,
    make_staff,
    register,
    require_staff,
    sign_in,
    sign_out,
)
from storefront.usecases.orders import order_history, view_order
from storefront.usecases.passwords import hash_password, needs_rehash, verify_password

PASSWORD = "four field mice"


@dataclass
class Door:
    """Everything that people need to come in."""

    accounts: PostgresAccounts
    sessions: DynamoSessions
    carts: MemoryCarts
    limiter: Any
    now: list[float]

    async def register(self, **changes: str) -> tuple[Customer, str]:
        given = {
            "email": f"{uuid4().hex[:10]}@example.com",
            "password": PASSWORD,
            "name": "Ada Field",
            "address": uuid4().hex,
            "visitor_id": uuid4().hex,
            **changes,
        }
        return await register(self.accounts, self.sessions, self.carts, self.limiter, **given)

    async def sign_in(
        self, email: str, password: str = PASSWORD, address: str = "", visitor_id: str = ""
    ) -> tuple[Customer, str]:
        return await sign_in(
            self.accounts,
            self.sessions,
            self.carts,
            self.limiter,
            email=email,
            password=password,
            address=address or uuid4().hex,
            visitor_id=visitor_id,
        )


@pytest.fixture
async def limiter(settings: Settings) -> AsyncIterator[ValkeyLimiter]:
    async with (
        get_session().create_client("secretsmanager") as client,
        open_valkey(settings, Secrets(client)) as valkey,
    ):
        yield ValkeyLimiter(valkey)


@pytest.fixture
async def door(
    settings: Settings, database: Database, limiter: ValkeyLimiter
) -> AsyncIterator[Door]:
    now = [time.time()]
    async with get_session().create_client("dynamodb") as client:
        sessions = DynamoSessions(client, settings.sessions_table, clock=lambda: now[0])
        yield Door(PostgresAccounts(database), sessions, MemoryCarts(), limiter, now)


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


async def test_guessing_is_limited_for_an_account(door: Door) -> None:
    await door.register(email="guess@example.com")
    answers = await asyncio.gather(
        *(door.sign_in("Guess@example.com", f"wrong guess {n}") for n in range(30)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, NotSignedInError) for answer in answers) == 10
    assert sum(isinstance(answer, TooManyAttemptsError) for answer in answers) == 20
    with pytest.raises(TooManyAttemptsError) as caught:
        await door.sign_in("guess@example.com")
    assert 0 < caught.value.retry_after <= 300


async def test_guessing_is_limited_for_an_address(door: Door) -> None:
    await door.register(email="far@example.com")
    for _ in range(99):  # spent without hashing a hundred passwords
        await door.limiter.take(_counted("sign-in-from", "10.0.0.9"), 100, 300)
    with pytest.raises(NotSignedInError):
        await door.sign_in("far@example.com", "wrong guess", address="10.0.0.9")
    with pytest.raises(TooManyAttemptsError):
        await door.sign_in("other@example.com", "wrong guess", address="10.0.0.9")
    await door.sign_in("far@example.com", address="10.0.0.10")


def _counted(what: str, who: str) -> str:
    from storefront.usecases import accounts

    return accounts._counter(what, who)


async def test_signing_in_again_and_again_is_no_guessing(door: Door) -> None:
    await door.register(email="often@example.com")
    for _ in range(15):
        await door.sign_in("often@example.com", address="10.0.0.1")


async def test_registering_is_limited(door: Door) -> None:
    for _ in range(60):
        await door.limiter.take(_counted("register", "10.0.0.2"), 60, 60)
    with pytest.raises(TooManyAttemptsError):
        await door.register(address="10.0.0.2")
    await door.register(address="10.0.0.3")


async def test_a_window_ends_by_itself(limiter: ValkeyLimiter) -> None:
    name = uuid4().hex
    await limiter.take(name, 1, 1)
    with pytest.raises(TooManyAttemptsError):
        await limiter.take(name, 1, 1)
    async with asyncio.timeout(5):
        while True:
            try:
                await limiter.take(name, 1, 1)
                break
            except TooManyAttemptsError:
                await asyncio.sleep(0.05)
    gone = uuid4().hex
    await limiter.give_back(gone)  # a window that is over: no credit for the next one
    await limiter.take(gone, 1, 60)
    with pytest.raises(TooManyAttemptsError):
        await limiter.take(gone, 1, 60)


async def test_without_the_cache_nobody_signs_in_but_people_register(
    door: Door, settings: Settings
) -> None:
    _, token = await door.register(email="cache@example.com")
    dead = replace(settings, cache_port=9, cache_secret_arn="")
    async with (
        get_session().create_client("secretsmanager") as client,
        open_valkey(dead, Secrets(client)) as valkey,
    ):
        door.limiter = ValkeyLimiter(valkey)
        started = time.monotonic()
        with pytest.raises(UnavailableError):
            await door.sign_in("cache@example.com")
        await door.register()
        assert time.monotonic() - started < 5
        with pytest.raises(UnavailableError):
            await door.limiter.ping()
    assert (await identify(door.sessions, "v", token)).customer


async def test_a_rotated_cache_password_is_learnt(settings: Settings) -> None:
    async with get_session().create_client("secretsmanager") as client:
        stale = Secrets(client)
        right = (await stale.get(settings.cache_secret_arn))["auth_token"]
        stale._known[settings.cache_secret_arn] = {"auth_token": "of yesterday"}
        async with open_valkey(settings, stale) as valkey:
            await ValkeyLimiter(valkey).ping()
        assert (await stale.get(settings.cache_secret_arn))["auth_token"] == right


async def test_the_cache_holds_no_addresses(door: Door, settings: Settings) -> None:
    await door.register(email="secret@example.com", address="192.0.2.77")
    async with get_session().create_client("secretsmanager") as client:
        password = (await Secrets(client).get(settings.cache_secret_arn))["auth_token"]
    async with Redis(
        host=settings.cache_host, port=settings.cache_port, password=password
    ) as cache:
        keys = await cache.keys("*")
    assert keys
    assert not [key for key in keys if b"secret" in key or b"192.0.2" in key]


async def test_an_unknown_address_takes_as_long_as_a_wrong_password(door: Door) -> None:
    stored = await hash_password(PASSWORD)
    await verify_password(None, PASSWORD)  # makes the spare hash
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    for _ in range(9):
        for name, hashed in (("known", stored), ("unknown", None)):
            before = time.perf_counter()
            assert not await verify_password(hashed, "wrong guess")
            times[name].append(time.perf_counter() - before)
    known, unknown = (statistics.median(times[name]) for name in ("known", "unknown"))
    assert abs(known - unknown) < 0.5 * known
    with pytest.raises(NotSignedInError) as caught:
        await door.sign_in("nobody@example.com")
    await door.register(email="somebody@example.com")
    with pytest.raises(NotSignedInError, match=str(caught.value)):
        await door.sign_in("somebody@example.com", "wrong guess")


async def test_hashing_leaves_the_loop_free() -> None:
    longest = 0.0
    stop = asyncio.Event()

    async def watch() -> None:
        nonlocal longest
        while not stop.is_set():
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - before)

    watching = asyncio.create_task(watch())
    before = time.perf_counter()
    await asyncio.gather(*(hash_password(PASSWORD) for _ in range(8)))
    spent = time.perf_counter() - before
    stop.set()
    await watching
    assert longest < spent / 2


async def test_old_hashes_are_renewed(door: Door) -> None:
    customer, _ = await door.register(email="old@example.com")
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    await door.accounts.replace_hash(customer.id, weak)
    await door.sign_in("old@example.com")
    known = await door.accounts.credentials("old@example.com")
    assert known is not None
    assert known[1].startswith("$argon2id$")
    assert not needs_rehash(known[1])
    await door.sign_in("old@example.com")


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

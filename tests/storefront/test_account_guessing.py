"""Guessing is limited, passwords are kept well, and the cache may be down: on the real parts."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import replace
from uuid import uuid4

import pytest
from aiobotocore.session import get_session
from argon2 import PasswordHasher
from doorkit import PASSWORD, Door
from redis.asyncio import Redis
from storefront.adapters.secrets import Secrets
from storefront.adapters.valkey import ValkeyLimiter, open_valkey
from storefront.domain.errors import (
    NotSignedInError,
    TooManyAttemptsError,
    UnavailableError,
)
from storefront.settings import Settings
from storefront.usecases.accounts import (
    identify,
)
from storefront.usecases.passwords import hash_password, needs_rehash, verify_password


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

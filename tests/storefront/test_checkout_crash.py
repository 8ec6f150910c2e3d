"""Checkouts that die half-way, and races with whoever finishes them."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from shopkit import CrashError, Crashing, Jittery, Till, check_books, receive_goods
from storefront.adapters.postgres.pool import Database
from storefront.domain.errors import OutOfStockError, PaymentDeclinedError, ShopError
from storefront.settings import Settings
from storefront.usecases.checkout import reconcile

STEPS = [
    ("checkouts", "reserve", "before"),
    ("checkouts", "reserve", "after"),
    ("payments", "charge", "before"),
    ("payments", "charge", "after"),
    ("checkouts", "settle_paid", "before"),
    ("checkouts", "settle_paid", "after"),
    ("checkouts", "settle_declined", "before"),
    ("checkouts", "settle_declined", "after"),
    ("carts", "remove_bought", "before"),
    ("carts", "remove_bought", "after"),
]


def crashing(database: Database, carts: Any, port: str, method: str, when: str) -> Till:
    """A process that dies there; its claims have run out by the time anyone looks."""
    return Till(
        database,
        claim_seconds=0.0,
        carts=carts,
        wrap=lambda name, real: Crashing(real, method, when) if name == port else real,
    )


@pytest.mark.parametrize("recovery", ["retry", "reconcile", "reconcile, then retry"])
@pytest.mark.parametrize("token", ["tok_visa", "tok_declined", "tok_lost"])
@pytest.mark.parametrize(("port", "method", "when"), STEPS)
async def test_a_crash_anywhere_leaves_nothing_half_done(
    port: str, method: str, when: str, token: str, recovery: str, database: Database, owner: Any
) -> None:
    sku = f"C-{uuid4().hex[:8]}"
    await receive_goods(owner, {sku: 10})
    till = Till(database, claim_seconds=0.0)
    caller = await till.visitor({sku: 3})
    dying = crashing(database, till.carts, port, method, when)
    try:
        await dying.buy(caller, "k", token)
        crashed = False
    except CrashError:
        crashed = True
    except PaymentDeclinedError:
        crashed = False
    assert crashed or "declined" in (method + token)
    if "reconcile" in recovery:
        await till.reconcile()
        await check_books(owner, {sku: 10})
    if "retry" in recovery:
        paid = Till(database, carts=till.carts).buy(caller, "k", token)
        if token == "tok_declined":
            with pytest.raises(PaymentDeclinedError):
                await paid
        else:
            assert (await paid).order.status == "paid"
    await check_books(owner, {sku: 10})


async def test_an_abandoned_order_revives_with_its_key(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"R1": 5, "R2": 5})
    till = Till(database, claim_seconds=0.0)
    caller = await till.visitor({"R1": 5, "R2": 1})
    with pytest.raises(CrashError):
        await crashing(database, till.carts, "payments", "charge", "before").buy(caller, "k")
    number = await owner.fetchval(
        "select number from orders where visitor_id = $1", caller.visitor_id
    )
    await till.reconcile()
    status, left = await owner.fetchrow(
        "select o.status, s.available from orders o, stock s where number = $1 and sku = 'R1'",
        number,
    )
    assert (status, left) == ("cancelled", 5)
    await till.carts.set_quantity(caller.cart_id, "R2", 0)  # the key stands for what was ordered
    till = Till(database, carts=till.carts)
    answers = await asyncio.gather(*(till.buy(caller, "k") for _ in range(10)))
    assert {answer.order.number for answer in answers} == {number}
    assert {line.sku for line in answers[0].order.lines} == {"R1", "R2"}
    keys = await owner.fetch(
        "select idempotency_key, status from payments.charges where order_number = $1 order by id",
        number,
    )
    assert [tuple(row) for row in keys] == [(f"{number}-1", "voided"), (f"{number}-2", "succeeded")]
    await check_books(owner, {"R1": 5, "R2": 5})


async def test_an_abandoned_order_whose_stock_is_gone(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"G1": 2})
    till = Till(database, claim_seconds=0.0)
    caller = await till.visitor({"G1": 2})
    with pytest.raises(CrashError):
        await crashing(database, till.carts, "payments", "charge", "before").buy(caller, "k")
    await till.reconcile()
    await till.buy(await till.visitor({"G1": 1}), "k")
    for _ in range(2):
        with pytest.raises(OutOfStockError) as caught:
            await till.buy(caller, "k")
        assert [(s.sku, s.requested, s.available) for s in caught.value.shortages] == [("G1", 2, 1)]
    await check_books(owner, {"G1": 2})


class Gate:
    """A port that stands still before or after one method until it is opened."""

    def __init__(self, port: Any, method: str, when: str) -> None:
        self._port, self._method, self._when = port, method, when
        self.reached, self.open = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if name != self._method:
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            if self._when == "before" and not self.open.is_set():
                self.reached.set()
                await self.open.wait()
                return await method(*args, **kwargs)
            answer = await method(*args, **kwargs)
            self.reached.set()
            await self.open.wait()
            return answer

        return call


@pytest.mark.parametrize("other", ["reconciler", "void only", "retry"])
@pytest.mark.parametrize(("port", "method", "when"), STEPS[1:6])
async def test_a_paused_process_never_leaves_a_charge_without_its_order(
    port: str, method: str, when: str, other: str, database: Database, owner: Any
) -> None:
    sku = f"P-{uuid4().hex[:8]}"
    await receive_goods(owner, {sku: 4})
    gates: list[Gate] = []

    def gate(name: str, real: Any) -> Any:
        if name != port:
            return real
        gates.append(Gate(real, method, when))
        return gates[0]

    slow = Till(database, claim_seconds=0.0, wrap=gate)
    caller = await slow.visitor({sku: 4})
    others = Till(database, claim_seconds=0.0, carts=slow.carts)
    paused = asyncio.create_task(slow.buy(caller, "k"))
    await gates[0].reached.wait()
    if other == "reconciler":
        await others.reconcile()
    elif other == "void only":  # a reconciler that died in between
        for order in await others.checkouts.take_stale(10):
            await others.payments.void(
                key=order.charge_key,
                order_number=order.number,
                amount=order.amount,
                currency=order.currency,
            )
    else:
        assert (await others.buy(caller, "k")).order.status == "paid"
    gates[0].open.set()
    assert (await paused).order.status == "paid"
    await check_books(owner, {sku: 4})
    assert await owner.fetchval("select available from stock where sku = $1", sku) == 0


@pytest.mark.parametrize("seed", range(20))
async def test_crashes_and_an_overeager_reconciler(
    seed: int, database: Database, owner: Any
) -> None:
    """Claims that last for 10 ms, processes that die everywhere, and a reconciler all the time."""
    chance = random.Random(seed)
    skus = [f"W-{seed}-{n}" for n in range(3)]
    received = {sku: chance.randint(5, 20) for sku in skus}
    await receive_goods(owner, received)
    till = Till(
        database,
        claim_seconds=0.01,
        wrap=lambda _, port: Jittery(port, chance, 0.008, crash=0.03),
    )
    shoppers = Till(database, carts=till.carts._port)  # filling carts is not what dies here
    answers: list[str] = []

    async def client(number: int) -> None:
        lines = {sku: chance.randint(1, 3) for sku in chance.sample(skus, chance.randint(1, 3))}
        caller = await shoppers.visitor(lines)
        token = chance.choice(["tok_visa", "tok_visa", "tok_lost", "tok_declined"])
        for _ in range(chance.randint(1, 6)):  # sooner or later they give up
            try:
                placed = await till.buy(caller, "k", token)
                answers.append(placed.order.number)
            except CrashError:
                continue
            except ShopError:
                return

    async def reconciler() -> None:
        while True:
            try:
                await reconcile(till.checkouts, till.payments)
            except CrashError:
                continue
            await asyncio.sleep(chance.random() * 0.02)

    looking_after = asyncio.create_task(reconciler())
    await asyncio.gather(*(client(number) for number in range(40)))
    looking_after.cancel()
    await asyncio.gather(looking_after, return_exceptions=True)
    await Till(database, claim_seconds=0.0).reconcile()
    await check_books(owner, received)
    for number in answers:
        assert await owner.fetchval("select status from orders where number = $1", number) == "paid"


_BUYER = """
import asyncio, json, sys
sys.path[:0] = json.loads(sys.argv[3])
from shopkit import Till
from storefront.adapters.postgres.pool import Address, Database

async def main(address, login, skus):
    async def who(*, refused):
        return tuple(login)
    till = Till(Database(Address(*address), who, size=8), claim_seconds=0.3)
    async def buyer(n):
        while True:
            caller = await till.visitor({sku: 1 + n % 2 for sku in skus})
            placed = await till.insist(caller, "k", ["tok_visa", "tok_lost"][n % 2])
            print(placed.order.number, flush=True)
    await asyncio.gather(*(buyer(n) for n in range(8)))

asyncio.run(main(*json.loads(sys.argv[1]), json.loads(sys.argv[2])))
"""


@contextmanager
def _killed(process: asyncio.subprocess.Process) -> Iterator[None]:
    try:
        yield
    finally:
        if process.returncode is None:
            os.kill(process.pid, signal.SIGKILL)


async def test_kill_9_loses_no_answered_order(
    database: Database, owner: Any, settings: Settings
) -> None:
    from realparts import APP_PASSWORD, APP_USER

    received = {"KILL-1": 100_000, "KILL-2": 100_000}
    await receive_goods(owner, received)
    address = [settings.database_host, settings.database_port, settings.database_name]
    chance = random.Random(9)
    answered: list[str] = []
    for _ in range(5):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _BUYER,
            json.dumps([address, [APP_USER, APP_PASSWORD]]),
            json.dumps(list(received)),
            json.dumps([str(Path(__file__).parent), *(p for p in sys.path if p)]),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        with _killed(process):
            async with asyncio.timeout(30):
                for _ in range(chance.randint(20, 120)):  # somewhere in the middle of the next
                    line = await process.stdout.readline()
                    answered += [line.decode().strip()]
        rest = await process.stdout.read()
        answered += [line for line in rest.decode().split("\n")[:-1] if line]
        assert await process.wait() == -signal.SIGKILL
    assert all(answered)
    await Till(database, claim_seconds=0.0).reconcile()
    await check_books(owner, received)
    paid = {
        row["number"]
        for row in await owner.fetch("select number from orders where status = 'paid'")
    }
    assert set(answered) <= paid

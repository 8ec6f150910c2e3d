"""Trainings: all or nothing, one at a time, in a process of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from rankkit import retrain, sell, shelf
from shopkit import receive_goods, until
from storefront.adapters.postgres.ranking import PostgresRanking
from storefront.domain.ranking import Baskets
from storefront.usecases.ranking import train
from storefront.wiring import Shop
from storefront.worker import Rhythm, Worker

STOREFRONT = Path(__file__).parents[2] / "services" / "storefront"
TABLES = "select sku, neighbour, score from product_neighbours order by 1, 2"


@pytest.fixture(autouse=True)
async def goods(owner: Any) -> None:
    """Three products and no sales."""
    await owner.execute(
        "truncate products, categories, stock, orders, order_lines, interactions, event_files,"
        " product_neighbours, product_popularity, trainings cascade"
    )
    await receive_goods(owner, dict.fromkeys(("POT", "LID", "LAMP"), 10))


@asynccontextmanager
async def held_up(owner: Any) -> AsyncIterator[None]:
    """Whoever trains has changed the neighbours, and waits before the popularity."""
    await owner.execute("begin; lock table product_popularity in exclusive mode")
    try:
        yield
    finally:
        await owner.execute("rollback")


async def until_held_up(database: Any) -> None:
    await until(
        lambda: database.fetchval(
            "select exists (select from pg_locks where not granted"
            " and relation = 'product_popularity'::regclass)"
        )
    )


async def test_readers_see_all_or_nothing(database: Any, owner: Any) -> None:
    ranking, stopping, seen = PostgresRanking(database), asyncio.Event(), set()
    pairs = [(f"A{n}", f"B{m}") for n in range(60) for m in range(10)]

    async def write(score: float) -> None:
        await owner.execute("delete from trainings")
        async with ranking.lesson() as lesson:
            assert lesson is not None
            # Half of the pairs are others each time.
            await lesson.write(
                [(sku, f"{other}-{int(score) % 2}", score) for sku, other in pairs], []
            )

    async def read() -> None:
        while not stopping.is_set():
            row = await database.fetchrow(
                "select count(*), count(distinct score), min(score) from product_neighbours"
            )
            assert (row[0], row[1]) == (600, 1)
            seen.add(row[2])

    await write(1.0)
    readers = [asyncio.create_task(read()) for _ in range(3)]
    for score in range(2, 14):
        await write(float(score))
    stopping.set()
    await asyncio.gather(*readers)
    assert len(seen) > 2


async def test_a_failure_leaves_the_old_tables(
    database: Any, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sell(owner, "POT", "LID")
    await retrain(database, owner)
    before = await owner.fetch(TABLES)
    await sell(owner, "POT", "LAMP")
    await owner.execute("delete from trainings")

    def broken(_: Baskets) -> Any:
        yield "POT", 1.0
        raise ValueError("a bug")

    monkeypatch.setattr(Baskets, "popularity", broken)
    ranking = PostgresRanking(database)
    with pytest.raises(ValueError, match="a bug"):
        await train(ranking)
    assert await owner.fetch(TABLES) == before
    assert await ranking.due()


async def test_many_workers_train_once(database: Any, owner: Any) -> None:
    await sell(owner, "POT", "LID")
    done = await asyncio.gather(*(train(PostgresRanking(database)) for _ in range(5)))
    assert len([line for line in done if line]) == 1
    assert await owner.fetchval("select count(*) from trainings") == 1
    await owner.execute("delete from trainings")
    async with PostgresRanking(database).lesson() as mine:
        assert mine is not None
        async with PostgresRanking(database).lesson() as second:
            assert second is None


async def test_due_when_something_happened_and_not_too_often(database: Any, owner: Any) -> None:
    ranking = PostgresRanking(database)
    assert await train(ranking)
    assert not await ranking.due()
    await sell(owner, "POT", status="pending_payment")
    assert not await ranking.due()
    await owner.execute("update orders set status = 'paid'")
    await owner.execute("update trainings set seconds = 3600")
    assert not await ranking.due()  # who trains for an hour does not begin again at once
    await owner.execute("update trainings set seconds = 0")
    assert await ranking.due()
    await owner.execute("update trainings set trained_at = now() - interval '31 days'")
    assert await ranking.due()


async def test_within_a_day_only_what_changed_is_written(database: Any, owner: Any) -> None:
    await sell(owner, "POT", "LID", days_ago=3)
    await retrain(database, owner)
    rows = "select sku, neighbour, xmin::text from product_neighbours order by 1, 2"
    before = await owner.fetch(rows)
    assert len(before) == 2
    await sell(owner, "LAMP")
    await retrain(database, owner)
    assert await owner.fetch(rows) == before


async def start_training(environment: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "storefront", "train",
        env={**os.environ, **environment}, cwd=STOREFRONT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_kill_9_while_training_leaves_the_old_tables(
    environment: dict[str, str], database: Any, owner: Any
) -> None:
    await sell(owner, "POT", "LID")
    await retrain(database, owner)
    before = await owner.fetch(TABLES)
    await sell(owner, "POT", "LAMP", times=3)
    await owner.execute("update trainings set seconds = 0")
    async with held_up(owner):
        process = await start_training(environment)
        await until_held_up(database)
        process.send_signal(signal.SIGKILL)
        await process.communicate()
    assert await owner.fetch(TABLES) == before
    # The server lets go of a dead one's lock when it sees that the line is dead.
    await until(lambda: train(PostgresRanking(database)))
    assert (await shelf(database, "also-bought", ["POT"]))[0] == "LAMP"


async def test_the_command_says_what_it_did(
    environment: dict[str, str], database: Any, owner: Any
) -> None:
    await sell(owner, "POT", "LID")
    outputs = [(await (await start_training(environment)).communicate())[0] for _ in range(2)]
    assert b"learned 2 neighbours from 1 baskets" in outputs[0]
    assert b"nothing new to learn" in outputs[1]


async def test_the_worker_trains_in_another_process_and_stops_it(
    environment: dict[str, str], shop: Shop, database: Any, owner: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(STOREFRONT)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    await sell(owner, "POT", "LID")
    stopping = asyncio.Event()
    quick = Rhythm(relay=5, mail=5, reconcile=5, requeue=5, receive=1, learn=0.05, drain=60.0)
    async with held_up(owner):
        running = asyncio.create_task(Worker(shop, quick).run(stopping))
        await until_held_up(database)
        stopping.set()
        async with asyncio.timeout(30):  # less than a step at work is given
            await running
    assert await owner.fetchval("select count(*) from trainings") == 0

    stopping.clear()
    running = asyncio.create_task(Worker(shop, quick).run(stopping))
    try:
        await until(lambda: database.fetchval("select exists (select from trainings)"))
    finally:
        stopping.set()
        await running
    assert (await shelf(database, "also-bought", ["POT"]))[0] == "LID"

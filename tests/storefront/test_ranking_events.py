"""What visitors looked at: read from S3 once, and learned from less than what they bought."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from rankkit import retrain, sell, shelf
from shopkit import receive_goods
from storefront.adapters.postgres.ranking import PostgresInteractions
from storefront.adapters.records_s3 import S3Records
from storefront.domain.errors import UnavailableError
from storefront.settings import Settings
from storefront.usecases import ranking
from storefront.usecases.ranking import read_records
from storefront.wiring import Shop

DAY = 24 * 3600


@pytest.fixture(autouse=True)
async def goods(owner: Any, settings: Settings) -> None:
    """Three products, no sales and no records."""
    await owner.execute(
        "truncate products, categories, stock, orders, order_lines, interactions, event_files,"
        " product_neighbours, product_popularity, trainings cascade"
    )
    await receive_goods(owner, dict.fromkeys(("POT", "LID", "LAMP"), 10))
    s3 = boto3.client("s3")
    for item in s3.list_objects_v2(Bucket=settings.events_bucket).get("Contents", []):
        s3.delete_object(Bucket=settings.events_bucket, Key=item["Key"])


def event(sku: str, session: str = "s", kind: str = "View", **changes: Any) -> dict[str, Any]:
    """A line as the events function writes it."""
    now = int(time.time() * 1000)
    return {
        "id": str(uuid4()), "type": kind, "sku": sku, "at": now, "user": session,
        "session": session, "customer": False, "received_at": now, **changes,
    }  # fmt: skip


def deliver(settings: Settings, *lines: object, key: str = "") -> str:
    """An object as Firehose leaves it; text goes as it is."""
    key = key or f"events/2026/01/01/00/{time.monotonic_ns():020}"
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    boto3.client("s3").put_object(Bucket=settings.events_bucket, Key=key, Body=text.encode())
    return key


async def read(shop: Shop) -> bool:
    assert shop.records is not None
    return await read_records(shop.records, shop.interactions)


async def stored(owner: Any) -> int:
    count: int = await owner.fetchval("select count(*) from interactions")
    return count


async def test_each_file_and_each_event_counts_once(
    shop: Shop, settings: Settings, owner: Any
) -> None:
    first, second = event("POT"), event("LID")
    deliver(settings, first, second)
    again = deliver(settings, second, event("LAMP"))  # Firehose delivers at least once
    deliver(settings, event("POT"), key="elsewhere/not-an-event")
    for _ in range(2):
        assert not await read(shop)
        assert await stored(owner) == 3
    row = await owner.fetchrow("select events, skipped from event_files where key = $1", again)
    assert (row["events"], row["skipped"]) == (1, 1)
    deliver(settings, event("POT"))
    await asyncio.gather(*(read(shop) for _ in range(4)))  # several workers at the same moment
    assert await stored(owner) == 4
    assert await owner.fetchval("select sum(events) from event_files") == 4


async def test_bad_lines_are_passed_over_and_counted(
    shop: Shop, settings: Settings, owner: Any
) -> None:
    old = int((time.time() - 91 * DAY) * 1000)
    ahead = int((time.time() + DAY) * 1000)
    missing = event("POT")
    del missing["session"]
    key = deliver(
        settings,
        "{", "null", "[]", "\x00", '"POT"', '{"id": "x"}', "",
        event("POT"), event("NO-SUCH"), event("POT", kind="Purchase"), event("POT", id="1"),
        event("POT", at="now"), event("POT", at=-5), event("POT", at=2**63), event("POT", at=old),
        event("POT", at=ahead), event(""), event("X" * 65), missing, event("A\x00B"),
    )  # fmt: skip
    assert not await read(shop)
    row = await owner.fetchrow("select events, skipped from event_files where key = $1", key)
    assert (row["events"], row["skipped"]) == (1, 18)  # the empty line is no line
    latin = deliver(settings, event("LID"), event("LID"))
    body = json.dumps(event("POT", session="caf\u00e9"), ensure_ascii=False).encode("latin-1")
    boto3.client("s3").put_object(Bucket=settings.events_bucket, Key=f"{latin}-1", Body=body)
    assert not await read(shop)
    read_files = "select events from event_files where key >= $1 order by key"
    assert [row[0] for row in await owner.fetch(read_files, latin)] == [2, 0]


async def test_a_file_that_breaks_off_comes_again(
    shop: Shop, settings: Settings, database: Any, owner: Any
) -> None:
    key = deliver(settings, *(event("POT") for _ in range(5)))

    class BreaksOff(S3Records):
        async def lines(self, key: str) -> AsyncIterator[bytes]:
            async for line in super().lines(key):
                yield line
            raise UnavailableError("records")

    assert isinstance(shop.records, S3Records)
    bad = BreaksOff(shop.records._client, settings.events_bucket)
    with pytest.raises(UnavailableError):
        await read_records(bad, PostgresInteractions(database))
    assert await stored(owner) == 0
    assert not await owner.fetchval("select count(*) from event_files")
    assert not await read(shop)
    assert await stored(owner) == 5
    assert await owner.fetchval("select key from event_files") == key


async def test_many_files_are_read_a_part_at_a_time(
    shop: Shop, settings: Settings, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "FILES", 4)
    keys = [deliver(settings, event("POT")) for _ in range(9)]
    assert [await read(shop) for _ in range(3)] == [True, True, False]
    assert await stored(owner) == 9
    # What was settled a day ago is not asked for again; what comes a little late still is.
    await owner.execute(
        "update event_files set read_at = now() - interval '2 days' where key <= $1", keys[4]
    )
    assert await shop.interactions.unread_after() == keys[4]
    await owner.execute("delete from event_files where key in ($1, $2)", keys[2], keys[6])
    assert not await read(shop)
    assert await owner.fetchval("select count(*) from event_files") == 8


async def test_a_purchase_says_more_than_a_cart_and_that_more_than_a_view(
    shop: Shop, settings: Settings, database: Any, owner: Any
) -> None:
    def visits(other: str, kind: str, count: int) -> list[dict[str, Any]]:
        sessions = [uuid4().hex for _ in range(count)]
        return [event(sku, session, kind) for session in sessions for sku in ("POT", other)]

    deliver(settings, *visits("LID", "View", 6), *visits("LAMP", "AddToCart", 6))
    await read(shop)
    await retrain(database, owner)
    assert await shelf(database, "also-bought", ["POT"], limit=2) == ["LAMP", "LID"]
    await sell(owner, "POT", "LID", times=6)
    await retrain(database, owner)
    assert await shelf(database, "also-bought", ["POT"], limit=2) == ["LID", "LAMP"]
    # However often one visitor opens a page in a day, it is one visit.
    before = await owner.fetchval("select score from product_popularity where sku = 'LAMP'")
    deliver(settings, *(event("LAMP", "nervous") for _ in range(50)))
    await read(shop)
    await retrain(database, owner)
    after = await owner.fetchval("select score from product_popularity where sku = 'LAMP'")
    assert after - before == pytest.approx(0.1, abs=1e-5)


async def test_old_visits_are_forgotten(shop: Shop, settings: Settings, owner: Any) -> None:
    deliver(settings, event("POT"), event("LID"))
    await read(shop)
    await owner.execute("update event_files set read_at = now() - interval '91 days'")
    await owner.execute("update interactions set happened_at = now() - interval '91 days'")
    assert await shop.interactions.tidy() == 3
    assert await stored(owner) == 0

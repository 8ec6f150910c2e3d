"""Runbooks rehearsed: what happens to orders, mails and stock. A fault, its alarm, the fix, quiet.

As `test_rehearsals`; a declared minute is half a second, and a message comes again after two
seconds instead of a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from boxkit import ROOT, Box, boxed, eventually
from faultkit import connect, environment, message, scaled
from rehearsekit import HEADER, MUG, buy, client, crowd, end_blockers, imported, sql, wait_for


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    folder = tmp_path_factory.mktemp("rehearsals")
    with boxed(folder / "state", ROOT) as box:
        box.up("--empty", "--speed", "120")
        assert imported(box, folder) == 0
        client(box, "sqs").set_queue_attributes(
            QueueUrl=environment(box)["ORDER_EVENTS_QUEUE_URL"],
            Attributes={"VisibilityTimeout": "2"},
        )
        yield box


@pytest.fixture
def browser(shop: Box) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shop.url, timeout=30) as made:
        yield made


def ordered(browser: httpx.Client) -> str:
    placed = buy(browser)
    assert placed.status_code == 201, placed.text
    return str(placed.json()["number"])


def fulfilled(browser: httpx.Client, number: str) -> bool:
    return bool(browser.get(f"/api/v1/orders/{number}").json()["status"] == "fulfilled")


def test_stock_feed_broken(shop: Box, tmp_path: Path) -> None:
    """A price that is none: the whole file is refused, repaired and imported again."""
    wait_for(shop, "OK", "stock-feed")
    assert imported(shop, tmp_path, HEADER + MUG.replace("18.50", "cheap")) == 1
    wait_for(shop, "ALARM", "stock-feed")
    assert imported(shop, tmp_path) == 0
    wait_for(shop, "OK", "stock-feed")


def test_worker_dead(shop: Box, browser: httpx.Client) -> None:
    """No worker runs; the pods that serve pages say that an order waits. It is scaled back."""
    wait_for(shop, "OK", "orders-waiting")
    with scaled(shop, "worker", 0):
        number = ordered(browser)
        wait_for(shop, "ALARM", "orders-waiting")
    eventually(lambda: fulfilled(browser, number), 40)
    wait_for(shop, "OK", "orders-waiting")


def test_queue_stuck(shop: Box, browser: httpx.Client) -> None:
    """The worker waits for a lock that somebody holds, and so does the queue."""
    ending = threading.Event()

    async def hold() -> None:
        link = await connect(shop)
        # Whoever repairs this ends the session.
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            async with link.transaction():
                await link.execute("lock table handled_events in access exclusive mode")
                await asyncio.to_thread(ending.wait)
        link.terminate()

    culprit = threading.Thread(target=asyncio.run, args=(hold(),))
    culprit.start()
    try:
        eventually(lambda: sql(shop, "select from pg_locks where mode = 'AccessExclusiveLock'"))
        number = ordered(browser)
        wait_for(shop, "ALARM", "orders-waiting")
        assert not fulfilled(browser, number)
        end_blockers(shop)
        eventually(lambda: fulfilled(browser, number), 40)
        wait_for(shop, "OK", "orders-waiting")
    finally:
        ending.set()
        culprit.join()


def test_poisoned_message(shop: Box) -> None:
    """What no worker can read is put aside after five tries, looked at and deleted."""
    wait_for(shop, "OK", "dead-letters")
    message(shop, "this is no event")
    wait_for(shop, "ALARM", "dead-letters")
    sqs = client(shop, "sqs")
    aside = environment(shop)["ORDER_EVENTS_QUEUE_URL"]
    told = sqs.get_queue_attributes(QueueUrl=aside, AttributeNames=["RedrivePolicy"])
    name = told["Attributes"]["RedrivePolicy"].partition('deadLetterTargetArn": "')[2]
    url = sqs.get_queue_url(QueueName=name.partition('"')[0].rpartition(":")[2])["QueueUrl"]
    (found,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)["Messages"]
    assert found["Body"] == "this is no event"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=found["ReceiptHandle"])
    wait_for(shop, "OK", "dead-letters")


def test_mail_refused(shop: Box) -> None:
    """No mail goes out; orders go on, and what waits is counted as late. Then it goes out."""
    wait_for(shop, "OK", "mail-page")
    (folder,) = (path for path in shop.state.glob("mail*") if path.is_dir())
    away = folder.with_name("away")

    def shopping(browser: httpx.Client, _: int) -> None:
        buy(browser)
        threading.Event().wait(0.2)

    with crowd(shop, shopping, people=3):
        folder.rename(away)
        folder.write_text("no folder any more")
        try:
            wait_for(shop, "ALARM", "mail-page")
        finally:
            folder.unlink()
            away.rename(folder)
        sent = len(list(folder.iterdir()))
        eventually(lambda: len(list(folder.iterdir())) > sent)
    wait_for(shop, "OK", "mail-page", seconds=90)

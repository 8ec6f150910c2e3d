"""Runbooks rehearsed: a fault of a real part, its alarm, the runbook's fix, and quiet again.

The shop is one for all, tests have their order, a declared minute is a quarter of a second, and a
message that nobody handles comes again after a second. Which runbook is rehearsed where is held by
`tests/observability/test_runbooks.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from boxkit import ROOT, Box, boxed, eventually
from faultkit import alarm, connect, environment, frozen, message, scaled, slow_table
from rehearsekit import (
    HEADER,
    MUG,
    browser_of,
    buy,
    client,
    crowd,
    end_blockers,
    imported,
    reboot,
    sql,
    wait_for,
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    folder = tmp_path_factory.mktemp("rehearsals")
    with boxed(folder / "state", ROOT) as box:
        box.up("--empty", "--speed", "240")
        assert imported(box, folder) == 0
        client(box, "sqs").set_queue_attributes(
            QueueUrl=environment(box)["ORDER_EVENTS_QUEUE_URL"],
            Attributes={"VisibilityTimeout": "1"},
        )
        yield box


@pytest.fixture
def browser(shop: Box) -> Iterator[httpx.Client]:
    with browser_of(shop) as made:
        yield made


def test_error_rate_of_two_per_cent(shop: Box) -> None:
    """A right was forgotten, so that one page of fifty fails; migrations give it back."""
    wait_for(shop, "OK", "browse-page", "browse-ticket")

    def look(browser: httpx.Client, turn: int) -> None:
        path = f"/p/none-{turn}" if turn % 50 else "/api/v1/products/stoneware-mug/reviews"
        browser.get(path)
        time.sleep(0.03)

    (role,) = sql(shop, "select grantee from information_schema.role_table_grants"
                        " where table_name = 'reviews' and privilege_type = 'DELETE'"
                        " and grantee <> grantor")  # fmt: skip
    with crowd(shop, look, people=4):
        sql(shop, f"revoke select on reviews from {role['grantee']}")
        wait_for(shop, "ALARM", "browse-page", "browse-ticket", seconds=90)
        assert 0.006 < alarm(shop, "browse-page-30m")["value"] < 0.04
        secrets = client(shop, "secretsmanager").list_secrets()["SecretList"]
        (master,) = (s["ARN"] for s in secrets if s["Name"].startswith("rds!"))
        migrate = ("run", "--", "python", "-m", "storefront", "migrate")
        shop.call(*migrate, DATABASE_MASTER_SECRET_ARN=master)
        wait_for(shop, "OK", "browse-page")


def test_database_down(shop: Box) -> None:
    """PostgreSQL hangs and is started again."""

    def look(browser: httpx.Client, turn: int) -> None:
        shelf = {"shelf": "popular", "limit": 4}
        if turn // 1_000_000 % 2:
            browser.get("/api/v1/recommendations", params=shelf)
        else:
            browser.get(f"/p/none-{turn}")

    with crowd(shop, look, people=24), frozen(shop, "postgres"):
        wait_for(shop, "ALARM", "browse-page", "recommendations-page", seconds=90)
        reboot(shop, "postgres")
    wait_for(shop, "OK", "browse-page", "recommendations-page", seconds=90)


def test_latency_up(shop: Box) -> None:
    """A session locks the products again and again; it is found, and ended."""

    def search(browser: httpx.Client, turn: int) -> None:
        browser.get("/api/v1/products", params={"q": f"mug {turn}"})

    with crowd(shop, search), slow_table(shop, "products"):
        wait_for(shop, "ALARM", "search-page")
        end_blockers(shop)
        wait_for(shop, "OK", "search-page", seconds=90)


def test_payment_slow(shop: Box, browser: httpx.Client) -> None:
    """The gateway takes five seconds for a charge, until it does not."""
    token = "tok_slow"

    def pay(somebody: httpx.Client, _: int) -> None:
        buy(somebody, token)

    with crowd(shop, pay, people=20):
        wait_for(shop, "ALARM", "checkout-page", seconds=90)
    wait_for(shop, "OK", "checkout-page", seconds=90)
    assert buy(browser).status_code == 201


def test_cache_down(shop: Box, browser: httpx.Client) -> None:
    """Valkey hangs: nobody can sign in. It is started again."""
    known = {"email": "ada@example.com", "password": "not-the-password"}
    wait_for(shop, "OK", "cache-down")
    with frozen(shop, "valkey"):
        wait_for(shop, "ALARM", "cache-down")
        assert browser.post("/api/v1/auth/login", json=known).status_code == 503
        assert browser.get("/p/stoneware-mug").status_code == 200
        reboot(shop, "valkey")
    wait_for(shop, "OK", "cache-down")
    eventually(lambda: browser.post("/api/v1/auth/login", json=known).status_code == 401)


def test_cart_unreachable(shop: Box, browser: httpx.Client) -> None:
    """DynamoDB does not answer; there is nothing to do but wait, and carts are kept."""

    def put(somebody: httpx.Client, turn: int) -> None:
        somebody.put("/api/v1/cart/items/MUG-1", json={"quantity": turn % 9 + 1})

    browser.put("/api/v1/cart/items/MUG-1", json={"quantity": 3}).raise_for_status()
    with crowd(shop, put, people=24), frozen(shop, "aws"):
        wait_for(shop, "ALARM", "cart-page", seconds=90)
    wait_for(shop, "OK", "cart-page", seconds=90)
    kept = eventually(lambda: browser.get("/api/v1/cart").json().get("items"))
    assert [item["quantity"] for item in kept] == [3]


def test_connections_run_out(shop: Box) -> None:
    """Somebody opens sessions and leaves them; they are found by their owner, and ended."""

    async def too_many() -> None:
        links = await asyncio.gather(*(connect(shop) for _ in range(90)))
        try:
            await asyncio.to_thread(wait_for, shop, "ALARM", "database-connections")
            user = (await links[0].fetchval("select current_user")).replace("'", "''")
            end = f"""
                select pg_terminate_backend(pid) from pg_stat_activity
                where usename = '{user}' and application_name <> 'telemetry'
                    and pid <> pg_backend_pid()
            """
            assert len(await asyncio.to_thread(sql, shop, end)) >= 90
            await asyncio.to_thread(wait_for, shop, "OK", "database-connections")
        finally:
            for link in links:
                with contextlib.suppress(OSError):
                    link.terminate()

    asyncio.run(too_many())


def test_one_pod_hangs(shop: Box) -> None:
    """One of two pods accepts and never answers; it is replaced."""
    with frozen(shop, "web-2"):
        wait_for(shop, "ALARM", "hosts-unhealthy")
        reboot(shop, "web-2")
    wait_for(shop, "OK", "hosts-unhealthy")


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


def test_slow_burn_is_over(shop: Box) -> None:
    """The last fault of pages was more than six declared hours ago: the ticket may be closed."""
    assert environment(shop)["TELEMETRY_SPEED"] == "240"
    wait_for(shop, "OK", "browse-ticket", seconds=120)

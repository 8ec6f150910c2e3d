"""Runbooks rehearsed: what visitors meet. A fault of a real part, its alarm, the fix, and quiet.

The shop is one for all, tests have their order, and a declared minute is a quarter of a second.
`tests/observability/test_runbooks.py` holds which runbook is rehearsed where.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import httpx
import pytest
from boxkit import ROOT, Box, boxed, eventually
from faultkit import alarm, connect, environment, frozen, slow_table
from rehearsekit import (
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
        yield box


def test_error_rate_of_two_per_cent(shop: Box) -> None:
    """A right was forgotten, so that one page of fifty fails; migrations give it back."""
    wait_for(shop, "OK", "browse-page", "browse-ticket")

    def look(browser: httpx.Client, turn: int) -> None:
        path = f"/p/none-{turn}" if turn % 50 else "/api/v1/products/stoneware-mug/reviews"
        browser.get(path)

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


def test_payment_slow(shop: Box) -> None:
    """The gateway takes five seconds for a charge, until it does not."""
    token = "tok_slow"

    def pay(browser: httpx.Client, _: int) -> None:
        buy(browser, token)

    with crowd(shop, pay, people=20):
        wait_for(shop, "ALARM", "checkout-page", seconds=90)
    wait_for(shop, "OK", "checkout-page", seconds=90)
    with httpx.Client(base_url=shop.url, timeout=30) as browser:
        assert buy(browser).status_code == 201


def test_cache_down(shop: Box) -> None:
    """Valkey hangs: nobody can sign in. It is started again."""
    known = {"email": "ada@example.com", "password": "not-the-password"}
    wait_for(shop, "OK", "cache-down")
    with httpx.Client(base_url=shop.url, timeout=30) as browser:
        with frozen(shop, "valkey"):
            wait_for(shop, "ALARM", "cache-down")
            assert browser.post("/api/v1/auth/login", json=known).status_code == 503
            assert browser.get("/p/stoneware-mug").status_code == 200
            reboot(shop, "valkey")
        wait_for(shop, "OK", "cache-down")
        eventually(lambda: browser.post("/api/v1/auth/login", json=known).status_code == 401)


def test_cart_unreachable(shop: Box) -> None:
    """DynamoDB does not answer; there is nothing to do but wait, and carts are kept."""

    def put(browser: httpx.Client, turn: int) -> None:
        browser.put("/api/v1/cart/items/MUG-1", json={"quantity": turn % 9 + 1})

    with httpx.Client(base_url=shop.url, timeout=30) as browser:
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


def test_slow_burn_is_over(shop: Box) -> None:
    """The last fault of pages was more than six declared hours ago: the ticket may be closed."""
    assert environment(shop)["TELEMETRY_SPEED"] == "240"
    wait_for(shop, "OK", "browse-ticket", seconds=120)

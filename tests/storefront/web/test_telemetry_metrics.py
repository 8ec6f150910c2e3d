"""Metrics of the web layer: by route template and journey, exact, and for this machine only."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any
from uuid import uuid4

import httpx
import pytest
from storefront.health import is_loopback
from storefront.metrics import Metrics, Traffic
from storefront.web.app import create_app
from web_kit import ADDRESS, CHECKOUT, buy, visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")

JOURNEYS = {"browse", "search", "cart", "checkout", "account", "other", None}


@pytest.fixture
def fresh(shop: Any) -> Any:
    """The shop's metrics and an application that counts from zero."""
    shop.metrics.traffic.clear()
    shop.metrics.counters.update(dict.fromkeys(shop.metrics.counters, 0))
    shop.metrics.shelves.clear()
    return shop.metrics, create_app(shop)


def counted(metrics: Metrics) -> dict[str, int]:
    return {stats.route: stats.requests for stats in metrics.traffic if stats.requests}


def named(metrics: Metrics, route: str) -> Traffic:
    (found,) = [stats for stats in metrics.traffic if stats.route == route]
    return found


async def charged(shop: Any) -> list[int]:
    """What the gateway says that it took, in minor units."""
    return [charge.amount async for charge in shop.payments.ledger(all_attempts=False)]


async def test_requests_count_for_their_route_template(fresh: Any) -> None:
    metrics, app = fresh
    async with visitor(app) as client:
        for number in (2, 3, 5):
            assert (await client.get(f"/p/thing-{number:03}")).status_code == 200
        await client.get("/p/nothing-of-ours")
        await client.get(f"/{uuid4().hex}")
        await client.get("/search?q=plain")
        await client.get("/api/v1/products?q=plain")
        await client.delete("/api/v1/nowhere")
        await client.get("/admin/orders")
        await client.get("/healthz")
    assert counted(metrics) == {
        "GET /p/{slug}": 4,
        "unmatched": 2,
        "GET /search": 1,
        "GET /api/v1/products": 1,
        "ANY /admin{rest:path}": 1,
        "GET /healthz": 1,
    }


async def test_every_route_has_a_journey_and_a_name_of_its_own(fresh: Any) -> None:
    metrics, _ = fresh
    names = [stats.route for stats in metrics.traffic]
    assert len(names) == len(set(names)) > 50
    assert {stats.journey for stats in metrics.traffic} == JOURNEYS
    journeys = {stats.route: stats.journey for stats in metrics.traffic}
    assert journeys["GET /"] == "browse"
    assert journeys["GET /c/{category}"] == "browse"
    assert journeys["GET /search"] == "search"
    assert journeys["POST /cart/items/{sku}"] == "cart"
    assert journeys["PUT /api/v1/cart/items/{sku}"] == "cart"
    assert journeys["POST /checkout"] == journeys["POST /api/v1/checkout"] == "checkout"
    assert journeys["POST /api/v1/auth/login"] == "account"
    assert journeys["GET /static/{name}"] == "other"
    assert journeys["GET /readyz"] is None


async def test_a_page_from_memory_counts_as_the_routed_one(settings: Any, shop: Any) -> None:
    kept = dataclasses.replace(settings, page_cache_seconds=60)
    metrics = Metrics()
    app = create_app(dataclasses.replace(shop, settings=kept, metrics=metrics))
    async with visitor(app) as client:
        for _ in range(5):
            assert (await client.get("/c/lamps")).status_code == 200
    assert counted(metrics) == {"GET /c/{category}": 5}
    assert sum(named(metrics, "GET /c/{category}").took) == 5


async def test_crashes_are_errors_and_refusals_are_not(shop: Any) -> None:
    class Broken:
        async def get(self, cart_id: str) -> Any:
            raise RuntimeError("broken on purpose")

        set_quantity = get

    metrics = Metrics()
    app = create_app(dataclasses.replace(shop, carts=Broken(), metrics=metrics))
    async with visitor(app) as client:
        refused = await client.put("/api/v1/cart/items/SKU-002", json={"quantity": "x"})
        assert refused.status_code == 422
        client.cookies.set("visitor", "v" * 43)
        assert (await client.get("/api/v1/cart")).status_code == 500
    assert named(metrics, "PUT /api/v1/cart/items/{sku}").errors == 0
    assert named(metrics, "GET /api/v1/cart").errors == 1
    told = {d["Journey"]: d for d in metrics.take() if "Journey" in d}
    assert told["cart"]["Requests"] == 2
    assert told["cart"]["Errors"] == 1


async def test_numbers_add_up_under_concurrency(fresh: Any, shop: Any) -> None:
    metrics, app = fresh
    before = await charged(shop)
    taken: list[dict[str, Any]] = []
    over = asyncio.Event()

    async def shopper(number: int) -> tuple[int, int]:
        async with visitor(app) as client:
            statuses = []
            for turn in range(3):
                token = "tok_declined" if (number + turn) % 4 == 0 else "tok_visa"
                answer = await buy(client, "SKU-002", payment_token=token)
                assert answer.status_code in (201, 402), answer.text
                statuses.append(answer.status_code)
            return statuses.count(201), statuses.count(402)

    async def report() -> None:  # deltas are taken while everything counts on
        while not over.is_set():
            taken.extend(metrics.take())
            await asyncio.sleep(0.005)

    reporter = asyncio.create_task(report())
    done = await asyncio.gather(*(shopper(number) for number in range(16)))
    over.set()
    await reporter
    taken.extend(metrics.take())  # gauges by their peak, so what was in use lately as well
    taken.extend(metrics.take())

    def total(name: str, **where: str) -> int:
        fitting = (d for d in taken if all(d.get(k) == v for k, v in where.items()))
        return sum(int(d.get(name, 0)) for d in fitting)

    paid, declined = (sum(column) for column in zip(*done, strict=True))
    assert paid + declined == 48
    assert total("OrdersPaid") == paid
    assert total("PaymentsDeclined") == declined
    assert total("CheckoutsBegun") == total("Requests", Journey="checkout") == 48
    assert total("CartsChanged") == total("Requests", Journey="cart") == 48
    assert total("Errors") == 0
    after = await charged(shop)
    assert len(after) - len(before) == paid
    assert total("Revenue") == sum(after) - sum(before) > 0
    peak = max(d["PoolInUse"] for d in taken if "PoolInUse" in d)
    assert 2 <= peak <= 10
    assert taken[-1]["PoolInUse"] == 0  # everything was handed back


async def test_stock_that_is_short_and_shelves_are_counted(fresh: Any) -> None:
    metrics, app = fresh
    async with visitor(app) as client:
        await client.put("/api/v1/cart/items/SKU-004", json={"quantity": 9})
        short = await client.post(
            "/api/v1/checkout", json={**CHECKOUT, "shipping_address": ADDRESS},
            headers={"Idempotency-Key": uuid4().hex},
        )  # fmt: skip
        assert short.status_code == 409
        await client.get("/cart")
    assert metrics.counters["StockShort"] == 1
    assert metrics.counters["OrdersPaid"] == 0
    assert sum(metrics.shelves.values()) == 1


async def test_only_this_machine_sees_the_numbers(app: Any) -> None:
    async def ask(peer: str, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(peer, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
            return await client.get("/metrics", headers=headers)

    near = await ask("127.0.0.1")
    assert near.status_code == 200
    assert near.headers["cache-control"] == "no-store"
    assert "shop_orders_paid_total" in near.text
    assert (await ask("10.0.3.7")).status_code == 404
    for header in ("x-forwarded-for", "forwarded", "via"):
        assert (await ask("127.0.0.1", **{header: "for=1.2.3.4"})).status_code == 404
    assert all(is_loopback(host) for host in ("::1", "127.0.0.9", "::ffff:127.0.0.1"))
    assert not any(is_loopback(host) for host in ("", "testclient", "0.0.0.0", "::ffff:10.0.0.1"))

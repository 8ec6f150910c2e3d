"""Dependencies that fail, crashes, and pages that are kept."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest
from storefront.domain.errors import UnavailableError
from storefront.settings import Settings
from storefront.web.app import create_app
from storefront.wiring import open_shop
from web_kit import CHECKOUT, page, problem, visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")
EVERYWHERE = [
    ("GET", "/"), ("GET", "/c/lamps"), ("GET", "/p/thing-002"), ("GET", "/search?q=a"),
    ("GET", "/cart"), ("GET", "/checkout"), ("GET", "/login"), ("GET", "/account"),
    ("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/robots.txt"), ("GET", "/sitemap.xml"),
    ("GET", "/favicon.ico"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/nowhere"),
    ("GET", "/static/nothing.css"), ("GET", "/images/things/plain.svg"), ("GET", "/images/none"),
    ("GET", "/api/v1/products"), ("GET", "/api/v1/products/none"), ("GET", "/api/v1/nowhere"),
    ("GET", "/api/v1/me"), ("POST", "/api/v1/checkout"), ("PATCH", "/api/v1/cart"),
    ("DELETE", "/"), ("POST", "/cart/items"), ("PUT", "/api/v1/cart/items/SKU-002"),
    ("HEAD", "/"), ("OPTIONS", "/api/v1/cart"),
]  # fmt: skip


async def test_a_dependency_that_is_down_is_503_with_retry_after(settings: Settings) -> None:
    nowhere = dataclasses.replace(settings, database_port=9)
    async with open_shop(nowhere) as shop, visitor(create_app(shop)) as client:
        answer = await client.get("/api/v1/products")
        problem(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
        for path in ("/", "/c/lamps", "/p/thing-002", "/search?q=a"):
            answer = await client.get(path)
            page(answer, 503)
            assert "retry-after" in answer.headers
        person = {"email": "a@example.com", "password": "long enough", "name": "A"}
        page(await client.post("/register", data=person), 503)
        assert (await client.get("/healthz")).status_code == 200
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "starting")


class _Crash:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("a secret detail")


async def test_a_crash_is_a_500_that_says_nothing(shop: Any) -> None:
    async with visitor(create_app(dataclasses.replace(shop, carts=_Crash()))) as client:
        headers = {"cookie": "visitor=" + "a" * 43}
        answer = await client.get("/api/v1/cart", headers=headers)
        problem(answer, 500)
        assert "secret" not in answer.text
        answer = await client.get("/cart", headers={**headers, "x-request-id": "find-me"})
        assert "find-me" in page(answer, 500).text
        assert "secret" not in answer.text
        body = {**CHECKOUT}
        buy = await client.post(
            "/api/v1/checkout", json=body, headers={**headers, "Idempotency-Key": "k"}
        )
        problem(buy, 500)


class _Switched:
    """The real catalogue behind a switch."""

    def __init__(self, real: Any) -> None:
        self.real, self.on, self.calls = real, True, 0

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any, **options: Any) -> Any:
            self.calls += 1
            if not self.on:
                raise UnavailableError("catalogue")
            return await getattr(self.real, name)(*args, **options)

        return call


async def test_kept_pages(shop: Any) -> None:
    catalogue = _Switched(shop.catalogue)
    settings = dataclasses.replace(shop.settings, page_cache_seconds=1)
    cached = dataclasses.replace(shop, settings=settings, catalogue=catalogue)
    async with visitor(create_app(cached)) as client:
        answers = await asyncio.gather(*(client.get("/c/lamps") for _ in range(20)))
        assert len({answer.content for answer in answers}) == 1
        assert catalogue.calls == 3  # categories, hits, counts: once for all twenty
        tag = answers[0].headers["etag"]
        same = await client.get("/c/lamps", headers={"if-none-match": f"W/{tag}"})
        assert (same.status_code, same.content) == (304, b"")
        mine = await client.get("/c/lamps", headers={"cookie": "cart_items=7"})
        assert mine.headers["cache-control"] == "private, no-store"
        page(mine)
        assert 'class="n">7<' in mine.text
        assert "etag" not in mine.headers
        assert catalogue.calls == 3
        catalogue.on = False
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 10
        while catalogue.calls == 3 and loop.time() < deadline:
            page(await client.get("/c/lamps"))  # fresh at first, then stale rather than nothing
        assert catalogue.calls > 3
        page(await client.get("/c/lamps"))
        page(await client.get("/p/thing-002"), 503)
        catalogue.on = True
        page(await client.get("/p/thing-002"))

"""The back office: who gets in, and what nobody else may learn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from storefront.web.office.gate import PAGES
from web_kit import NASTY, buy, customer, employee, new_email, page, visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def staff(app: Any, shop: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with employee(app, shop) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def order(app: Any) -> str:
    """The number of an order by a customer whose every text is an attack."""
    async with customer(app, NASTY) as client:
        address = dict.fromkeys(("name", "line1", "line2", "city"), NASTY)
        placed = await buy(
            client,
            "SKU-040",
            shipping_address={**address, "postal_code": "1", "country": "GB"},
            email="=cmd@evil.example.com",
        )
        assert placed.status_code == 201, placed.text
        review = {"rating": 1, "title": NASTY, "text": NASTY}
        await client.post("/api/v1/products/thing-040/reviews", json=review)
        return str(placed.json()["number"])


def address(path: str, order: str) -> str:
    return path.replace("{number}", order).replace("{sku}", "SKU-041").replace("{id}", "99")


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in PAGES])
async def test_only_staff_find_anything(
    app: Any, shop: Any, order: str, method: str, path: str
) -> None:
    url = address(path, order)
    change = {"price": "9.00", "available": "7", "expected": "1"}

    async def send(client: httpx.AsyncClient, how: str = method) -> httpx.Response:
        return await client.request(how, url, data=change if how == "POST" else None)

    email = new_email()
    async with (
        visitor(app) as anonymous,
        customer(app) as other,
        customer(app, email=email) as staff,
    ):
        unknown = page(await anonymous.request(method, "/nowhere"), 404).text
        for client in (anonymous, other):
            for how in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
                answer = await send(client, how)
                assert answer.status_code == 404, how
                assert answer.headers["cache-control"] == "private, no-store"
            refused = page(await send(client), 404)
            assert "Back office" not in refused.text
            assert (
                refused.text.split("Request")[0].split("Cart")[1]
                == (unknown.split("Request")[0].split("Cart")[1])
            )
        forged = {"cookie": "session=" + "a" * 43}
        assert (await anonymous.request(method, url, headers=forged)).status_code == 404
        await shop.accounts.set_staff(email, is_staff=True)
        answer = await send(staff)
        expected = 200 if method == "GET" else 303 if path.endswith("/remove") else 409
        assert answer.status_code == expected
        assert "no-store" in answer.headers["cache-control"]
        assert "etag" not in answer.headers
        assert (await send(staff, "DELETE")).status_code == 405
        await shop.accounts.set_staff(email, is_staff=False)
        assert (await send(staff)).status_code == 404  # at once, whatever the session says


async def test_nothing_else_is_there(staff: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    for path in (
        "/admin/", "/admin/orders/", "/admins", "/admin/nothing", "/admin/orders/%00",
        "/admin/products/%ff", "/admin/products/none", "/admin/orders/" + "a" * 3000,
    ):  # fmt: skip
        assert (await client.get(path)).status_code in (303, 404)
        assert (await staff.get(path)).status_code in (303, 404)
    sent = {"price": "9.00", "expected": "1"}
    page(await staff.post("/admin/products/none/price", data=sent), 404)


async def test_other_sites_change_nothing(staff: httpx.AsyncClient, shop: Any) -> None:
    before = await shop.administration.product("SKU-042")
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        answer = await staff.post(
            "/admin/products/SKU-042/price",
            data={"price": "0.01", "expected": str(before.price)},
            headers=headers,
        )
        assert answer.status_code == 403
    assert await shop.administration.product("SKU-042") == before


async def test_the_account_page_shows_staff_the_way(
    app: Any, shop: Any, client: httpx.AsyncClient
) -> None:
    email = new_email()
    async with employee(app, shop, email):
        given = {"email": email, "password": "p" * 9}  # signed in anew: the session knows
        assert (await client.post("/api/v1/auth/login", json=given)).status_code == 200
    assert "/admin" in page(await client.get("/account")).links
    async with customer(app) as other:
        assert "/admin" not in page(await other.get("/account")).links


async def test_what_people_typed_is_shown_as_text(staff: httpx.AsyncClient, order: str) -> None:
    nasty = {"q": NASTY, "status": NASTY, "before": NASTY, "after": NASTY, "saved": NASTY}
    for path in (
        "/admin", "/admin/orders", f"/admin/orders/{order}", "/admin/products",
        "/admin/products/SKU-041", "/admin/reviews",
    ):  # fmt: skip
        for params in ({}, nasty):
            answer = await staff.get(path, params=params)
            page(answer)
            assert "<script>alert" not in answer.text
    shown = page(await staff.get(f"/admin/orders/{order}")).text
    assert shown.count(NASTY) == 5  # the customer, and four lines of the address
    form = dict.fromkeys(("price", "available", "expected"), NASTY)
    for what in ("price", "stock"):
        answer = await staff.post(f"/admin/products/SKU-041/{what}", data=form)
        page(answer, 422)
        assert "&lt;script" in answer.text
        assert "<script>alert" not in answer.text

"""What every request meets: headers, caching, bounds, other sites, and failing dependencies."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from storefront.web.app import create_app
from web_kit import JSON, bad_fields, page, problem, visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")
EVERYWHERE = [
    ("GET", "/"), ("GET", "/c/lamps"), ("GET", "/p/thing-002"), ("GET", "/search?q=a"),
    ("GET", "/cart"), ("GET", "/checkout"), ("GET", "/login"), ("GET", "/account"),
    ("GET", "/p/thing-002/review"), ("GET", "/p/thing-002/reviews"), ("GET", "/admin"),
    ("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/robots.txt"), ("GET", "/sitemap.xml"),
    ("GET", "/favicon.ico"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/nowhere"),
    ("GET", "/static/nothing.css"), ("GET", "/images/things/plain.svg"), ("GET", "/images/none"),
    ("GET", "/api/v1/products"), ("GET", "/api/v1/products/none"), ("GET", "/api/v1/nowhere"),
    ("GET", "/api/v1/me"), ("POST", "/api/v1/checkout"), ("PATCH", "/api/v1/cart"),
    ("DELETE", "/"), ("POST", "/cart/items"), ("PUT", "/api/v1/cart/items/SKU-002"),
    ("HEAD", "/"), ("OPTIONS", "/api/v1/cart"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
async def test_headers_are_on_everything(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path)
    assert answer.status_code < 500 or path == "/readyz"
    headers = answer.headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy or path.startswith("/images/")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "permissions-policy" in headers
    assert "strict-transport-security" not in headers
    assert re.fullmatch(r"[0-9a-f]{16}", headers["x-request-id"])
    assert "cache-control" in headers
    cacheable = "public" in headers["cache-control"]
    assert not (cacheable and "set-cookie" in headers)


async def test_request_ids_are_taken_over_if_harmless(client: httpx.AsyncClient) -> None:
    for given, kept in (("abc-1.2_3", True), ("a b", False), ("x" * 200, False), ("é", False)):
        answer = await client.get("/healthz", headers={"x-request-id": given.encode("latin-1")})
        assert (answer.headers["x-request-id"] == given) is kept


async def test_secure_cookies_and_transport(shop: Any) -> None:
    settings = dataclasses.replace(shop.settings, cookie_secure=True)
    async with visitor(create_app(dataclasses.replace(shop, settings=settings))) as client:
        answer = await client.put("/api/v1/cart/items/SKU-002", json={"quantity": 1})
        assert answer.headers["strict-transport-security"].startswith("max-age=63072000")
        cookies = answer.headers.get_list("set-cookie")
        assert any(cookie.startswith("__Host-visitor=") for cookie in cookies)
        for cookie in cookies:
            for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
                assert flag in cookie
            assert "Domain" not in cookie


async def test_who_has_a_cookie_gets_private_pages(client: httpx.AsyncClient) -> None:
    for path in ("/", "/c/lamps", "/p/thing-002", "/search?q=thing"):
        answer = await client.get(path)
        assert answer.headers["cache-control"].startswith("public, max-age=0")
        assert answer.headers["vary"] == "Cookie"
        assert "set-cookie" not in answer.headers
        answer = await client.get(path, headers={"cookie": "analytics=1"})
        assert answer.headers["cache-control"].startswith("public")
        for cookie in ("visitor=" + "a" * 43, "session=x", "cart_items=2"):
            answer = await client.get(path, headers={"cookie": cookie})
            assert answer.headers["cache-control"] == "private, no-store"
    for path in ("/cart", "/login", "/api/v1/cart"):
        assert (await client.get(path)).headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("cookie", [
    "visitor=\x01", "visitor=" + "a" * 5000, "cart_items=99999", "cart_items=-1", "session=%00",
    "cart_items=²", ";;;=;", "visitor", 'visitor="quoted"', "session=" + "b" * 43, "\xff\xfe=1",
])  # fmt: skip
async def test_made_up_cookies_are_harmless(client: httpx.AsyncClient, cookie: str) -> None:
    headers = {"cookie": cookie.encode("latin-1")}
    page(await client.get("/", headers=headers))
    page(await client.get("/cart", headers=headers))
    assert (await client.get("/api/v1/cart", headers=headers)).json()["items"] == []


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"origin": "http://shop.test"}, True),
        ({"origin": "https://shop.test"}, True),
        ({"origin": "http://evil.test"}, False),
        ({"origin": "http://shop.test.evil.test"}, False),
        ({"origin": "http://shop.test:81"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "ftp://shop.test"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"referer": "http://evil.test/a"}, False),
        ({"referer": "http://shop.test/cart"}, True),
        ({"origin": "http://shop.test", "referer": "http://evil.test"}, True),
    ],
)
async def test_other_sites_change_nothing(
    client: httpx.AsyncClient, headers: dict[str, str], allowed: bool
) -> None:
    put = await client.put("/api/v1/cart/items/SKU-002", json={"quantity": 1}, headers=headers)
    post = await client.post("/cart/items", data={"sku": "SKU-002"}, headers=headers)
    if allowed:
        assert (put.status_code, post.status_code) == (200, 303)
    else:
        problem(put, 403)
        page(post, 403)
        assert not client.cookies


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "multipart/form-data",
        "json",
    ],
)
async def test_changes_say_that_they_are_json(client: httpx.AsyncClient, kind: str | None) -> None:
    headers = {"content-type": kind} if kind else {}
    for method, path in (
        ("PUT", "/api/v1/cart/items/SKU-002"), ("DELETE", "/api/v1/cart/items/SKU-002"),
        ("POST", "/api/v1/checkout"), ("POST", "/api/v1/auth/login"),
        ("POST", "/api/v1/auth/register"), ("POST", "/api/v1/auth/logout"),
    ):  # fmt: skip
        answer = await client.request(method, path, content=b'{"quantity": 1}', headers=headers)
        problem(answer, 415)


@pytest.mark.parametrize("body", [
    b"", b"{", b"null", b"[]", b'"text"', b"1", b"{}}", b"\xff\xfe", b'{"quantity": NaN}',
    b'{"quantity": 1, "quantity": }', b'{"a": "\xff"}', b"[" * 60_000, b'{"a":' * 9_000,
    b'{"quantity": 1e999}', b"{'quantity': 1}", b'{"quantity": 1} {}', b"\x00",
    b'{"\xed\xa0\x80":1}',
    b'{"quantity": 1, "more": 2}', b'{"QUANTITY": 1}',
])  # fmt: skip
async def test_bodies_that_are_no_quantity(client: httpx.AsyncClient, body: bytes) -> None:
    for path in ("cart/items/SKU-002", "auth/login", "auth/register", "checkout"):
        method = "PUT" if path.startswith("cart") else "POST"
        headers = {**JSON, "Idempotency-Key": "k"}
        url = f"/api/v1/{path}"
        assert bad_fields(await client.request(method, url, content=body, headers=headers))
    assert not client.cookies


async def test_everything_wrong_is_named_at_once(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/auth/register", json={"email": 1, "name": None, "x": 2})
    assert bad_fields(answer) == {"email", "name", "password", "x"}


@pytest.mark.parametrize("path", ["/api/v1/checkout", "/checkout", "/api/v1/nowhere", "/"])
@pytest.mark.parametrize("chunked", [False, True])
async def test_bodies_that_are_too_large(
    client: httpx.AsyncClient, path: str, chunked: bool
) -> None:
    size = 64 * 1024 + 1

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(size // 1000 + 1):
            yield b"a" * 1000

    headers = {**JSON, "Idempotency-Key": "k"}
    content = pieces() if chunked else b"a" * size
    answer = await client.post(path, content=content, headers=headers)
    if path.startswith("/api/"):
        problem(answer, 413)
    else:
        page(answer, 413)


async def test_unknown_addresses_and_methods(client: httpx.AsyncClient) -> None:
    problem(await client.get("/api/v1/nowhere"), 404)
    problem(await client.get("/api/v1/"), 404)
    problem(await client.get("/api/nowhere"), 404)
    wrong = await client.delete("/api/v1/products")
    problem(wrong, 405)
    assert "GET" in wrong.headers["allow"]
    assert "GET" in (await client.post("/login/", data={})).headers.get("allow", "GET")


async def test_pictures(client: httpx.AsyncClient) -> None:
    answer = await client.get("/images/things/plain.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-security-policy"].endswith("sandbox")
    tag = answer.headers["etag"]
    again = await client.get("/images/things/plain.svg", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    for key in ("none.svg", "..%2f..%2fsecret", "%00", "%ff", "a" * 500, "", "//x", "a//b"):
        problem(await client.get(f"/images/{key}"), 404)


async def test_static_files(client: httpx.AsyncClient) -> None:
    home = (await client.get("/")).text
    addresses = set(re.findall(r'"(/static/[^"]+)"', home))
    assert len(addresses) == 5
    for address in addresses:
        answer = await client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        wrong = re.sub(r"\.[0-9a-f]{12}\.", ".000000000000.", address)
        problem(await client.get(wrong), 404)
    style = next(address for address in addresses if address.endswith(".css"))
    answer = await client.get(style, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers
    fonts = re.findall(r"url\((/static/[^)]+woff2)\)", answer.text)
    assert len(fonts) == 2
    for font in fonts:
        assert (await client.get(font)).headers["content-type"] == "font/woff2"
    assert len(answer.content) < 25_000


async def test_two_people_never_see_each_others_pages(app: Any) -> None:
    async with visitor(app) as ada, visitor(app) as bob:
        for client, name in ((ada, "Ada"), (bob, "Bob")):
            person = {"email": f"{name}-{id(app)}@example.com", "name": name, "password": "p" * 9}
            assert (await client.post("/register", data=person)).status_code == 303
        await ada.post("/cart/items", data={"sku": "SKU-030", "quantity": "2"})

        async def look(client: httpx.AsyncClient, name: str, other: str) -> None:
            for path in ("/account", "/c/lamps", "/cart", "/"):
                text = (await client.get(path)).text
                assert f"Hello, {other}" not in text
                assert ('class="n">2<' in text) is (name == "Ada")
                if path == "/account":
                    assert f"Hello, {name}" in text

        await asyncio.gather(
            *(look(ada, "Ada", "Bob") for _ in range(5)),
            *(look(bob, "Bob", "Ada") for _ in range(5)),
        )

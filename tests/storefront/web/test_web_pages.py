"""The pages, as a person without JavaScript uses them."""

from __future__ import annotations

import httpx
import pytest
from web_kit import ADDRESS, NASTY, page

pytestmark = pytest.mark.asyncio(loop_scope="module")
FORM = {
    **ADDRESS, "email": "ada@example.com", "shipping_method": "standard",
    "payment_token": "tok_visa", "action": "pay",
}  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "/", "/c/lamps", "/c/lamps?sort=-price&in_stock=1&price=500-1499&page=2", "/search",
        "/search?q=thing", "/search?q=xyzzyqq", "/p/thing-002", "/p/thing-001", "/p/nasty",
        "/p/thing-002/reviews", "/p/thing-002/reviews?page=7", "/p/nasty/review",
        "/cart", "/login", "/register", "/docs", "/privacy", "/login?next=/checkout",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("nasty")
async def test_pages_are_sound(client: httpx.AsyncClient, path: str) -> None:
    page(await client.get(path))


async def test_home_leads_to_everything(client: httpx.AsyncClient) -> None:
    links = page(await client.get("/")).links
    assert {"/c/lamps", "/c/cups-and-mugs", "/cart", "/login"} <= set(links)
    assert sum(link.startswith("/p/") for link in links) >= 8


async def test_a_category_page_narrows_down_and_pages_on(client: httpx.AsyncClient) -> None:
    first = page(await client.get("/c/lamps"))
    assert "25 products" in first.text
    assert sum(link.startswith("/p/") for link in first.links) == 20
    second = page(await client.get("/c/lamps?page=2"))
    assert sum(link.startswith("/p/") for link in second.links) == 5
    assert {"/c/lamps"} <= set(second.links)
    stocked = page(await client.get("/c/lamps?in_stock=1"))
    assert "24 products" in stocked.text
    cheap = next(link for link in stocked.links if "price=" in link)
    narrowed = page(await client.get(cheap.replace("&amp;", "&")))
    assert "Clear all filters" in narrowed.text


@pytest.mark.parametrize(
    "query",
    [
        "q=%00", "q=%ff%fe", "q=" + "a" * 6000, "q=%F0%9F%90%A6", "page=0", "page=99999",
        "page=-1", "price=9-1", "price=x", "price=99999999999-", "sort=nothing",
        "in_stock=perhaps",
        "category=nowhere", "category=%27%3B--", "q=%22%22%22", "q=-", "q=(((",
        "q=%27%20or%201%3D1",
        "&".join(f"a{n}=1" for n in range(500)), "q", "=&&==", "q=a&q=b",
    ],
)  # fmt: skip
async def test_whatever_is_typed_gets_a_page(client: httpx.AsyncClient, query: str) -> None:
    page(await client.get(f"/search?{query}"))
    page(await client.get(f"/c/lamps?{query}"))


@pytest.mark.usefixtures("nasty")
async def test_text_is_shown_as_text(client: httpx.AsyncClient) -> None:
    for path in ("/p/nasty", "/search", "/search?q=" + "%3Cscript%3Ealert('x')%3C/script%3E"):
        answer = await client.get(path, params=None)
        page(answer)
        assert "<script>alert" not in answer.text
    assert NASTY in page(await client.get("/p/nasty")).text


async def test_a_product_page_tells_what_is_left(client: httpx.AsyncClient) -> None:
    few = page(await client.get("/p/thing-000")).text
    assert "Only 3 left" in few
    none = await client.get("/p/thing-001")
    assert "Sold out" in page(none).text
    assert "Add to cart" not in none.text
    plenty = await client.get("/p/thing-002")
    assert "In stock" in page(plenty).text
    assert 'data-source="' in plenty.text


async def test_nothing_here_looks_like_the_shop(client: httpx.AsyncClient) -> None:
    for path in (
        "/nowhere",
        "/c/nowhere",
        "/p/nowhere",
        "/orders/nowhere",
        "/admin",
        "/c/%00",
        "/p/nowhere/review",
        "/p/nowhere/reviews",
    ):
        answer = await client.get(path, headers={"x-request-id": "abc-123"})
        assert "abc-123" in page(answer, 404).text
    page(await client.post("/"), 405)
    page(await client.post("/login", json={}), 415)


async def test_a_slash_too_many_is_forgiven(client: httpx.AsyncClient) -> None:
    answer = await client.get("/c/lamps/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/c/lamps")
    answer = await client.get("http://shop.test//evil.test/")
    assert answer.headers["location"] == "/evil.test"

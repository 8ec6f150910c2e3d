"""Reviews: read by everyone, written by buyers, on pages without JavaScript and by programs."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import httpx
import pytest
from storefront.web.app import create_app
from web_kit import NASTY, bad_fields, buy, customer, page, problem, visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")
GOOD = {"rating": 4, "title": "Well made", "text": "Heavy.\nAnd handsome."}
FORM = {"rating": "4", "title": "Well made", "text": "Heavy.\r\nAnd handsome."}


def api(number: int) -> str:
    return f"/api/v1/products/thing-{number:03}/reviews"


async def write(app: Any, number: int, name: str = "Ada Byron", **changed: Any) -> None:
    async with customer(app, name) as client:
        await buy(client, f"SKU-{number:03}")
        answer = await client.post(api(number), json={**GOOD, **changed})
        assert answer.status_code == 201, answer.text


async def test_a_review_by_program(app: Any, client: httpx.AsyncClient) -> None:
    async with customer(app) as buyer:
        await buy(buyer, "SKU-030")
        made = await buyer.post(api(30), json=GOOD)
        assert made.status_code == 201
        assert made.headers["cache-control"] == "private, no-store"
        review = made.json()
        assert review.pop("written_at").startswith("20")
        assert review == {**GOOD, "author": "Ada B.", "verified_purchase": True}
        problem(await buyer.post(api(30), json=GOOD), 409)
        problem(await buyer.post(api(31), json=GOOD), 403)
        problem(await buyer.post("/api/v1/products/nothing/reviews", json=GOOD), 404)
    problem(await client.post(api(30), json=GOOD), 401)
    answer = await client.get(api(30))
    assert answer.headers["cache-control"].startswith("public")
    body = answer.json()
    assert body.keys() == {"items", "total", "page", "page_size", "summary"}
    assert body["items"] == [made.json()]
    assert (body["total"], body["page"], body["page_size"]) == (1, 1, 10)
    assert body["summary"] == {
        "count": 1, "average": 4.0, "distribution": {"1": 0, "2": 0, "3": 0, "4": 1, "5": 0},
    }  # fmt: skip
    assert (await client.get(f"{api(30)}?page=2")).json()["items"] == []
    product = (await client.get("/api/v1/products/thing-030")).json()
    assert (product["reviews"], product["rating"]) == ({"count": 1, "average": 4.0}, 4.0)
    problem(await client.get("/api/v1/products/nothing/reviews"), 404)
    for wrong in ("0", "-1", "x", "99999999999"):
        assert bad_fields(await client.get(f"{api(30)}?page={wrong}")) == {"page"}


async def test_many_reviews_are_paged(app: Any, client: httpx.AsyncClient) -> None:
    for n in range(12):
        await write(app, 31, f"Nell{n} Blake", rating=1 + n % 5)
    first = (await client.get(api(31))).json()
    rest = (await client.get(f"{api(31)}?page=2")).json()
    authors = [review["author"] for review in first["items"] + rest["items"]]
    assert authors == [f"Nell{n} B." for n in range(11, -1, -1)]
    assert sum(first["summary"]["distribution"].values()) == first["total"] == 12
    shown = page(await client.get("/p/thing-031"))
    assert "from 12 reviews" in shown.text
    assert shown.text.count("Verified purchase") == 3
    assert {"/p/thing-031/reviews", "/p/thing-031/review"} <= set(shown.links)
    everything = page(await client.get("/p/thing-031/reviews"))
    assert everything.text.count("Verified purchase") == 10
    assert "/p/thing-031/reviews?page=2" in everything.links
    older = page(await client.get("/p/thing-031/reviews?page=2"))
    assert older.text.count("Verified purchase") == 2
    assert "Nell0 B." in older.text
    for wrong in ("0", "-1", "x", "99999999999", "%00"):
        page(await client.get(f"/p/thing-031/reviews?page={wrong}"))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"rating": 0}, "rating"), ({"rating": 6}, "rating"), ({"rating": 4.5}, "rating"),
        ({"rating": "4"}, "rating"), ({"rating": True}, "rating"), ({"rating": None}, "rating"),
        ({"rating": 10**30}, "rating"), ({"title": ""}, "title"), ({"title": " "}, "title"),
        ({"title": "x" * 121}, "title"), ({"title": "a\nb"}, "title"), ({"title": 1}, "title"),
        ({"text": ""}, "text"), ({"text": "x" * 4001}, "text"), ({"text": "a\x00b"}, "text"),
        ({"text": None}, "text"), ({"author": "me"}, "author"), ({"text": "\u202e"}, "text"),
    ],
)  # fmt: skip
async def test_reviews_that_are_none(app: Any, changed: dict[str, Any], field: str) -> None:
    async with customer(app) as client:
        answer = await client.post(api(32), json={**GOOD, **changed})
        assert bad_fields(answer) == {field}


async def test_a_review_on_the_pages(app: Any, client: httpx.AsyncClient) -> None:
    anonymous = await client.get("/p/thing-033/review")
    assert "Sign in" in page(anonymous).text
    assert "<form method" not in anonymous.text
    assert "/login?next=/p/thing-033/review" in page(anonymous).links
    async with customer(app, "Grace Hopper") as buyer:
        before = await buyer.get("/p/thing-033/review")
        assert "no paid order of yours" in page(before).text
        page(await buyer.post("/p/thing-033/review", data=FORM), 403)
        await buy(buyer, "SKU-033", payment_token="tok_declined")
        page(await buyer.post("/p/thing-033/review", data=FORM), 403)
        await buy(buyer, "SKU-033")
        opened = await buyer.get("/p/thing-033/review")
        assert opened.headers["cache-control"] == "private, no-store"
        assert opened.text.count('type="radio"') == 5
        page(opened)
        sent = await buyer.post("/p/thing-033/review", data=FORM)
        assert (sent.status_code, sent.headers["location"]) == (303, "/p/thing-033/review?thanks=1")
        thanks = page(await buyer.get(sent.headers["location"])).text
        assert "Thank you for your review" in thanks
        assert "Grace H." in thanks
        again = await buyer.post("/p/thing-033/review", data=FORM)
        assert "already" in page(again, 409).text
    shown = page(await client.get("/p/thing-033")).text
    assert "Well made" in shown
    assert "Grace H." in shown
    assert "Hopper" not in shown
    page(await client.post("/p/nothing/review", data=FORM), 404)


async def test_mistakes_lose_nothing_of_what_was_typed(app: Any) -> None:
    async with customer(app) as buyer:
        await buy(buyer, "SKU-034")
        wrong = {"rating": "9", "title": "x" * 121, "text": f"{NASTY}\r\nsecond line"}
        answer = await buyer.post("/p/thing-034/review", data=wrong)
        shown = page(answer, 422)
        assert NASTY in shown.text
        assert "second line" in shown.text
        assert "<script>alert" not in answer.text
        for name in ("rating", "title"):
            assert f'id="e-{name}"' in answer.text
        missing = await buyer.post("/p/thing-034/review", data={"title": "A"})
        assert "The rating is required" in page(missing, 422).text
        await buyer.post("/api/v1/auth/logout", json={})
        out = await buyer.post("/p/thing-034/review", data=FORM)
        assert "in another tab" in page(out, 401).text
        assert "And handsome." in out.text
        assert (await buyer.post("/p/thing-034/review", json=FORM)).status_code == 415


async def test_a_session_that_ended_is_told_apart(client: httpx.AsyncClient) -> None:
    answer = await client.get("/p/thing-034/review", headers={"cookie": "session=" + "a" * 43})
    assert "Sign in" in page(answer).text
    assert 'href="/account"><svg' not in answer.text
    assert answer.headers["set-cookie"].startswith("session=; Max-Age=0")


async def test_reviews_are_shown_as_text(app: Any, client: httpx.AsyncClient) -> None:
    await write(app, 35, NASTY, title=NASTY, text=NASTY)
    for path in ("/p/thing-035", "/p/thing-035/reviews"):
        answer = await client.get(path)
        assert NASTY in page(answer).text
        assert "<script>alert" not in answer.text


async def test_pages_in_memory_hold_nothing_personal(shop: Any) -> None:
    """The page is kept, so it must be the same for all; a new review is there when it ends."""
    settings = dataclasses.replace(shop.settings, page_cache_seconds=1)
    app = create_app(dataclasses.replace(shop, settings=settings))
    async with customer(app, "Ada Byron") as buyer, visitor(app) as other:
        await buy(buyer, "SKU-036")
        for path in ("/p/thing-036", "/p/thing-036/reviews"):
            mine = (await buyer.get(path)).text
            theirs = (await other.get(path)).text
            assert mine.split("</header>")[1] == theirs.split("</header>")[1]
        await buyer.post("/p/thing-036/review", data=FORM)
        assert "Your review" in page(await buyer.get("/p/thing-036/review")).text
        assert "Your review" not in page(await other.get("/p/thing-036/review")).text

        async def seen(client: httpx.AsyncClient) -> bool:
            return "Well made" in (await client.get("/p/thing-036")).text

        async with asyncio.timeout(5):
            while not (await seen(buyer) and await seen(other)):  # noqa: ASYNC110 - time must pass
                await asyncio.sleep(0.05)

"""What the tests of the web layer share: a stocked shop, a client, and a reader of pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import httpx
from storefront.domain.catalogue import CatalogueRow

PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 600"></svg>'
NASTY = "<script>alert('x')</script>\"'; drop table products; --"
ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
}
CHECKOUT = {
    "email": "ada@example.com",
    "shipping_address": ADDRESS,
    "shipping_method": "standard",
    "payment_token": "tok_visa",
}
JSON = {"content-type": "application/json"}
VOID = {"meta", "link", "input", "img", "br", "path", "circle"}


def row(number: int, **changed: Any) -> CatalogueRow:
    """A product of one of two categories; numbers 0 and 4 have three units, 1 none."""
    category = ("Cups and mugs", "Lamps")[number % 2]
    values: dict[str, Any] = {
        "line": number + 2,
        "sku": f"SKU-{number:03}",
        "slug": f"thing-{number:03}",
        "name": f"Plain thing {number:03}",
        "description": "Thrown by hand.\n\nKept for long.",
        "category": category,
        "category_slug": category.lower().replace(" ", "-"),
        "price": 500 + 100 * number,
        "currency": "USD",
        "stock": {0: 3, 1: 0, 4: 3}.get(number, 1000),
        "image_url": "/images/things/plain.svg",
        "attributes": {"Material": "Stoneware"},
    }
    return CatalogueRow(**{**values, **changed})


async def stock(shop: Any) -> None:
    """Fill the shelves with 50 products."""
    await shop.images.put("things/plain.svg", PICTURE, "image/svg+xml")
    await shop.catalogue.import_rows([row(number) for number in range(50)])


@asynccontextmanager
async def visitor(app: Any, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of its own, with its own cookies."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://shop.test", headers=headers
    ) as client:
        yield client


class Reader(HTMLParser):
    """Reads a page strictly and collects what is wrong with it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.open: list[str] = []
        self.count: dict[str, int] = {}
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.controls: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.language: str | None = None
        self.feed(text)
        self.close()
        self._judge()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.problems += _faults(tag, attrs)
        self.count[tag] = self.count.get(tag, 0) + 1
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag == "html":
            self.language = given.get("lang")
        elif tag == "label":
            self.labels.add(given.get("for") or "")
        elif tag == "a":
            self.links.append(given.get("href") or "")
        elif tag in ("input", "select", "textarea") and given.get("type") != "hidden":
            self.controls.append({**given, "inside label": "yes" if "label" in self.open else None})
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        """All text of the page."""
        return " ".join(" ".join(self.texts).split())

    def _judge(self) -> None:
        if self.open:
            self.problems.append(f"left open: {self.open}")
        if self.language != "en":
            self.problems.append("no language")
        for tag in ("h1", "title", "main", "header", "footer"):
            if self.count.get(tag) != 1:
                self.problems.append(f"{self.count.get(tag, 0)} times {tag}")
        if len(set(self.ids)) != len(self.ids):
            self.problems.append("an id is used twice")
        self.problems += [
            f"no label for {control.get('name')}"
            for control in self.controls
            if control.get("id") not in self.labels and not control["inside label"]
        ]


def _faults(tag: str, attrs: list[tuple[str, str | None]]) -> list[str]:
    """What is wrong with one start tag by itself."""
    given = dict(attrs)
    faults = [f"{tag} has an attribute twice"] if len(given) != len(attrs) else []
    faults += [
        f"{tag} has {name}, which the policy forbids"
        for name in given
        if name.startswith("on") or name == "style"
    ]
    if tag == "img" and not {"alt", "width", "height"} <= given.keys():
        faults.append(f"img without alt or size: {given.get('src')}")
    if tag == "script" and "src" not in given and given.get("type") != "application/ld+json":
        faults.append("inline script")
    return faults


def page(answer: httpx.Response, status: int = 200) -> Reader:
    """The page of an answer, which must be sound."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    reader = Reader(answer.text)
    assert reader.problems == []
    return reader


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The RFC 9457 body of an answer."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= body.keys()
    assert body["status"] == status
    return body


def new_email() -> str:
    """An address that nobody has."""
    return f"{uuid4().hex}@example.com"


@asynccontextmanager
async def employee(app: Any, shop: Any, email: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """The browser of somebody who works here."""
    email = email or new_email()
    async with customer(app, "Vera Staff", email) as client:
        await shop.accounts.set_staff(email, is_staff=True)
        yield client


@asynccontextmanager
async def customer(
    app: Any, name: str = "Ada Byron", email: str = ""
) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of somebody who just registered."""
    async with visitor(app) as client:
        given = {"email": email or new_email(), "password": "p" * 9, "name": name}
        made = await client.post("/api/v1/auth/register", json=given)
        assert made.status_code == 201, made.text
        yield client


async def buy(client: httpx.AsyncClient, *skus: str, **changed: Any) -> httpx.Response:
    """Buy one of each."""
    for sku in skus:
        await client.put(f"/api/v1/cart/items/{sku}", json={"quantity": 1})
    headers = {"Idempotency-Key": uuid4().hex}
    return await client.post("/api/v1/checkout", json={**CHECKOUT, **changed}, headers=headers)


def bad_fields(answer: httpx.Response) -> set[str]:
    """The fields that a 422 names."""
    return {error["field"] for error in problem(answer, 422)["errors"]}

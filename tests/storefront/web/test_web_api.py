"""The JSON API of the catalogue, and its description, on the real parts."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from storefront.web.api import schemas
from storefront.web.api.operations import OPERATIONS
from web_kit import ADDRESS, CHECKOUT, bad_fields, problem

pytestmark = pytest.mark.asyncio(loop_scope="module")
API = "/api/v1"
SUMMARY = {"sku", "slug", "name", "category", "price", "image_url", "in_stock", "rating"}
CART_LINE = {"sku", "name", "quantity", "unit_price", "line_total", "available"}
ORDER = {
    "number", "status", "items", "subtotal", "discount", "shipping", "tax", "total", "placed_at",
}  # fmt: skip


def usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


async def test_categories(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{API}/categories")
    assert answer.json() == {
        "items": [
            {"slug": "cups-and-mugs", "name": "Cups and mugs", "product_count": 25},
            {"slug": "lamps", "name": "Lamps", "product_count": 25},
        ]
    }


async def test_products_have_the_agreed_shape(client: httpx.AsyncClient) -> None:
    body = (await client.get(f"{API}/products?page_size=7")).json()
    assert body.keys() == {"items", "total", "page", "page_size", "facets"}
    assert (body["total"], body["page"], body["page_size"], len(body["items"])) == (50, 1, 7, 7)
    assert all(item.keys() == SUMMARY for item in body["items"])
    assert body["items"][0]["price"].keys() == {"amount", "currency"}
    assert body["facets"].keys() == {"category", "price"}
    assert all(facet.keys() == {"value", "count"} for facet in body["facets"]["category"])
    assert all(band.keys() == {"min", "max", "count"} for band in body["facets"]["price"])


async def test_price_bands_lead_to_what_they_count(client: httpx.AsyncClient) -> None:
    bands = (await client.get(f"{API}/products")).json()["facets"]["price"]
    assert sum(band["count"] for band in bands) == 50
    for band in bands:
        params = {"min_price": band["min"], "max_price": "" if band["max"] is None else band["max"]}
        assert (await client.get(f"{API}/products", params=params)).json()["total"] == band["count"]


async def test_filters_sorting_and_paging(client: httpx.AsyncClient) -> None:
    params = {"category": "lamps", "in_stock": "true", "sort": "-price", "page_size": 10, "page": 2}
    body = (await client.get(f"{API}/products", params=params)).json()
    assert body["total"] == 24  # number 1 is sold out
    prices = [item["price"]["amount"] for item in body["items"]]
    assert prices == sorted(prices, reverse=True)
    assert {item["category"] for item in body["items"]} == {"lamps"}
    assert (await client.get(f"{API}/products?page=100")).json()["items"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"), ("page=-1", "page"), ("page=x", "page"), ("page=1.5", "page"),
        ("page=1e1", "page"), ("in_stock=1", "in_stock"),
        ("page=99999999999999999999", "page"), ("page_size=0", "page_size"),
        ("page_size=101", "page_size"), ("sort=cheap", "sort"), ("sort=PRICE", "sort"),
        ("in_stock=maybe", "in_stock"), ("min_price=-1", "min_price"), ("min_price=a", "min_price"),
        ("max_price=9999999999", "max_price"), ("min_price=10&max_price=5", "max_price"),
        ("category=nowhere", "category"), ("q=" + "a" * 201, "q"), ("q=a%00b", "q"),
        ("q=%ff", "query"), ("colour=red", "colour"), ("page=1&page=2", "page"),
        ("q=a&" + "&".join(f"x{n}=1" for n in range(200)), "query"),
    ],
)  # fmt: skip
async def test_questions_that_make_no_sense(
    client: httpx.AsyncClient, query: str, field: str
) -> None:
    assert field in bad_fields(await client.get(f"{API}/products?{query}"))


async def test_unknown_parameters_are_refused_everywhere(client: httpx.AsyncClient) -> None:
    for operation in OPERATIONS:
        path = operation.path.replace("{slug}", "thing-002").replace("{number}", "X")
        if operation.method == "GET":
            assert bad_fields(await client.get(f"{API}{path}?surprise=1")) == {"surprise"}


async def test_product(client: httpx.AsyncClient) -> None:
    body = (await client.get(f"{API}/products/thing-000")).json()
    assert body.keys() == SUMMARY | {"description", "attributes", "available", "reviews"}
    assert (body["available"], body["in_stock"]) == (3, True)
    assert body["price"] == usd(500)
    assert body["reviews"] == {"count": 0, "average": None}
    problem(await client.get(f"{API}/products/nothing"), 404)
    for slug in ("%00", "%ff", "a" * 5000, "..%2f..", "x'--"):
        problem(await client.get(f"{API}/products/{slug}"), 404)


async def test_recommendations(client: httpx.AsyncClient) -> None:
    body = (await client.get(f"{API}/products/thing-002/recommendations?limit=3")).json()
    assert len(body["items"]) == 3
    assert all(item.keys() == SUMMARY for item in body["items"])
    assert body["source"] in ("personalize", "co-purchase", "popular")
    problem(await client.get(f"{API}/products/nothing/recommendations"), 404)
    for limit in ("0", "-1", "1000", "x"):
        path = f"{API}/products/thing-002/recommendations?limit={limit}"
        assert bad_fields(await client.get(path)) == {"limit"}


async def test_openapi_describes_every_call(app: Any, client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    described = {(m.upper(), p) for p, calls in document["paths"].items() for m in calls}
    assert described == {(op.method, API + op.path) for op in OPERATIONS}
    schemas_there = document["components"]["schemas"]
    for reference in _references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas_there
    quantity = schemas_there["Quantity"]
    assert quantity["properties"]["quantity"] == {"type": "integer", "minimum": 0, "maximum": 99}
    assert quantity["additionalProperties"] is False


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [found for inner in value.values() for found in _references(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in _references(inner)]
    return []


@pytest.mark.parametrize("missing", [*CHECKOUT, *(f"shipping_address.{n}" for n in ADDRESS)])
async def test_the_described_checkout_is_the_checked_one(
    client: httpx.AsyncClient, missing: str
) -> None:
    outer, _, inner = missing.partition(".")
    body = {**CHECKOUT, "shipping_address": dict(ADDRESS)}
    if inner:
        del body["shipping_address"][inner]
    else:
        del body[outer]
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(body, schemas.CheckoutBody)
    answer = await client.post(f"{API}/checkout", json=body, headers={"Idempotency-Key": "m"})
    assert missing in bad_fields(answer)

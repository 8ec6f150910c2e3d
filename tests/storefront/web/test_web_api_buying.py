"""The JSON API's calls about carts, orders and people, on the real parts."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from web_kit import CHECKOUT, JSON, bad_fields, problem, visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")
API = "/api/v1"
SUMMARY = {"sku", "slug", "name", "category", "price", "image_url", "in_stock", "rating"}
CART_LINE = {"sku", "name", "quantity", "unit_price", "line_total", "available"}
ORDER = {
    "number", "status", "items", "subtotal", "discount", "shipping", "tax", "total", "placed_at",
}  # fmt: skip


def usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


async def put(client: httpx.AsyncClient, sku: str, quantity: int) -> httpx.Response:
    return await client.put(f"{API}/cart/items/{sku}", json={"quantity": quantity})


async def buy(client: httpx.AsyncClient, key: str, **changed: Any) -> httpx.Response:
    body = {**CHECKOUT, **changed}
    return await client.post(f"{API}/checkout", json=body, headers={"Idempotency-Key": key})


async def test_cart(client: httpx.AsyncClient) -> None:
    empty = await client.get(f"{API}/cart")
    assert empty.json() == {"items": [], "subtotal": usd(0), "version": 0}
    assert "set-cookie" not in empty.headers
    await put(client, "SKU-002", 2)
    body = (await put(client, "SKU-000", 1)).json()
    assert body.keys() == {"items", "subtotal", "version"}
    assert body["items"] == [
        {
            "sku": "SKU-002", "name": "Plain thing 002", "quantity": 2, "unit_price": usd(700),
            "line_total": usd(1400), "available": 1000,
        },
        {
            "sku": "SKU-000", "name": "Plain thing 000", "quantity": 1, "unit_price": usd(500),
            "line_total": usd(500), "available": 3,
        },
    ]  # fmt: skip
    assert body["subtotal"] == usd(1900)
    assert (await client.get(f"{API}/cart")).json() == body
    removed = await client.request("DELETE", f"{API}/cart/items/SKU-002", headers=JSON)
    assert [line["sku"] for line in removed.json()["items"]] == ["SKU-000"]
    assert (await put(client, "SKU-000", 0)).json()["items"] == []
    problem(await put(client, "NOTHING", 1), 404)
    problem(await put(client, "NOTHING", 0), 404)


@pytest.mark.parametrize("quantity", [-1, 100, 1.5, "2", None, True, [], {}, 10**30, "'; --"])
async def test_quantities_that_are_none(client: httpx.AsyncClient, quantity: Any) -> None:
    answer = await client.put(f"{API}/cart/items/SKU-002", json={"quantity": quantity})
    assert bad_fields(answer) == {"quantity"}
    assert (await client.get(f"{API}/cart")).json()["items"] == []


async def test_a_purchase(client: httpx.AsyncClient) -> None:
    await put(client, "SKU-010", 2)
    key = uuid4().hex
    answer = await buy(client, key, coupon="WELCOME10")
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert order.keys() == ORDER
    assert order["status"] == "paid"
    assert order["items"] == [
        {
            "sku": "SKU-010", "name": "Plain thing 010", "quantity": 2, "unit_price": usd(1500),
            "line_total": usd(3000),
        }
    ]  # fmt: skip
    # 10 % off 30.00; standard shipping below 75.00; 20 % tax on 27.00
    parts = {name: order[name]["amount"] for name in ORDER if isinstance(order[name], dict)}
    assert parts == {
        "subtotal": 3000, "discount": 300, "shipping": 490, "tax": 540, "total": 3730,
    }  # fmt: skip
    assert "idempotent-replayed" not in answer.headers
    again = await buy(client, key, coupon="WELCOME10")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.content == answer.content
    other = await buy(client, key, coupon=None)
    assert problem(other, 422)["type"].endswith("idempotency-key-reused")
    seen = await client.get(f"{API}/orders/{order['number']}")
    assert seen.json()["total"] == order["total"]


async def test_an_order_is_its_owners(app: Any, client: httpx.AsyncClient) -> None:
    await put(client, "SKU-011", 1)
    number = (await buy(client, uuid4().hex)).json()["number"]
    async with visitor(app) as other:
        await put(other, "SKU-011", 1)
        problem(await other.get(f"{API}/orders/{number}"), 404)
        problem(await other.get(f"{API}/orders"), 401)
    for wrong in ("nothing", "%00", "%ff", "a" * 3000):
        problem(await client.get(f"{API}/orders/{wrong}"), 404)


async def test_twenty_presses_of_one_button(client: httpx.AsyncClient) -> None:
    await put(client, "SKU-012", 1)
    key = uuid4().hex
    answers = await asyncio.gather(*(buy(client, key) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 19


async def test_two_windows_buy_a_cart_once(client: httpx.AsyncClient) -> None:
    await put(client, "SKU-012", 2)
    tokens = {"one": "tok_visa", "two": "tok_lost", "three": "tok_visa"}
    answers = await asyncio.gather(
        *(buy(client, key, payment_token=token) for key, token in tokens.items())
    )
    (number,) = {a.json()["number"] for a in answers if a.status_code == 201}
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) == 2
    for answer in refused:  # 422: it came when the cart was empty already
        if answer.status_code == 409:
            said = problem(answer, 409)
            assert (said["type"], said["order"]) == ("/docs#problem-cart-ordered", number)
        else:
            assert bad_fields(answer) == {"cart"}


async def test_what_stops_a_purchase(app: Any, client: httpx.AsyncClient) -> None:
    no_key = await client.post(f"{API}/checkout", json=CHECKOUT)
    problem(no_key, 400)
    problem(await buy(client, "k" * 256), 400)
    assert bad_fields(await buy(client, "empty")) == {"cart"}
    await put(client, "SKU-013", 1)
    declined = await buy(client, "declined", payment_token="tok_declined")
    problem(declined, 402)
    again = await buy(client, "declined", payment_token="tok_declined")
    assert again.content == declined.content
    assert again.headers["idempotent-replayed"] == "true"
    await put(client, "SKU-000", 4)
    await put(client, "SKU-001", 1)
    short = problem(await buy(client, "short"), 409)
    left = {s["sku"]: (s["requested"], s["available"]) for s in short["shortages"]}
    assert left == {"SKU-000": (4, 3), "SKU-001": (1, 0)}


async def test_every_bad_field_of_a_checkout_is_named(client: httpx.AsyncClient) -> None:
    await put(client, "SKU-014", 1)
    body = {
        "email": "nobody", "shipping_method": "pigeon", "payment_token": "tok_gold", "total": 1,
        "shipping_address": {"name": "a\x00b", "line1": "x" * 300, "country": "XX", "planet": "E"},
    }  # fmt: skip
    answer = await client.post(f"{API}/checkout", json=body, headers={"Idempotency-Key": "bad"})
    place = "shipping_address."
    assert bad_fields(answer) == {
        "email", "shipping_method", "payment_token", "total", place + "name", place + "line1",
        place + "city", place + "postal_code", place + "country", place + "planet",
    }  # fmt: skip


async def test_accounts(app: Any, client: httpx.AsyncClient) -> None:
    email = f"{uuid4().hex}@example.com"
    problem(await client.get(f"{API}/me"), 401)
    problem(await client.get(f"{API}/orders"), 401)
    await put(client, "SKU-015", 1)
    person = {"email": email, "password": "correct horse", "name": "Ada"}
    made = await client.post(f"{API}/auth/register", json=person)
    assert made.status_code == 201, made.text
    assert made.json() == {"email": email, "name": "Ada"}
    assert (await client.get(f"{API}/me")).json() == made.json()
    assert [line["sku"] for line in (await client.get(f"{API}/cart")).json()["items"]] == [
        "SKU-015"
    ]
    first = (await buy(client, uuid4().hex)).json()["number"]
    await put(client, "SKU-016", 1)
    second = (await buy(client, uuid4().hex)).json()["number"]
    orders = (await client.get(f"{API}/orders")).json()["items"]
    assert [order["number"] for order in orders] == [second, first]
    out = await client.post(f"{API}/auth/logout", headers=JSON)
    assert (out.status_code, out.content) == (204, b"")
    problem(await client.get(f"{API}/me"), 401)
    problem(await client.get(f"{API}/orders/{first}"), 404)
    async with visitor(app) as elsewhere:
        taken = await elsewhere.post(f"{API}/auth/register", json={**person, "name": "Eve"})
        problem(taken, 409)
        wrong = {"email": email, "password": "wrong horse"}
        problem(await elsewhere.post(f"{API}/auth/login", json=wrong), 401)
        await put(elsewhere, "SKU-017", 2)
        right = await elsewhere.post(
            f"{API}/auth/login", json={"email": email, "password": "correct horse"}
        )
        assert (right.status_code, right.json()) == (200, made.json())
        assert (await elsewhere.get(f"{API}/orders/{first}")).status_code == 200
        merged = (await elsewhere.get(f"{API}/cart")).json()["items"]
        assert [(line["sku"], line["quantity"]) for line in merged] == [("SKU-017", 2)]


async def test_a_customers_key_counts_on_every_device(app: Any) -> None:
    async with visitor(app) as first, visitor(app) as second:
        account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse"}
        await first.post(f"{API}/auth/register", json={**account, "name": "Ada"})
        await put(first, "SKU-010", 1)
        # The second device has nothing but the session, and forgets whatever else it is told.
        await second.post(f"{API}/auth/login", json=account)
        session = {"Cookie": f"session={second.cookies['session']}"}
        second.cookies.clear()
        key = uuid4().hex

        async def send() -> httpx.Response:
            headers = {"Idempotency-Key": key, **session}
            async with visitor(app) as device:
                return await device.post(f"{API}/checkout", json=CHECKOUT, headers=headers)

        answers = await asyncio.gather(*(send() for _ in range(20)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.text for answer in answers}) == 1
        await put(first, "SKU-011", 1)
        assert (await buy(first, key)).text == answers[0].text
        assert len((await first.get(f"{API}/orders")).json()["items"]) == 1


async def test_a_key_from_before_signing_in_is_known_after_it(app: Any) -> None:
    async with visitor(app) as client:
        await put(client, "SKU-010", 1)
        key = uuid4().hex
        placed = await buy(client, key)
        account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse"}
        await client.post(f"{API}/auth/register", json={**account, "name": "Ada"})
        again = await buy(client, key)
        await put(client, "SKU-011", 1)
        filled = await buy(client, key)
    for answer in (again, filled):
        assert answer.headers["idempotent-replayed"] == "true"
        assert answer.text == placed.text

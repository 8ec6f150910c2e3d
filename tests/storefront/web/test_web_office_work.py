"""What staff do in the back office: look, find, change, and take along."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from web_kit import CHECKOUT, buy, customer, employee, page

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def staff(app: Any, shop: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with employee(app, shop) as client:
        yield client


async def test_the_overview(staff: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    await buy(client, "SKU-010")
    seen = page(await staff.get("/admin"))
    # 15.00, shipping 4.90, 20 % tax on 15.00
    assert seen.text.count("$22.90") >= 3
    assert "Last 30 days" in seen.text
    assert "1 to be sent" in seen.text
    assert "/admin/products/SKU-001" in seen.links  # sold out
    assert sum(link.startswith("/admin/orders/") for link in seen.links) == 1


async def test_finding_orders(staff: httpx.AsyncClient, app: Any) -> None:
    async with customer(app, "Grace Hopper") as buyer:
        paid = (await buy(buyer, "SKU-011", email="Grace@birds.test")).json()["number"]
        await buy(buyer, "SKU-012", email="grace@birds.test", payment_token="tok_declined")

    async def found(query: str) -> list[str]:
        links = page(await staff.get(f"/admin/orders?{query}")).links
        return [link for link in links if link.startswith("/admin/orders/")]

    assert len(await found("q=grace%40birds")) == 2
    assert await found("q=GRACE&status=paid") == [f"/admin/orders/{paid}"]
    assert await found(f"q={paid.lower()}") == [f"/admin/orders/{paid}"]
    (cancelled,) = await found("q=grace&status=cancelled")
    assert await found("q=nobody") == []
    assert len(await found("q=grace&status=nonsense")) == 2
    opened = page(await staff.get(f"/admin/orders/{paid}"))
    for text in ("Grace@birds.test", "Grace Hopper", "Charged", f"{paid}-1", "To be sent",
                 "12 St James's Square", "United Kingdom", "3 to 5 working days"):  # fmt: skip
        assert text in opened.text
    declined = page(await staff.get(cancelled)).text
    assert "Declined" in declined
    assert "Cancelled" in declined


async def test_orders_are_paged(staff: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    for _ in range(26):
        await buy(client, "SKU-013", email="page@birds.test")
    first = page(await staff.get("/admin/orders?q=page%40"))
    (more,) = (link for link in first.links if "before=" in link)
    second = page(await staff.get(more))
    orders = [
        [link for link in one.links if link.startswith("/admin/orders/")] for one in (first, second)
    ]
    assert [len(links) for links in orders] == [25, 1]
    assert not set(orders[0]) & set(orders[1])
    assert "/admin/orders?q=page%40" in second.links


async def test_orders_as_csv(staff: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    address = {**CHECKOUT["shipping_address"], "name": '=HYPERLINK("http://evil.test"), Ada\u2019s'}  # type: ignore[dict-item]
    await buy(client, "SKU-014", email="+csv@birds.test", shipping_address=address)
    answer = await staff.get("/admin/orders.csv?q=%2Bcsv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="orders-20')
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["email"] == "'+csv@birds.test"
    assert row["name"] == "'" + address["name"]
    assert (row["units"], row["subtotal"], row["total"]) == ("1", "19.00", "27.70")
    assert row["placed_at"].endswith("+00:00")
    everything = list(csv.reader(io.StringIO((await staff.get("/admin/orders.csv")).text)))
    assert len(everything) >= 2
    none = (await staff.get("/admin/orders.csv?q=nobody")).text
    assert none.count("\r\n") == 1


async def test_finding_products(staff: httpx.AsyncClient) -> None:
    async def found(query: str) -> list[str]:
        links = page(await staff.get(f"/admin/products?{query}")).links
        return [link for link in links if link.startswith("/admin/products/")]

    assert len(await found("")) == 25
    assert await found("q=sku-007") == ["/admin/products/SKU-007"]
    assert await found("q=thing+007") == ["/admin/products/SKU-007"]
    assert await found("low=1") == [f"/admin/products/SKU-{n:03}" for n in (0, 1, 4)]
    first = page(await staff.get("/admin/products?q=thing"))
    (more,) = (link for link in first.links if "after=" in link)
    assert len([x for x in page(await staff.get(more)).links if "/SKU-" in x]) == 25
    assert "No such products" in page(await staff.get("/admin/products?q=%25")).text


async def test_changing_a_price(staff: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    url = "/admin/products/SKU-043"
    sent = await staff.post(f"{url}/price", data={"price": " 12.5 ", "expected": "4800"})
    assert (sent.status_code, sent.headers["location"]) == (303, f"{url}?saved=price")
    assert "The price is changed" in page(await staff.get(sent.headers["location"])).text
    product = (await client.get("/api/v1/products/thing-043")).json()
    assert product["price"]["amount"] == 1250
    late = await staff.post(f"{url}/price", data={"price": "13", "expected": "4800"})
    assert "it is $12.50 now" in page(late, 409).text
    assert 'name="expected" value="1250"' in late.text
    assert 'value="13"' in late.text


@pytest.mark.parametrize(
    "price", ["", "0", "0.00", "-1", "1.234", "1,50", "x", "1e3", "\u0661", "9" * 40, "1000000.01"]
)
async def test_prices_that_are_none(staff: httpx.AsyncClient, shop: Any, price: str) -> None:
    sent = {"price": price, "expected": "4900"}
    answer = await staff.post("/admin/products/SKU-044/price", data=sent)
    page(answer, 422)
    assert 'id="e-price"' in answer.text
    assert (await shop.administration.product("SKU-044")).price == 4900


async def test_changing_the_stock(staff: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    url = "/admin/products/SKU-045"
    sent = await staff.post(f"{url}/stock", data={"available": "0", "expected": "1000"})
    assert (sent.status_code, sent.headers["location"]) == (303, f"{url}?saved=stock")
    assert (await client.get("/api/v1/products/thing-045")).json()["in_stock"] is False
    await staff.post(f"{url}/stock", data={"available": "5", "expected": "0"})
    await buy(client, "SKU-045")  # while somebody types
    late = await staff.post(f"{url}/stock", data={"available": "50", "expected": "5"})
    assert "it is 4 now" in page(late, 409).text
    assert 'name="expected" value="4"' in late.text
    assert 'value="50"' in late.text
    again = await staff.post(f"{url}/stock", data={"available": "50", "expected": "4"})
    assert again.status_code == 303
    assert (await client.get("/api/v1/products/thing-045")).json()["available"] == 50


@pytest.mark.parametrize("units", ["", "-1", "1.5", "x", "1000001", "9" * 40, "²"])
async def test_stock_that_is_none(staff: httpx.AsyncClient, shop: Any, units: str) -> None:
    sent = {"available": units, "expected": "1000"}
    answer = await staff.post("/admin/products/SKU-046/stock", data=sent)
    page(answer, 422)
    assert 'id="e-available"' in answer.text
    assert (await shop.administration.product("SKU-046")).available == 1000


@pytest.mark.parametrize("expected", ["", "x", "-1", "9" * 40])
async def test_what_was_shown_must_be_said(staff: httpx.AsyncClient, expected: str) -> None:
    for what, field in (("price", "price"), ("stock", "available")):
        sent = {field: "7", "expected": expected}
        page(await staff.post(f"/admin/products/SKU-047/{what}", data=sent), 409)


async def test_removing_a_review(
    staff: httpx.AsyncClient, app: Any, client: httpx.AsyncClient
) -> None:
    path = "/api/v1/products/thing-049/reviews"
    for name, rating in (("Ada Byron", 5), ("Otto Rude", 1)):
        async with customer(app, name) as buyer:
            await buy(buyer, "SKU-049")
            written = {"rating": rating, "title": f"By {name}", "text": "So it is."}
            assert (await buyer.post(path, json=written)).status_code == 201
    listed = await staff.get("/admin/reviews")
    assert page(listed).text.index("By Otto Rude") < page(listed).text.index("By Ada Byron")
    newest = re.search(r"/admin/reviews/(\d+)/remove", listed.text)
    assert newest
    for _ in range(2):  # twice is no error
        sent = await staff.post(newest[0], data={"sure": "1"})
        assert (sent.status_code, sent.headers["location"]) == (303, "/admin/reviews?removed=1")
    assert "is removed" in page(await staff.get(sent.headers["location"])).text
    left = (await client.get(path)).json()
    assert [review["title"] for review in left["items"]] == ["By Ada Byron"]
    assert (left["summary"]["count"], left["summary"]["average"]) == (1, 5.0)
    older = page(await staff.get(f"/admin/reviews?before={newest[1]}"))
    assert "By Ada Byron" in older.text
    for wrong in ("0", "-1", "x", "9" * 30, "%00"):
        page(await staff.get(f"/admin/reviews?before={wrong}"))
        page(await staff.post(f"/admin/reviews/{wrong}/remove", data={"sure": "1"}), 404)

"""The real program and the real storefront: buy, crash, stop, start again; nothing is lost."""

from __future__ import annotations

import contextlib
import json
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from boxkit import ROOT, Box, boxed, eventually

CATALOGUE = """sku,name,description,category,price,currency,stock,image_url
MUG-1,Stoneware mug,"A mug for tea, 300 ml.",Table,18.50,USD,500,https://example.com/mug.jpg
TRAY-1,Oak tray,A tray of oiled oak.,Table,42.00,USD,5,https://example.com/tray.jpg
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    folder = tmp_path_factory.mktemp("shop")
    with boxed(folder / "state", ROOT) as box:
        box.up("--empty")
        file = folder / "catalogue.csv"
        file.write_text(CATALOGUE)
        box.call("run", "--", "python", "-m", "storefront", "import-catalogue", str(file))
        yield box


class Shopper:
    """A visitor with a browser's cookies."""

    def __init__(self, box: Box) -> None:
        self.http = httpx.Client(base_url=box.url, timeout=30)

    def cart(self) -> dict[str, int]:
        answer = self.http.get("/api/v1/cart").raise_for_status().json()
        return {item["sku"]: item["quantity"] for item in answer["items"]}

    def put(self, sku: str, quantity: int) -> None:
        self.http.put(f"/api/v1/cart/items/{sku}", json={"quantity": quantity}).raise_for_status()

    def checkout(self, key: str) -> httpx.Response:
        address = {
            "name": "Ada Shopper",
            "line1": "1 Mill Lane",
            "city": "Springfield",
            "postal_code": "12345",
            "country": "US",
        }
        return self.http.post(
            "/api/v1/checkout",
            headers={"Idempotency-Key": key},
            json={
                "email": "ada@example.com",
                "shipping_address": address,
                "shipping_method": "standard",
                "payment_token": "tok_visa",
            },
        )

    def order(self, number: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get(f"/api/v1/orders/{number}").raise_for_status().json()
        return answer


@pytest.fixture
def shopper(shop: Box) -> Iterator[Shopper]:
    made = Shopper(shop)
    with made.http:
        yield made


def payments(box: Box) -> list[dict[str, Any]]:
    printed = box.call("run", "--", "python", "-m", "storefront", "payments").stdout
    return [json.loads(line) for line in printed.splitlines()]


def test_what_the_shop_needs_is_served(shop: Box) -> None:
    found: dict[str, list[dict[str, Any]]] = {}
    for resource in shop.status()["resources"]:
        found.setdefault(resource["state"], []).append(resource)
    assert not found.get("refused")
    served = {resource["type"] for resource in found["served"]}
    assert served >= {
        "aws:rds/instance:Instance",
        "aws:elasticache/replicationGroup:ReplicationGroup",
        "aws:dynamodb/table:Table",
        "aws:s3/bucket:Bucket",
        "aws:sqs/queue:Queue",
        "aws:secretsmanager/secret:Secret",
        "kubernetes:apps/v1:Deployment",
        "kubernetes:batch/v1:Job",
        "kubernetes:core/v1:Service",
    }


def test_an_order_and_a_cart_survive_down_and_up(shop: Box, shopper: Shopper) -> None:
    assert "Stoneware mug" in shopper.http.get("/").raise_for_status().text
    shopper.put("TRAY-1", 1)
    placed = shopper.checkout(str(uuid.uuid4()))
    assert placed.status_code == 201
    number = placed.json()["number"]
    eventually(lambda: shopper.order(number)["status"] == "fulfilled")
    eventually(lambda: list(shop.state.glob(f"mail*/*{number}*")))
    shopper.put("MUG-1", 3)

    shop.call("down")
    assert shop.survivors() == []
    shop.up("--empty")

    assert shopper.order(number)["status"] == "fulfilled"
    assert shopper.cart() == {"MUG-1": 3}
    assert [p["order_number"] for p in payments(shop)].count(number) == 1
    product = shopper.http.get("/api/v1/products/oak-tray").json()
    assert product["available"] == 4


def test_a_cart_survives_the_aws_server(shop: Box, shopper: Shopper) -> None:
    shopper.put("MUG-1", 2)
    shop.kill("aws")
    assert eventually(lambda: _cart_or_nothing(shopper)) == {"MUG-1": 2}


def _cart_or_nothing(shopper: Shopper) -> dict[str, int]:
    try:
        return shopper.cart()
    except httpx.HTTPStatusError:
        return {}


class Crowd:
    """Two customers who buy mugs all the time, each order as a new visitor."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.over = threading.Event()
        self.answered: list[tuple[Shopper, str]] = []
        self.threads = [threading.Thread(target=self.buy) for _ in range(2)]
        for thread in self.threads:
            thread.start()

    def buy(self) -> None:
        while not self.over.is_set():
            customer = Shopper(self.box)
            try:
                customer.put("MUG-1", 1)
                answer = customer.checkout(str(uuid.uuid4()))
            except httpx.HTTPError:  # the one that hit what was killed
                customer.http.close()
                continue
            if answer.status_code == 201:
                self.answered.append((customer, answer.json()["number"]))
            else:
                customer.http.close()

    def wait_for_orders(self, more: int) -> None:
        goal = len(self.answered) + more
        eventually(lambda: len(self.answered) >= goal, 40)

    def go_home(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.parametrize("part", ["web-1", "postgres", "worker"])
def test_orders_that_were_answered_survive_kill(shop: Box, part: str) -> None:
    """While the shop sells: every 201 is there, every charge has its order, all are fulfilled."""
    crowd = Crowd(shop)
    try:
        crowd.wait_for_orders(2)
        shop.kill(part)
        crowd.wait_for_orders(2)
    finally:
        crowd.go_home()

    charged = [payment["order_number"] for payment in payments(shop)]
    assert len(charged) == len(set(charged))
    for customer, number in crowd.answered:
        with contextlib.closing(customer.http):
            assert charged.count(number) == 1

            def fulfilled(customer: Shopper = customer, number: str = number) -> bool:
                return bool(customer.order(number)["status"] == "fulfilled")

            eventually(fulfilled, 60)


def test_evaluating_leaves_no_trace_in_the_project(shop: Box) -> None:
    assert shop.status()["ready"]
    assert not (ROOT / "services" / "storefront" / "mail").exists()
    assert not Path(ROOT / "journal.jsonl").exists()

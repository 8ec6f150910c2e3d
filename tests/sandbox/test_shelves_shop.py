"""From click to shelf, through the declared edge, API and functions: real handlers, real data."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from boxkit import ROOT, Box, boxed, eventually

HEADER = "sku,name,description,category,price,currency,stock,image_url"
STOCK = {"MUG": 500, "TRAY": 500, "LAMP": 500, "VASE": 500, "SOLD": 1, "BOWL": 500, "RUG": 500}
EVENTS, SHELF = "/api/v1/events", "/api/v1/recommendations"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    folder = tmp_path_factory.mktemp("shelves")
    with boxed(folder / "state", ROOT) as box:
        box.up("--empty")
        file = folder / "catalogue.csv"
        rows = [
            f"{sku},{sku.title()} of oak,A thing.,Home,{20 + at},USD,{stock},https://example.com/p.jpg"
            for at, (sku, stock) in enumerate(STOCK.items())
        ]
        file.write_text("\n".join([HEADER, *rows, ""]))
        box.call("run", "--", "python", "-m", "storefront", "import-catalogue", str(file))
        yield box


@pytest.fixture
def visitor(shop: Box) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shop.url, timeout=30) as client:
        yield client


def batch(*skus: str, type_: str = "View") -> dict[str, Any]:
    now = int(time.time() * 1000)
    events = [{"id": str(uuid.uuid4()), "type": type_, "sku": s, "at": now} for s in skus]
    return {"id": str(uuid.uuid4()), "sent_at": now, "events": events}


def buy(client: httpx.Client, *skus: str) -> None:
    for sku in skus:
        client.put(f"/api/v1/cart/items/{sku}", json={"quantity": 1}).raise_for_status()
    placed = client.post(
        "/api/v1/checkout",
        headers={"Idempotency-Key": str(uuid.uuid4())},
        json={
            "email": "ada@example.com",
            "shipping_address": {
                "name": "Ada Shopper",
                "line1": "1 Mill Lane",
                "city": "Springfield",
                "postal_code": "12345",
                "country": "US",
            },
            "shipping_method": "standard",
            "payment_token": "tok_visa",
        },
    )
    assert placed.status_code == 201, placed.text


def shelf(client: httpx.Client, name: str, *skus: str, limit: int = 8) -> dict[str, Any]:
    told = [("shelf", name), ("limit", str(limit)), *(("sku", sku) for sku in skus)]
    found: dict[str, Any] = client.get(SHELF, params=told).raise_for_status().json()
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [item["sku"] for item in found["items"]]


def recorded(shop: Box) -> list[dict[str, Any]]:
    """Every line of the record."""
    environment = shop.run_file()["environment"]
    s3 = boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    bucket = environment["EVENTS_BUCKET"]
    lines = []
    for found in s3.list_objects_v2(Bucket=bucket, Prefix="events/").get("Contents", []):
        text = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read().decode()
        lines += [json.loads(line) for line in text.splitlines()]
    return lines


def test_the_api_answers_nobody_but_the_edge(shop: Box, visitor: httpx.Client) -> None:
    apis = [r for r in shop.status()["resources"] if r["type"] == "aws:apigatewayv2/api:Api"]
    (address,) = [found for r in apis for found in re.findall(r"http://[\w.:]+", str(r))]
    params = {"shelf": "popular"}
    for key in ({}, {"x-shop-edge-key": "guessed"}):
        assert httpx.get(address + SHELF, params=params, headers=key).status_code == 403
        assert httpx.post(address + EVENTS, json=batch("MUG"), headers=key).status_code == 403
    # The edge says its own, whatever a visitor says.
    headers = {"x-shop-edge-key": "guessed"}
    assert visitor.get(SHELF, params=params, headers=headers).status_code == 200


def test_an_accepted_event_is_in_the_record_under_its_visitor(
    shop: Box, visitor: httpx.Client
) -> None:
    told = batch("MUG", "TRAY")
    answer = visitor.post(EVENTS, json=told)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2})
    assert "visitor" in visitor.cookies
    assert "x-content-type-options" in answer.headers
    ids = {event["id"] for event in told["events"]}
    (first, second) = [line for line in recorded(shop) if line["id"] in ids]
    assert first["user"] == second["user"]
    assert first["customer"] is False
    assert visitor.cookies["visitor"] not in json.dumps([first, second])


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (json.dumps(batch("MUG", type_="Purchase")).encode(), {}, 422),
        (json.dumps(batch("MUG") | {"user": "somebody else"}).encode(), {}, 422),
        (json.dumps(batch("MUG")).encode(), {"Origin": "https://evil.example"}, 403),
        (b" " * 20_000, {}, 413),
    ],
    ids=["malformed", "forged purchase", "forged user", "another site", "oversized"],
)
def test_what_is_no_honest_event_is_refused_and_not_recorded(
    shop: Box, visitor: httpx.Client, body: bytes, headers: dict[str, str], status: int
) -> None:
    before = len(recorded(shop))
    answer = visitor.post(
        EVENTS, content=body, headers={"Content-Type": "application/json", **headers}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(recorded(shop)) == before


def test_a_batch_counts_once(shop: Box, visitor: httpx.Client) -> None:
    told = batch("LAMP")
    assert [visitor.post(EVENTS, json=told).status_code for _ in range(2)] == [202, 409]
    ids = [line["id"] for line in recorded(shop)]
    assert ids.count(told["events"][0]["id"]) == 1


def test_the_shelves_of_the_next_page_follow_what_was_bought(shop: Box) -> None:
    for _ in range(4):  # others who bought a mug bought a vase and a bowl with it
        with httpx.Client(base_url=shop.url, timeout=30) as other:
            buy(other, "MUG", "VASE", "BOWL")
    shop.call("run", "--", "python", "-m", "storefront", "train")
    with httpx.Client(base_url=shop.url, timeout=30) as client:
        before = names(shelf(client, "for-you"))
        assert "MUG" in before
        buy(client, "MUG")
        after = shelf(client, "for-you")
        assert after["source"] == "co-purchase"
        assert set(names(after)[:4:2]) == {"VASE", "BOWL"}  # in turns with what sells
        assert "MUG" not in names(after)
        assert names(after) != before
        also = shelf(client, "also-bought", "VASE")
        assert names(also)[0] == "BOWL"


def test_what_is_sold_out_is_recommended_by_nobody(shop: Box, visitor: httpx.Client) -> None:
    assert any("SOLD" in names(shelf(visitor, kind)) for kind in ("popular", "for-you"))
    with httpx.Client(base_url=shop.url, timeout=30) as other:
        buy(other, "SOLD")
    for kind in ("popular", "for-you"):
        assert "SOLD" not in names(shelf(visitor, kind, limit=24))
    assert names(shelf(visitor, "recently-viewed", "SOLD", "RUG")) == ["RUG"]
    assert "SOLD" not in names(shelf(visitor, "also-bought", "RUG", limit=24))


def test_a_function_that_dies_is_there_again(shop: Box, visitor: httpx.Client) -> None:
    def pids() -> list[int]:
        found = []
        for entry in Path("/proc").glob("[0-9]*/cwd"):
            with contextlib.suppress(OSError):
                inside = entry.readlink().is_relative_to(shop.state)
                environment = (entry.parent / "environ").read_bytes()
                if inside and b"_HANDLER=recommend" in environment:
                    found.append(int(entry.parent.name))
        return found

    shelf(visitor, "popular")
    killed = pids()
    assert killed
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: visitor.get(SHELF, params={"shelf": "popular"}).status_code == 200)

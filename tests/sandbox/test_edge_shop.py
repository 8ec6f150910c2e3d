"""The whole shop behind its declared edge: headers, sessions, maintenance, kills, rollouts."""

from __future__ import annotations

import os
import re
import signal
import time
import uuid
from collections.abc import Iterator
from typing import Any
from unittest.mock import MagicMock

import boto3
import httpx
import pytest
from boxkit import ROOT, Box, boxed, eventually
from starlette.routing import BaseRoute, Mount, Route
from steady import SHOPPERS, Load
from storefront.web.app import _routes

CATALOGUE = """sku,name,description,category,price,currency,stock,image_url
MUG-1,Stoneware mug,"A mug for tea, 300 ml.",Table,18.50,USD,500000,https://example.com/mug.jpg
TRAY-1,Oak tray,A tray of oiled oak.,Table,42.00,USD,5,https://example.com/tray.jpg
"""
PATHS = ["/", "/c/table", "/p/stoneware-mug", "/search?q=mug", "/cart"]
HEADERS = {
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    folder = tmp_path_factory.mktemp("edge")
    with boxed(folder / "state", ROOT) as box:
        box.up("--empty")
        file = folder / "catalogue.csv"
        file.write_text(CATALOGUE)
        box.call("run", "--", "python", "-m", "storefront", "import-catalogue", str(file))
        yield box


def s3(box: Box) -> Any:
    environment = box.run_file()["environment"]
    return boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


def resource(box: Box, type_: str, name: str) -> dict[str, str]:
    for found in box.status()["resources"]:
        if found["type"] == type_ and found["name"] == name:
            return dict(found)
    raise LookupError(name)


def bucket_like(box: Box, prefix: str) -> str:
    names = [bucket["Name"] for bucket in s3(box).list_buckets()["Buckets"]]
    (found,) = [name for name in names if name.startswith(prefix)]
    return str(found)


def test_the_edge_is_served_and_says_what_is_not(shop: Box) -> None:
    firewall = resource(shop, "aws:wafv2/webAcl:WebAcl", "edge")
    assert firewall["state"] == "served"
    assert "only recorded: core" in firewall["detail"]
    for type_ in ("cachePolicy:CachePolicy", "responseHeadersPolicy:ResponseHeadersPolicy"):
        assert resource(shop, f"aws:cloudfront/{type_}", "edge-pages")["state"] == "served"
    assert resource(shop, "aws:cloudfront/distribution:Distribution", "edge")["state"] == "served"
    assert resource(shop, "aws:route53/healthCheck:HealthCheck", "edge")["state"] == "recorded"


def test_files_come_from_their_bucket_and_else_from_the_shop(shop: Box) -> None:
    files, images = bucket_like(shop, "edge-files-"), bucket_like(shop, "data-images-")
    s3(shop).put_object(Bucket=files, Key="static/marker.txt", Body=b"from the bucket")
    s3(shop).put_object(Bucket=images, Key="images/marker.svg", Body=b"<svg/>")
    with httpx.Client(base_url=shop.url) as http:
        assert http.get("/static/marker.txt").text == "from the bucket"
        assert http.get("/images/marker.svg").text == "<svg/>"
        link = re.search(r'href="(/static/site\.[0-9a-f]+\.css)"', http.get("/").text)
        assert link is not None
        s3(shop).delete_object(Bucket=files, Key=link[1].removeprefix("/"))
        answer = http.get(link[1])  # the shop's own copy has no ETag of S3's
        assert answer.status_code == 200
        assert "etag" not in answer.headers
        assert http.get("/static/no-such.css").status_code == 404
        assert http.get("/maintenance.css").headers["content-type"].startswith("text/css")


class Person:
    """A signed-in customer with an order, and what only they may see."""

    def __init__(self, box: Box, name: str) -> None:
        self.http = httpx.Client(base_url=box.url, timeout=30)
        self.name = f"{name} {uuid.uuid4().hex}"
        self.email = f"{uuid.uuid4().hex}@example.com"
        told = {"email": self.email, "password": "correct horse battery", "name": self.name}
        self.http.put("/api/v1/cart/items/MUG-1", json={"quantity": 1}).raise_for_status()
        self.http.post("/api/v1/auth/register", json=told).raise_for_status()
        address = {
            "name": self.name, "line1": "1 Mill Lane", "city": "Springfield",
            "postal_code": "12345", "country": "US",
        }  # fmt: skip
        order = {
            "email": self.email, "shipping_address": address, "shipping_method": "standard",
            "payment_token": "tok_visa",
        }  # fmt: skip
        key = {"Idempotency-Key": str(uuid.uuid4())}
        placed = self.http.post("/api/v1/checkout", json=order, headers=key).raise_for_status()
        self.number = str(placed.json()["number"])
        self.http.put("/api/v1/cart/items/TRAY-1", json={"quantity": 1}).raise_for_status()

    def secrets(self) -> list[str]:
        tokens = [value for value in self.http.cookies.values() if len(value) > 10]
        return [self.name, self.email, self.number, *tokens]


def routes(found: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(method, path) of everything that the storefront's own router knows."""
    for route in found:
        if isinstance(route, Mount):
            yield from routes(list(route.routes), f"{prefix}{route.path}")
        else:
            assert isinstance(route, Route)
            for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
                yield method, prefix + route.path


def filled(path: str, number: str) -> str:
    values = {
        "category": "table", "slug": "stoneware-mug", "sku": "MUG-1", "number": number,
        "key:path": "none.svg", "name": "none.css", "rest:path": "/orders",
    }  # fmt: skip
    return re.sub(r"\{([^}]+)\}", lambda m: values[m[1]], path)


def test_no_session_sees_another_ones_page_and_every_answer_is_guarded(shop: Box) -> None:
    known = list(routes(_routes(MagicMock(), MagicMock(), MagicMock())))
    assert len(known) > 40
    leaving = [entry for entry in known if entry[1].endswith("logout")]
    walk = [entry for entry in known if entry not in leaving] * 2 + leaving
    people = [Person(shop, "Ada"), Person(shop, "Bob")]
    nobody = httpx.Client(base_url=shop.url, timeout=30)
    caches: set[str] = set()
    for method, path in walk:
        for who in (*people, None):
            own = who.secrets() if who else []
            others = [s for p in people if p is not who for s in p.secrets() if s not in own]
            http = who.http if who else nobody
            # A second person's order is asked for by its number: it must not be shown.
            target = filled(path, (who or people[0]).number)
            body = {} if method in ("GET", "DELETE") else {"json": {}}
            if who is None:
                nobody.cookies.clear()
            answer = http.request(method, target, **body)  # type: ignore[arg-type]
            said = f"{method} {target} as {who and who.name}: {answer.status_code}"
            assert answer.headers.keys() >= HEADERS, said
            assert not [secret for secret in others if secret in answer.text], said
            cache = answer.headers.get("x-cache", "")
            control = answer.headers.get("cache-control", "")
            if "set-cookie" in answer.headers:
                assert "Hit" not in cache, said
                assert "private" in control or "no-store" in control, said
            if who is not None and any(secret in answer.text for secret in own):
                assert "Hit" not in cache, said
                assert "private" in control or "no-store" in control, said
            caches.add(cache)
    assert caches >= {"Hit from edge", "Miss from edge"}
    for person in people:
        person.http.close()
    nobody.close()


def web(box: Box) -> list[dict[str, Any]]:
    return [part for part in box.run_file()["parts"] if part["kind"] == "web"]


def test_visitors_see_the_maintenance_page_while_no_pod_is_ready(shop: Box) -> None:
    with httpx.Client(base_url=shop.url, timeout=30) as http:
        for part in web(shop):
            os.kill(part["pid"], signal.SIGKILL)
        answer = eventually(
            lambda: answer if (answer := http.get("/cart")).status_code == 503 else None
        )
        assert "We will be right back" in answer.text
        assert answer.headers.keys() >= HEADERS
        assert "max-age=0" in answer.headers["cache-control"]
        assert http.post("/cart/items/MUG-1").status_code == 503
        eventually(lambda: http.get("/cart").status_code == 200)
        eventually(lambda: all(part["state"] == "ready" for part in web(shop)))


def test_a_killed_pod_loses_at_most_what_it_was_answering(shop: Box) -> None:
    load = Load(shop.port, PATHS, "MUG-1", rate=400).start()
    try:
        for part in web(shop)[:1]:
            goal = load.total + 300
            eventually(lambda goal=goal: load.total > goal)
            before = len(load.failures)
            shop.kill(part["name"])
            lost = load.failures[before:]
            assert len(lost) <= SHOPPERS, lost
    finally:
        load.stop()


def test_twenty_rolling_restarts_lose_nothing(shop: Box) -> None:
    """Real pods, with the declared strategy and probes; of the declared waits, which cover for what
    a laptop does not have (a load balancer that hears of changes late), a hundredth is kept."""
    load = Load(shop.port, PATHS, "MUG-1", rate=300).start()
    try:
        before = {part["pid"] for part in web(shop)}
        for left in reversed(range(20)):
            begun = time.monotonic()
            shop.call("restart", "web", "--waits", "0.01")
            now = {part["pid"] for part in web(shop) if part["state"] == "ready"}
            assert len(now) >= 2
            assert not now & before
            before = {part["pid"] for part in web(shop)}
            # 20,000 requests, spread over all restarts however long those take here.
            took = time.monotonic() - begun
            load.rate = min(440, max(60, (20_000 - load.total) / (took * max(left, 1))))
        eventually(lambda: load.total >= 20_000, 120)
    finally:
        load.stop()
    assert load.failures == []


def test_a_restart_of_something_unknown_is_refused(shop: Box) -> None:
    unknown = shop.call("restart", "nothing", check=False)
    assert unknown.returncode == 1
    assert "there is no Deployment nothing; there are: web, worker" in unknown.stderr
    assert "accepted: a number from 0 to 1" in shop.call(
        "restart", "web", "--waits", "2", check=False
    ).stderr  # fmt: skip

"""The HTTP API: routes, events and answers in payload format 2.0, limits, CORS and permissions."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from boxkit import Box

from sandbox.functions.payload import MalformedError, answer

SHOP = "https://shop.example"


@pytest.fixture(scope="module")
def api(serverless: Box) -> Iterator[httpx.Client]:
    resources = serverless.status()["resources"]
    endpoint = next(r["detail"] for r in resources if r["type"].endswith("api:Api"))
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", endpoint)
    with httpx.Client(base_url=endpoint, timeout=30) as made:
        yield made


def test_an_event_has_payload_format_2(api: httpx.Client) -> None:
    found = api.post(
        "/api/v1/events?a=1&a=2&b=&c=%C3%A9",
        content='{"x": "é"}',
        headers=[
            ("Content-Type", "application/json"),
            ("Cookie", "visitor=v; session=s"),
            ("X-Many", "1"),
            ("X-Many", "2"),
            ("User-Agent", "tests"),
            ("X-Forwarded-For", "192.0.2.7"),
        ],
    )
    assert found.status_code == 202
    event = found.json()
    assert event["version"] == "2.0"
    assert event["routeKey"] == "POST /api/v1/events"
    assert event["rawPath"] == "/api/v1/events"
    assert event["rawQueryString"] == "a=1&a=2&b=&c=%C3%A9"
    assert event["queryStringParameters"] == {"a": "1,2", "b": "", "c": "é"}
    assert event["cookies"] == ["visitor=v", "session=s"]
    assert "cookie" not in event["headers"]
    assert event["headers"]["x-many"] == "1,2"
    assert event["headers"]["x-forwarded-for"] == "192.0.2.7,127.0.0.1"
    assert event["body"] == '{"x": "é"}'
    assert event["isBase64Encoded"] is False
    assert "pathParameters" not in event
    http = event["requestContext"]["http"]
    assert http == {
        "method": "POST",
        "path": "/api/v1/events",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "tests",
    }
    assert event["requestContext"]["stage"] == "$default"


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/plain;charset=UTF-8", b"plain", True),
        ("application/problem+json", b"{}", True),
        ("application/x-www-form-urlencoded", b"a=1", False),
        ("application/octet-stream", b"\x00\xff", False),
        ("application/json", b"\xff", False),
    ],
)
def test_bodies_that_are_no_text_come_as_base64(
    api: httpx.Client, kind: str, body: bytes, text: bool
) -> None:
    event = api.post("/api/v1/events", content=body, headers={"Content-Type": kind}).json()
    assert event["isBase64Encoded"] is not text
    assert event["body"] == (body if text else base64.b64encode(body)).decode()


def test_an_answer_is_what_the_handler_says(api: httpx.Client) -> None:
    found = api.get("/api/v1/items/a%20b")
    assert found.json()["pathParameters"] == {"sku": "a b"}
    assert found.json()["rawPath"] == "/api/v1/items/a b"
    assert "body" not in found.json()
    assert found.headers["content-type"] == "application/json"
    assert found.headers["x-number"] == "7"
    assert found.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2"]


def test_a_bare_result_is_the_body(api: httpx.Client) -> None:
    found = api.post("/brittle", json={"how": "well"})
    assert found.status_code == 200
    assert found.headers["content-type"] == "application/json"
    assert found.json()["pid"] > 0


def test_binary_answers(api: httpx.Client) -> None:
    assert api.post("/brittle", json={"how": "bytes"}).content == b"\x00\x01\x02"


def test_the_narrowest_route_wins(api: httpx.Client) -> None:
    assert api.get("/api/v1/items/x").json()["routeKey"] == "GET /api/v1/items/{sku}"
    rest = api.get("/api/v1/events").json()
    assert rest["routeKey"] == "ANY /api/{rest+}"
    assert rest["pathParameters"] == {"rest": "v1/events"}
    for method, path in (("GET", "/"), ("GET", "/brittle"), ("POST", "/api"), ("GET", "/nothing")):
        found = api.request(method, path)
        assert (found.status_code, found.json()) == (404, {"message": "Not Found"})


@pytest.mark.parametrize("how", ["raise", "crash", "hang", "malformed", "unserialisable"])
def test_a_failing_function_is_an_internal_server_error(api: httpx.Client, how: str) -> None:
    found = api.post("/brittle", json={"how": how})
    assert (found.status_code, found.json()) == (500, {"message": "Internal Server Error"})
    assert api.post("/brittle", json={"how": "well"}).status_code == 200


def test_an_integration_that_takes_too_long_is_unavailable(
    api: httpx.Client, serverless: Box
) -> None:
    found = api.post("/slow")
    assert (found.status_code, found.json()) == (503, {"message": "Service Unavailable"})
    busy = api.post("/slow")  # Lambda goes on with the first one: no concurrency left
    assert busy.status_code == 503
    log = (serverless.state / "logs" / "functions.log").read_text()
    assert "no answer within 0.4 s" in log
    assert "it has no concurrency left" in log


def test_a_forgotten_permission_shows(api: httpx.Client, serverless: Box) -> None:
    found = api.get("/forgotten")
    assert (found.status_code, found.json()) == (500, {"message": "Internal Server Error"})
    log = (serverless.state / "logs" / "functions.log").read_text()
    assert "no aws.lambda_.Permission of" in log


def test_a_missing_file_shows(api: httpx.Client) -> None:
    assert api.get("/incomplete").status_code == 500


def test_routes_are_throttled_as_declared(api: httpx.Client) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: api.get("/limited"), range(6)))
    assert sorted(r.status_code for r in found) == [200, 200, 429, 429, 429, 429]
    refused = next(r for r in found if r.status_code == 429)
    assert refused.json() == {"message": "Too Many Requests"}
    assert api.post("/calls", json={}).status_code == 200  # another route has its own limit


def test_large_bodies_are_refused(api: httpx.Client) -> None:
    found = api.post("/api/v1/events", content=b"x" * (10 * 1_048_576 + 1))
    assert (found.status_code, found.json()) == (413, {"message": "Request Entity Too Large"})


def test_cors_is_the_apis_own(api: httpx.Client) -> None:
    asked = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    preflight = api.options("/calls", headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == SHOP
    assert preflight.headers["access-control-allow-methods"] == "GET,POST"
    assert preflight.headers["access-control-max-age"] == "600"
    found = api.post("/api/v1/events", content="x", headers={"Origin": SHOP})
    assert found.headers["access-control-allow-origin"] == SHOP
    other = api.post("/api/v1/events", content="x", headers={"Origin": "https://evil.example"})
    assert other.status_code == 202
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "many"},
        {"statusCode": 42},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "?", "isBase64Encoded": True},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "cookies": "a=1"},
    ],
)
def test_malformed_results(result: object) -> None:
    with pytest.raises(MalformedError):
        answer(result)


def test_results_without_a_status() -> None:
    assert json.loads(answer({"a": 1}).body) == {"a": 1}
    assert answer("text").body == b"text"
    assert answer({"statusCode": "201"}).status == 201

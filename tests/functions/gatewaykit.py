"""Events as API Gateway's HTTP API sends them (payload format 2.0), and answers read back."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

ORIGIN = "https://shop.test"
EDGE_KEY = "known-to-the-edge-alone"


def gateway_event(
    method: str,
    path: str,
    *,
    body: bytes | None = None,
    encoded: bool = False,
    headers: Mapping[str, str] | None = None,
    cookies: Sequence[str] = (),
    query: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """What Lambda is called with; repeated names are joined by commas, as the gateway does it."""
    joined: dict[str, str] = {}
    for name, value in query:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": urlencode(query),
        "headers": {
            "host": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
            "user-agent": "Amazon CloudFront",
            "x-forwarded-for": "192.0.2.17, 64.252.73.136",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-shop-edge-key": EDGE_KEY,
            **(headers or {}),
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.17",
                "userAgent": "Amazon CloudFront",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": f"{method} {path}",
            "stage": "$default",
            "time": "21/Nov/2026:23:59:59 +0000",
            "timeEpoch": 1795305599000,
        },
        "isBase64Encoded": encoded,
    }
    if cookies:
        event["cookies"] = list(cookies)
    if joined:
        event["queryStringParameters"] = joined
    if body is not None:
        event["body"] = base64.b64encode(body).decode() if encoded else body.decode()
    return event


def beacon(batch: object, **more: Any) -> dict[str, Any]:
    """A batch as sendBeacon posts it: text, from the shop's own page."""
    headers = {
        "content-type": "text/plain;charset=UTF-8",
        "origin": ORIGIN,
        "sec-fetch-site": "same-origin",
        **more.pop("headers", {}),
    }
    body = batch if isinstance(batch, bytes) else json.dumps(batch).encode()
    return gateway_event("POST", "/api/v1/events", body=body, headers=headers, **more)


def wanted(*query: tuple[str, str], **more: Any) -> dict[str, Any]:
    """A request for a shelf."""
    return gateway_event("GET", "/api/v1/recommendations", query=query, **more)


def told(answer: Mapping[str, Any]) -> Any:
    """An answer's JSON; checks that it has the shape that API Gateway takes."""
    assert answer["isBase64Encoded"] is False
    assert all(isinstance(v, str) for v in answer["headers"].values())
    assert answer["headers"]["cache-control"] == "private, no-store"
    problem = answer["statusCode"] >= 400
    kind = "application/problem+json" if problem else "application/json"
    assert answer["headers"]["content-type"] == kind
    body = json.loads(answer["body"])
    if problem:
        assert body["status"] == answer["statusCode"]
        assert body["type"].startswith("/docs#problem-")
    return body


def metrics(printed: str) -> list[dict[str, Any]]:
    """The embedded metric format lines of what was printed, checked for their form."""
    lines = [json.loads(line) for line in printed.splitlines()]
    found = [line for line in lines if "_aws" in line]
    for line in found:
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "shop-test"
        assert isinstance(line["_aws"]["Timestamp"], int)
        for name in directive["Dimensions"][0]:
            assert isinstance(line[name], str)
        for metric in directive["Metrics"]:
            assert isinstance(line[metric["Name"]], int | float)
    return found

"""Payload format 2.0: HTTP requests as events, results as HTTP answers."""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
import urllib.parse
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .declared import Api

Headers = list[tuple[str, str]]  # in the order of the wire, names in lower case
# Media types whose bodies API Gateway hands on as text; all others as base64.
_TEXT = re.compile(r"text/.*|application/(json|javascript|xml|.*\+(json|xml|yaml))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request; path and query as on the wire, percent-encoded."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    size: int  # of the body, also of one that was too large to be kept
    peer: str
    version: str = "1.1"

    def header(self, name: str) -> str:
        """The values of a header, joined by commas as API Gateway does."""
        return ",".join(value for key, value in self.headers if key == name)


@dataclass(slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""


class MalformedError(Exception):
    """A result that is no HTTP answer."""


def message(status: int, text: str) -> Answer:
    """What API Gateway answers by itself."""
    body = json.dumps({"message": text}, separators=(",", ":")).encode()
    return Answer(status, [("content-type", "application/json")], body)


def event(
    request: Request, api: Api, stage: str, key: str, parameters: Mapping[str, str], trace: str
) -> dict[str, Any]:
    """The event for a route; ``parameters`` are those of its path."""
    now = datetime.now(UTC)
    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        headers.setdefault(name, []).append(value)
    cookies = [
        part.strip()
        for value in headers.pop("cookie", [])
        for part in value.split(";")
        if part.strip()
    ]
    host = ",".join(headers.get("host", [""]))
    headers.setdefault("x-forwarded-for", []).append(request.peer)
    headers["x-amzn-trace-id"] = [trace]
    query: dict[str, list[str]] = {}
    for name, value in urllib.parse.parse_qsl(request.query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    path = urllib.parse.unquote(request.path)
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": {name: ",".join(values) for name, values in headers.items()},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": api.id,
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {
                "method": request.method,
                "path": path,
                "protocol": f"HTTP/{request.version}",
                "sourceIp": request.peer,
                "userAgent": request.header("user-agent"),
            },
            "requestId": uuid.uuid4().hex[:16],
            "routeKey": key,
            "stage": stage,
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(time.time() * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        made["cookies"] = cookies
    if query:
        made["queryStringParameters"] = {name: ",".join(v) for name, v in query.items()}
    if parameters:
        made["pathParameters"] = dict(parameters)
    if request.body:
        made["body"], made["isBase64Encoded"] = _body(request)
    return made


def _body(request: Request) -> tuple[str, bool]:
    kind = request.header("content-type").partition(";")[0].strip().lower() or "text/plain"
    if _TEXT.fullmatch(kind):
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode(), True


def answer(result: Any) -> Answer:
    """What a handler's result means; raises MalformedError.

    Without a ``statusCode`` the whole result is the JSON body of a 200.
    """
    if not isinstance(result, Mapping) or "statusCode" not in result:
        text = result if isinstance(result, str) else json.dumps(result, separators=(",", ":"))
        return Answer(200, [("content-type", "application/json")], text.encode())
    try:
        status = int(result["statusCode"])
        if not 100 <= status <= 999:
            raise MalformedError(f"status code {status}")
        headers = [
            (str(name).lower(), _text(value))
            for name, value in (result.get("headers") or {}).items()
        ]
        cookies: Sequence[Any] = result.get("cookies") or []
        body = result.get("body") or ""
        if not isinstance(body, str) or isinstance(cookies, str):
            raise MalformedError("body is no string, or cookies are no list")
        raw = (
            base64.b64decode(body, validate=True)
            if result.get("isBase64Encoded")
            else body.encode()
        )
    except (TypeError, ValueError, AttributeError, binascii.Error) as problem:
        raise MalformedError(str(problem)) from problem
    if body and not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain; charset=utf-8"))
    return Answer(status, [*headers, *(("set-cookie", str(c)) for c in cookies)], raw)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

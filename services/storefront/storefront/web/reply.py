"""A response that costs little: status, ready-made headers and a body of bytes."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from .headers import NO_STORE, PRIVATE, Headers

HTML = (b"content-type", b"text/html; charset=utf-8")
JSON = (b"content-type", b"application/json")
PROBLEM = (b"content-type", b"application/problem+json")
_encode = msgspec.json.Encoder().encode


class Reply:
    """An ASGI response; ``headers`` may be added to until it is sent."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Headers, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def cookies(self, values: Iterable[str]) -> Reply:
        """Add Set-Cookie headers; returns itself."""
        self.headers.extend((b"set-cookie", value.encode()) for value in values)
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        del scope, receive
        headers = self.headers
        if self.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            headers = [*headers, (b"content-length", b"%d" % len(self.body))]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def as_json(value: Any, status: int = 200) -> Reply:
    """JSON that only its receiver may keep."""
    return Reply(status, [JSON, *PRIVATE], _encode(value))


def shared_json(value: Any, policy: Headers) -> Reply:
    """JSON under the given caching policy."""
    return Reply(200, [JSON, *policy], _encode(value))


def as_page(html: str, status: int = 200) -> Reply:
    """A page that only its receiver may keep."""
    return Reply(status, [HTML, *PRIVATE], html.encode())


def see_other(path: str) -> Reply:
    """After a form was handled: read this path of our own with GET."""
    return Reply(303, [(b"location", path.encode()), NO_STORE], b"")


def nothing() -> Reply:
    """204."""
    return Reply(204, [*PRIVATE], b"")

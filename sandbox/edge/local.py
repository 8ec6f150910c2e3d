"""What the edge answers by itself. Heads come without their end, so that a line can be added."""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus

from sandbox.frontpage import unavailable_body

from .heads import Request, onward
from .link import Answer, BadAnswerError
from .plan import ErrorPage
from .store import Kept, seconds
from .ways import Way, Ways

Told = tuple[bytes, bytes]  # head and body
_PATIENCE = 5.0  # seconds for a page that stands in for an answer
_FRAMING = (b"content-length", b"content-type", b"transfer-encoding")


def _made(status: int, lines: list[bytes], body: bytes, way: Way) -> Told:
    names = {line.partition(b":")[0].lower() for line in lines}
    top = b"HTTP/1.1 %d %b" % (status, _phrase(status))
    length = b"Content-Length: %d" % len(body)
    return b"\r\n".join([top, *lines, *way.dress(names), length]), body


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b"Refused"


def refusal(status: int, way: Way) -> Told:
    """The firewall's answer, or that to a method which a behaviour does not allow."""
    body = b"%d %b\n" % (status, _phrase(status))
    lines = [b"Content-Type: text/plain; charset=utf-8", b"Cache-Control: no-store"]
    return _made(status, lines, body, way)


def bad_request(way: Way) -> bytes:
    """The whole answer to what is no HTTP."""
    head, body = refusal(400, way)
    return head + b"\r\nConnection: close\r\n\r\n" + body


def unavailable(request: Request, way: Way) -> Told:
    """503, when nobody has anything better."""
    api = request.path.startswith(b"/api/")
    wants = b"application/json" in request.fields.get(b"accept", b"").lower()
    kind, body, policy = unavailable_body(as_json=api or wants)
    lines = [b"Content-Type: " + kind, b"Retry-After: 2", b"Cache-Control: no-store"]
    if way.added:
        lines.append(b"Content-Security-Policy: " + policy)
    return _made(503, lines, body, way)


def hit(kept: Kept, request: Request) -> Told:
    """A kept answer, or 304 for who has it already."""
    marks = [b"Age: %d" % (time.monotonic() - kept.since), b"X-Cache: Hit from edge"]
    known = request.fields.get(b"if-none-match")
    if known and kept.etag and _weak(kept.etag) in map(_weak, known.split(b",")):
        lines = [line for line in kept.lines if line.partition(b":")[0].lower() not in _FRAMING]
        return b"\r\n".join([b"HTTP/1.1 304 Not Modified", *lines, *marks]), b""
    return b"\r\n".join([b"HTTP/1.1 200 OK", *kept.lines, *marks]), kept.body


def _weak(tag: bytes) -> bytes:
    return tag.strip().removeprefix(b"W/")


async def error_page(page: ErrorPage, ways: Ways, request: Request, way: Way) -> Told:
    """A custom error response, from the origin of its own path; `unavailable` without it."""
    try:
        async with asyncio.timeout(_PATIENCE):
            answer, body = await _fetch(page.path.encode(), ways)
    except (OSError, EOFError, BadAnswerError):
        return unavailable(request, way)
    if answer.status != 200:
        return unavailable(request, way)
    lines = [line for line in answer.lines if not line.lower().startswith(_FRAMING[::2])]
    return _made(page.status, [*lines, b"X-Cache: Error from edge"], body, way)


async def _fetch(path: bytes, ways: Ways) -> tuple[Answer, bytes]:
    """GET from a bucket or a server; raises OSError, EOFError or BadAnswerError."""
    way = ways.of(path)
    origin = way.origins[0]
    if (kept := ways.store.fresh(path)) is not None:
        return Answer(b"\r\n".join([b"HTTP/1.1 200 OK", *kept.lines]), b"GET"), kept.body
    if origin.kind not in ("bucket", "http"):
        raise BadAnswerError
    asked = Request()
    asked.target = path
    asked.begin(b"GET", close=True)
    reader, writer = await asyncio.open_connection(*origin.address)
    try:
        head = onward(asked, way, origin, ("127.0.0.1", 0)).removesuffix(b"\r\n")
        writer.write(head + b"Connection: close\r\n\r\n")
        answer = Answer((await reader.readuntil(b"\r\n\r\n"))[:-4], b"GET")
        if answer.length < 0:
            raise BadAnswerError
        body = await reader.readexactly(answer.length)
    finally:
        writer.close()
    told = seconds(answer.fields, way.behaviour.caching) if answer.status == 200 else 0
    if told > 0:
        now = time.monotonic()
        ways.store.keep(path, Kept(answer.lines, b"", body, now, now + told))
    return answer, body

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
_FRAMING = frozenset([b"content-length", b"content-type"])


def _made(status: int, block: bytes, body: bytes, way: Way) -> Told:
    """``block`` are header lines, each after a line end."""
    top = b"HTTP/1.1 %d %b" % (status, _phrase(status))
    length = b"\r\nContent-Length: %d" % len(body)
    there = [line.partition(b":")[0].lower() for line in block.split(b"\r\n")]
    return top + block + way.dress(there) + length, body


def _block(**fields: bytes) -> bytes:
    lines = [b"\r\n%b: %b" % (k.replace("_", "-").encode(), v) for k, v in fields.items()]
    return b"".join(lines)


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b"Refused"


def refusal(status: int, way: Way) -> Told:
    """The firewall's answer, or that to a method which a behaviour does not allow."""
    body = b"%d %b\n" % (status, _phrase(status))
    block = _block(Content_Type=b"text/plain; charset=utf-8", Cache_Control=b"no-store")
    return _made(status, block, body, way)


def bad_request(way: Way) -> bytes:
    """The whole answer to what is no HTTP."""
    head, body = refusal(400, way)
    return head + b"\r\nConnection: close\r\n\r\n" + body


def unavailable(request: Request, way: Way) -> Told:
    """503, when nobody has anything better."""
    api = request.path.startswith(b"/api/")
    wants = b"application/json" in request.fields.get(b"accept", b"").lower()
    kind, body, policy = unavailable_body(as_json=api or wants)
    block = _block(Content_Type=kind, Retry_After=b"2", Cache_Control=b"no-store")
    if way.added:
        block += _block(Content_Security_Policy=policy)
    return _made(503, block, body, way)


def hit(kept: Kept, request: Request) -> Told:
    """A kept answer, or 304 for who has it already."""
    age = int(time.monotonic() - kept.since)
    marks = b"\r\nAge: %d\r\nX-Cache: Hit from edge" % age
    known = request.fields.get(b"if-none-match")
    if known and kept.etag and _weak(kept.etag) in map(_weak, known.split(b",")):
        unchanged = Answer(b"HTTP/1.1 304 Not Modified" + kept.block, b"GET")
        unchanged.take(_FRAMING)
        return unchanged.top + unchanged.block + marks, b""
    return b"HTTP/1.1 200 OK" + kept.block + marks, kept.body


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
    answer.take({b"content-length"})
    return _made(page.status, answer.block + _block(X_Cache=b"Error from edge"), body, way)


async def _fetch(path: bytes, ways: Ways) -> tuple[Answer, bytes]:
    """GET from a bucket or a server; raises OSError, EOFError or BadAnswerError."""
    way = ways.of(path)
    origin = way.origins[0]
    if (kept := ways.store.fresh(path)) is not None:
        return Answer(b"HTTP/1.1 200 OK" + kept.block, b"GET"), kept.body
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
    told = seconds(answer, way.behaviour.caching) if answer.status == 200 else 0
    if told > 0:
        now = time.monotonic()
        ways.store.keep(path, Kept(answer.block, b"", body, now, now + told))
    return answer, body

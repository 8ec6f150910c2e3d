"""Where training data comes from: rows of PostgreSQL and the record of events in S3.

Both are streams: memory stays the same however long the shop has run. Nobody's name or address is
read; people are the ids that the shop made for them.
"""

from __future__ import annotations

import gzip
import json
import re
import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, Any, Final

from botocore.exceptions import ClientError
from pg8000.native import Connection
from shared.observe import log

EVENTS_PREFIX: Final = "events/"
EVENT_TYPES = ("View", "AddToCart", "Click")
PURCHASE = "Purchase"
_ROWS_A_FETCH = 2000
_LATEST = 10**14  # ms; more is no time
_READERS = 8  # an object takes a round trip, and there are many small ones
_IN_MEMORY = 1024 * 1024  # of an object; the rest of a larger one waits on disk

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_EVENT_ID = re.compile(rf"{_UUID}\Z")
_USER = re.compile(rf"(?:[0-9a-f]{{64}}|{_UUID})\Z")  # a visitor's or a customer's id, no more
_SKU = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")

_ITEMS = """
    select p.sku, p.price, c.slug, extract(epoch from p.created_at)::bigint
    from products p join categories c on c.id = p.category_id order by p.id
"""
# Not of who only tries whether buying works (the storefront's REHEARSAL; a test compares them).
_PURCHASES = """
    select coalesce(o.customer_id::text, o.visitor_id), l.sku,
        extract(epoch from coalesce(o.paid_at, o.placed_at))::bigint, o.customer_id is not null
    from orders o join order_lines l on l.order_id = o.id
    where o.status in ('paid', 'fulfilled') and o.payment_token <> 'tok_rehearsal'
    order by o.id, l.line
"""


@dataclass(frozen=True, slots=True)
class Interaction:
    """Somebody did something with a product; ``at`` in s since 1970."""

    user: str
    sku: str
    at: int
    type: str
    signed_in: bool
    event_id: str = ""  # of events, which may be delivered twice; purchases come once


def items(connection: Connection) -> Iterator[tuple[str, int, str, int]]:
    """(SKU, price in minor units, category's slug, created at in s) of every product."""
    for sku, price, category, created in _stream(connection, _ITEMS):  # noqa: UP028 - its shape
        yield sku, price, category, created


def purchases(connection: Connection) -> Iterator[Interaction]:
    """A line of an order that was paid."""
    for user, sku, at, signed_in in _stream(connection, _PURCHASES):
        if _USER.match(user):
            yield Interaction(user, sku, at, PURCHASE, signed_in)


def _stream(connection: Connection, sql: str) -> Iterator[list[Any]]:
    """Rows through a cursor of the server, within the caller's transaction."""
    connection.run(f"declare export no scroll cursor for {sql}")
    while rows := connection.run(f"fetch {_ROWS_A_FETCH} from export"):
        yield from rows
    connection.run("close export")


def events(client: Any, bucket: str) -> Iterator[Interaction | None]:
    """Every line of the record, None for one that is no event; ``client`` is boto3's for S3."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=EVENTS_PREFIX)
    keys = (found["Key"] for page in pages for found in page.get("Contents", ()))
    opened: deque[Future[IO[bytes] | None]] = deque()
    with ThreadPoolExecutor(_READERS) as readers:
        for key in keys:
            opened.append(readers.submit(_open, client, bucket, key))
            if len(opened) == _READERS:
                yield from _lines(opened.popleft())
        while opened:
            yield from _lines(opened.popleft())


def _open(client: Any, bucket: str, key: str) -> IO[bytes] | None:
    """An object's content; None when it went away after it was listed."""
    kept = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the reader closes it
    try:
        for chunk in client.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(64 * 1024):
            kept.write(chunk)
    except ClientError as problem:
        kept.close()
        if problem.response["Error"]["Code"] != "NoSuchKey":
            raise
        log.warning("object is gone", extra={"key": key})
        return None
    except BaseException:
        kept.close()
        raise
    kept.seek(0)
    return kept


def _lines(opened: Future[IO[bytes] | None]) -> Iterator[Interaction | None]:
    content = opened.result()
    if content is None:
        return
    with content:
        zipped = content.read(2) == b"\x1f\x8b"
        content.seek(0)
        with gzip.GzipFile(fileobj=content, mode="rb") if zipped else content as lines:
            for line in lines:
                if line.strip():
                    yield event(line)


def event(line: bytes) -> Interaction | None:
    """An event as the record holds it (see `events.records`); None for anything else."""
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match raw:
        case {
            "id": str(event_id),
            "type": str(kind),
            "sku": str(sku),
            "at": int(at),
            "user": str(user),
            "customer": bool(signed_in),
        } if (
            _EVENT_ID.match(event_id)
            and kind in EVENT_TYPES
            and _SKU.match(sku)
            and 0 < at < _LATEST
            and _USER.match(user)
        ):
            return Interaction(user, sku, at // 1000, kind, signed_in, event_id)
    return None

"""What a browser may send: a batch of events, checked strictly, every problem named."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.gateway import RefusalError, invalid

MAX_BODY = 16 * 1024
MAX_EVENTS = 20
OLDEST_MS = 15 * 60 * 1000
MOST_AHEAD_MS = 60 * 1000
TYPES = ("View", "AddToCart", "Click")  # never Purchase: the orders are the truth
SHELVES = ("for-you", "also-bought", "popular", "recently-viewed")
SOURCES = ("personalize", "co-purchase", "popular", "recent")

_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
_SKU = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")  # as in the catalogue
_RECOMMENDATION = re.compile(r"[A-Za-z0-9._:/+=-]{1,40}\Z")  # PutEvents takes no longer one
_ENOUGH_ERRORS = 20  # to name; a body may hold thousands


@dataclass(frozen=True, slots=True)
class Event:
    """One event; ``at`` in ms since 1970, ``told`` holds the optional fields that were sent."""

    id: str
    type: str
    sku: str
    at: int
    told: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one beacon carried."""

    id: str
    events: list[Event]


def parse(body: bytes, now_ms: int) -> Batch:
    """The batch in ``body``; raises RefusalError 400 for what is no JSON, 422 for bad fields."""
    return check(_json(body), now_ms)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError):  # ValueError: also broken UTF-8 and endless numbers
        raise RefusalError("bad-request", "The body is not JSON.") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name comes twice")
    return made


def check(raw: Any, now_ms: int) -> Batch:
    """The batch in parsed JSON; raises RefusalError 422 naming the fields."""
    fields = _Fields(raw, "", [], now_ms)
    if fields.raw is None:
        raise invalid([("body", "must be an object")])
    fields.only("id", "sent_at", "events")
    batch_id = fields.matching("id", _UUID4, "must be a UUID of version 4, in lower case")
    fields.time("sent_at")
    listed = fields.raw.get("events")
    events: list[Event] = []
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_EVENTS:
        fields.problem("events", f"must be a list of 1 to {MAX_EVENTS} events")
    else:
        events = [
            _event(_Fields(item, f"events[{place}].", fields.errors, now_ms))
            for place, item in enumerate(listed)
        ]
        if not fields.errors and len({event.id for event in events}) < len(events):
            fields.problem("events", "must have different ids")
    if fields.errors:
        raise invalid(fields.errors[:_ENOUGH_ERRORS])
    return Batch(batch_id, events)


def _event(fields: _Fields) -> Event:
    if fields.raw is None:
        fields.errors.append((fields.prefix.rstrip("."), "must be an object"))
        return Event("", "", "", 0)
    fields.only("id", "type", "sku", "at", "shelf", "source", "recommendation_id")
    optional = {
        "shelf": fields.choice("shelf", SHELVES) if "shelf" in fields.raw else "",
        "source": fields.choice("source", SOURCES) if "source" in fields.raw else "",
        "recommendation_id": fields.matching(
            "recommendation_id", _RECOMMENDATION, "is not a recommendation's id"
        )
        if "recommendation_id" in fields.raw
        else "",
    }
    return Event(
        id=fields.matching("id", _UUID4, "must be a UUID of version 4, in lower case"),
        type=fields.choice("type", TYPES),
        sku=fields.matching("sku", _SKU, "may have 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'"),
        at=fields.time("at"),
        told={name: value for name, value in optional.items() if value},
    )


class _Fields:
    """Reads one object's fields and notes what is wrong; ``raw`` is None for what is no object."""

    def __init__(self, raw: Any, prefix: str, errors: list[tuple[str, str]], now_ms: int) -> None:
        self.raw: dict[str, Any] | None = raw if isinstance(raw, dict) else None
        self.prefix = prefix
        self.errors = errors
        self._now_ms = now_ms

    def problem(self, name: str, message: str) -> None:
        self.errors.append((self.prefix + name, message))

    def only(self, *known: str) -> None:
        for name in (self.raw or {}).keys() - set(known):
            shown = "".join(c if c.isascii() and c.isprintable() else "?" for c in name[:60])
            self.problem(shown, "is not a known field")

    def matching(self, name: str, pattern: re.Pattern[str], message: str) -> str:
        return self._text(name, lambda value: bool(pattern.match(value)), message)

    def choice(self, name: str, accepted: tuple[str, ...]) -> str:
        return self._text(name, accepted.__contains__, f"must be one of: {', '.join(accepted)}")

    def _text(self, name: str, good: Callable[[str], bool], message: str) -> str:
        value = (self.raw or {}).get(name)
        if isinstance(value, str) and good(value):
            return value
        self.problem(name, message)
        return ""

    def time(self, name: str) -> int:
        value = (self.raw or {}).get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            self.problem(name, "must be a time in milliseconds since 1970, a whole number")
            return 0
        if value < self._now_ms - OLDEST_MS:
            self.problem(name, "is more than 15 minutes ago")
        elif value > self._now_ms + MOST_AHEAD_MS:
            self.problem(name, "is in the future")
        return value

"""Pages out of templates."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import drawing
from .signals import Row
from .spans import Span, Trace

_WORDS = {
    "INSUFFICIENT_DATA": "no data yet",
    "NOT_MEASURED": "not measured here",
    "ALARM": "alarm",
    "page": "burning",
    "ticket": "burning slowly",
}
_COLOURS = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """A span in a waterfall; places and sizes in per cent of the picture."""

    span: Span
    depth: int
    colour: int
    x: float
    width: float
    y: float
    height: float


def bars(trace: Trace) -> list[Bar]:
    """The spans of a trace, one below the other; a service has a colour."""
    begun, whole = trace.start, trace.seconds or 1e-9
    ordered = trace.ordered()
    services = list(dict.fromkeys(span.service for _, span in ordered))
    step = 100 / len(ordered)
    return [
        Bar(
            span,
            depth,
            services.index(span.service) % _COLOURS,
            round(100 * (span.start - begun) / whole, 2),
            round(max(100 * span.seconds / whole, 0.6), 2),
            round(place * step, 2),
            round(step * 0.85, 2),
        )
        for place, (depth, span) in enumerate(ordered)
    ]


def clock(seconds: float) -> str:
    """The time of day."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")


def _by_tier(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """In the order in which tiers come."""
    return [(tier, list(found)) for tier, found in itertools.groupby(rows, lambda row: row.tier)]


@cache
def templates() -> Environment:
    """Made for the first page."""
    folder = Path(__file__).with_name("pages")
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": drawing.number,
        "duration": drawing.duration,
        "sparkline": drawing.sparkline,
        "clock": clock,
        "state": lambda state: _WORDS.get(state, state),
        "short": lambda label: label.partition("-")[2] or label,
        "groupby_tier": _by_tier,
    }
    made.globals["bars"] = bars
    return made

"""Metrics: plain numbers of one process, told once a minute and to whoever asks on this machine.

They leave as lines in CloudWatch's embedded metric format on standard output, which is collected
anyway: no agent, no call, nothing that could hang. All counting happens on the event loop, so that
it needs no lock. Labels are words of the program (route templates, journeys, sources), never of a
request: nobody can fill the memory with new ones, or get something personal into them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal, get_args

_log = logging.getLogger(__name__)

EVERY = 60.0  # seconds; CloudWatch keeps a minute's resolution
SLOW_SECONDS = 0.5
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Journey = Literal["browse", "search", "cart", "checkout", "account", "other"]
Counter = Literal[
    "CartsChanged",  # carts that took, changed or dropped a line
    "CheckoutsBegun",  # new idempotency keys, also those that found stock short
    "OrdersPaid",
    "Revenue",  # of the paid orders, in minor units of the shop's currency
    "PaymentsDeclined",
    "StockShort",  # checkouts refused because a line was short
    "MailsSent",
    "MailsLate",  # mails not sent within MAIL_SECONDS; each counts once, also if never sent
    "PoolTimeouts",  # queries that were refused because no connection came free
]
Gauge = Literal["PoolSize", "PoolInUse", "PoolWaiting", "OutboxAge", "ImportRefused"]
_UNITS = {"Revenue": "None", "OutboxAge": "Seconds"}
MAIL_SECONDS = 300.0


@dataclass(slots=True, eq=False)
class Traffic:
    """Rate, errors and duration of one route template, such as ``GET /p/{slug}``.

    ``took`` has one count for each of BOUNDS, and one for what took longer than all.
    """

    route: str
    journey: Journey | None  # none for probes, which are nobody's journey
    requests: int = 0
    errors: int = 0
    slow: int = 0
    seconds: float = 0.0
    took: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def note(self, *, failed: bool, seconds: float) -> None:
        """Count one request."""
        self.requests += 1
        self.seconds += seconds
        self.took[bisect_left(BOUNDS, seconds)] += 1
        if failed:
            self.errors += 1
        if seconds >= SLOW_SECONDS:
            self.slow += 1


class Metrics:
    """All numbers of a process; counters only grow, gauges also remember their peak."""

    def __init__(self, namespace: str = "Shop") -> None:
        self._namespace = namespace  # of one stack, so that others in its account stay apart
        self.counters: dict[Counter, int] = dict.fromkeys(get_args(Counter), 0)
        self.shelves: dict[str, int] = {}  # shown, by the source of what is on them
        self.traffic: list[Traffic] = []
        self._now: dict[Gauge, float] = {}
        self._peaks: dict[Gauge, float] = {}
        self._told: dict[tuple[str, str], int] = {}

    def count(self, name: Counter, by: int = 1) -> None:
        """Add to a counter."""
        self.counters[name] += by

    def shelf(self, source: str) -> None:
        """Count a shelf that was shown, by the source of its products."""
        self.shelves[source] = self.shelves.get(source, 0) + 1

    def set(self, name: Gauge, value: float | None) -> None:
        """Say what a gauge stands at; None when nobody knows."""
        if value is None:
            self._now.pop(name, None)
            self._peaks.pop(name, None)
            return
        self._now[name] = value
        if value > self._peaks.get(name, -1.0):
            self._peaks[name] = value

    def take(self) -> Iterator[dict[str, object]]:
        """What happened since it was last taken, each a document in the embedded metric format.

        Also zeros: an alarm must tell "no orders" from "no data". Gauges are told by their peak.
        """
        journeys = {stats.journey: [0, 0, 0] for stats in self.traffic if stats.journey}
        for stats in self.traffic:
            if stats.journey:
                sums = journeys[stats.journey]
                sums[0] += stats.requests
                sums[1] += stats.errors
                sums[2] += stats.slow
        for journey, sums in journeys.items():
            names = ("Requests", "Errors", "SlowRequests")
            values = [
                self._since(name, journey, value) for name, value in zip(names, sums, strict=True)
            ]
            yield self._document(dict(zip(names, values, strict=True)), Journey=journey)
        for source, shown in self.shelves.items():
            told = {"ShelvesShown": self._since("", source, shown)}
            yield self._document(told, Source=source)
        totals: dict[str, float] = {
            name: self._since(name, "", value) for name, value in self.counters.items()
        }
        totals.update(self._peaks.items())
        yield self._document(totals)
        self._peaks = dict(self._now)

    def _document(self, values: Mapping[str, float], **dimensions: str) -> dict[str, object]:
        metrics = [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in values]
        directive = {
            "Namespace": self._namespace,
            "Dimensions": [list(dimensions)],
            "Metrics": metrics,
        }
        told = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
        return {"_aws": told, **dimensions, **values}

    def _since(self, name: str, label: str, value: int) -> int:
        told = self._told.get((name, label), 0)
        self._told[name, label] = value
        return value - told

    def text(self) -> str:
        """All numbers since the start, in the text format that Prometheus reads."""
        return "\n".join([*self._red(), *self._totals(), ""])

    def _red(self) -> Iterator[str]:
        seen = [stats for stats in self.traffic if stats.requests]
        for name, values in {
            "requests": [stats.requests for stats in seen],
            "request_errors": [stats.errors for stats in seen],
            "requests_slow": [stats.slow for stats in seen],
        }.items():
            yield f"# TYPE shop_{name}_total counter"
            for stats, value in zip(seen, values, strict=True):
                yield f"shop_{name}_total{{{_labels(stats)}}} {value}"
        yield "# TYPE shop_request_seconds histogram"
        for stats in seen:
            labels, below = _labels(stats), 0
            for bound, number in zip((*BOUNDS, "+Inf"), stats.took, strict=True):
                below += number
                yield f'shop_request_seconds_bucket{{{labels},le="{bound}"}} {below}'
            yield f"shop_request_seconds_sum{{{labels}}} {stats.seconds:.6f}"
            yield f"shop_request_seconds_count{{{labels}}} {stats.requests}"

    def _totals(self) -> Iterator[str]:
        for name, value in self.counters.items():
            yield f"# TYPE shop_{_snake(name)}_total counter"
            yield f"shop_{_snake(name)}_total {value}"
        yield "# TYPE shop_shelves_shown_total counter"
        for source, shown in self.shelves.items():
            yield f'shop_shelves_shown_total{{source="{source}"}} {shown}'
        for gauge, now in self._now.items():
            yield f"# TYPE shop_{_snake(gauge)} gauge"
            yield f"shop_{_snake(gauge)} {now:g}"


def _labels(stats: Traffic) -> str:
    return f'route="{stats.route}",journey="{stats.journey or "none"}"'


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


@asynccontextmanager
async def reporting(
    metrics: Metrics,
    measure: Callable[[], Awaitable[None]] | None = None,
    *,
    every: float = EVERY,
) -> AsyncIterator[None]:
    """Tell the metrics ``every`` so many seconds while inside, and the rest at the end.

    ``measure`` is called before, to set the gauges that must be asked for. When that takes long,
    because what it asks hangs, the rest is told all the same: alarms want it minute by minute.
    """

    async def ask() -> None:
        try:
            if measure is not None:
                await measure()
        except Exception:  # noqa: BLE001 - counting goes on, and this is logged
            _log.exception("metrics could not be measured")

    async def repeat() -> None:
        loop = asyncio.get_running_loop()
        due, asking = loop.time(), None
        try:
            while True:
                due = max(due + every, loop.time())
                await asyncio.sleep(due - loop.time())
                if asking is None or asking.done():
                    asking = asyncio.create_task(ask())
                await asyncio.wait([asking], timeout=every / 4)
                tell(metrics)
        finally:
            if asking is not None:
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        tell(metrics)


def tell(metrics: Metrics) -> None:
    """Write what happened since the last time as log lines that CloudWatch reads as metrics."""
    for document in metrics.take():
        _log.info("metrics", extra=document)

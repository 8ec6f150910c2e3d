"""The golden signals: traffic, errors, latency and saturation of each tier, and of each route."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .store import Key, Stats, Store, merged
from .watch import Watch

LINE = 60  # minutes that a line shows
NOW = 5  # minutes that a number is of


@dataclass(slots=True, kw_only=True)
class Signal:
    """A number with its past. ``unit`` is /s, %, ms, s, or nothing."""

    value: float | None = None
    unit: str = ""
    line: list[float | None] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Row:
    """The signals of one thing; None where it has no such signal."""

    tier: str
    name: str
    traffic: Signal | None = None
    errors: Signal | None = None
    latency: dict[str, Signal] = field(default_factory=dict)  # p50, p95, p99
    saturation: dict[str, Signal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """What recent traces say of a route; seconds."""

    service: str
    name: str
    count: int
    failed: int
    p50: float
    p95: float
    p99: float


class Signals:
    """Reads them at a moment; the minute that is not over yet does not count."""

    def __init__(self, watch: Watch, now: float) -> None:
        self._store: Store = watch.store
        self._ours = watch.own()
        self._last = watch.clock.minute(now) - 1
        self._second = watch.clock.minute_seconds  # real seconds of a declared minute

    def rows(self) -> list[Row]:
        """All tiers, from outside to inside."""
        return [*self._edge(), *self._balancer(), *self._journeys(), *self._api(), *self._behind()]

    def _of(self, namespace: str, name: str, **wanted: str) -> list[Key]:
        return [
            key
            for key in self._store.keys(namespace, name)
            if all(item in key[2] for item in wanted.items())
        ]

    def _minute(self, keys: Sequence[Key], first: int, last: int) -> Stats | None:
        parts = (self._store.within(key, first, last) for key in keys)
        return merged(part for part in parts if part is not None)

    def _recent(self, keys: Sequence[Key]) -> Stats | None:
        return self._minute(keys, self._last - NOW + 1, self._last)

    def _past(self, keys: Sequence[Key]) -> list[Stats | None]:
        return [
            self._minute(keys, minute, minute)
            for minute in range(self._last - LINE + 1, self._last + 1)
        ]

    def _rate(self, keys: Sequence[Key]) -> Signal:
        """A sum, for each real second."""
        found = self._recent(keys)
        return Signal(
            value=found.total / NOW / self._second if found else 0.0,
            unit="/s",
            line=[part.total / self._second if part else 0.0 for part in self._past(keys)],
        )

    def _statistic(self, keys: Sequence[Key], name: str, unit: str, *, times: float = 1) -> Signal:
        found = self._recent(keys)
        past = self._past(keys)
        return Signal(
            value=found.statistic(name) * times if found else None,
            unit=unit,
            line=[part.statistic(name) * times if part else None for part in past],
        )

    def _latency(self, keys: Sequence[Key], *, times: float) -> dict[str, Signal]:
        return {
            name: self._statistic(keys, name, "ms", times=times) for name in ("p50", "p95", "p99")
        }

    def _share(self, bad: Sequence[Key], whole: Sequence[Key]) -> Signal:
        """Per cent of ``bad`` in ``whole``, both sums; None when there was nothing."""

        def part(found: Stats | None, of: Stats | None) -> float | None:
            if of is None or not of.total:
                return None
            return 100 * (found.total if found else 0) / of.total

        pairs = zip(self._past(bad), self._past(whole), strict=True)
        return Signal(
            value=part(self._recent(bad), self._recent(whole)),
            unit="%",
            line=[part(found, of) for found, of in pairs],
        )

    def _edge(self) -> Iterator[Row]:
        blocked = self._rate(self._of("AWS/WAFV2", "BlockedRequests"))
        yield Row(
            tier="Edge",
            name="CloudFront",
            traffic=self._rate(self._of("AWS/CloudFront", "Requests")),
            errors=self._statistic(self._of("AWS/CloudFront", "5xxErrorRate"), "Average", "%"),
            saturation={"refused by the firewall": blocked},
        )

    def _balancer(self) -> Iterator[Row]:
        space = "AWS/ApplicationELB"
        answered, alone = (
            self._of(space, "RequestCount"),
            self._of(space, "HTTPCode_ELB_5XX_Count"),
        )
        bad = [*self._of(space, "HTTPCode_Target_5XX_Count"), *alone]
        hosts = {
            said: self._statistic(self._of(space, name), statistic, "")
            for said, name, statistic in (
                ("healthy pods", "HealthyHostCount", "Minimum"),
                ("unhealthy pods", "UnHealthyHostCount", "Maximum"),
            )
        }
        yield Row(
            tier="Load balancer",
            name="all requests",
            traffic=self._rate([*answered, *alone]),
            errors=self._share(bad, [*answered, *alone]),
            latency=self._latency(self._of(space, "TargetResponseTime"), times=1000),
            saturation=hosts,
        )

    def _journeys(self) -> Iterator[Row]:
        keys = self._store.keys(self._ours, "Requests")
        for journey in sorted(value for key in keys for _, value in key[2]):
            whole = self._of(self._ours, "Requests", Journey=journey)
            slow = self._of(self._ours, "SlowRequests", Journey=journey)
            yield Row(
                tier="Storefront",
                name=journey,
                traffic=self._rate(whole),
                errors=self._share(self._of(self._ours, "Errors", Journey=journey), whole),
                saturation={"slower than 0.5 s": self._share(slow, whole)},
            )

    def _api(self) -> Iterator[Row]:
        count = self._of("AWS/ApiGateway", "Count")
        yield Row(
            tier="Recommendations",
            name="HTTP API",
            traffic=self._rate(count),
            errors=self._share(self._of("AWS/ApiGateway", "5xx"), count),
            latency=self._latency(self._of("AWS/ApiGateway", "Latency"), times=1),
        )
        for key in sorted(self._store.keys("AWS/Lambda", "Invocations"), key=str):
            name = next(value for _, value in key[2])
            yield Row(
                tier="Recommendations",
                name=name,
                traffic=self._rate([key]),
                errors=self._share(self._of("AWS/Lambda", "Errors", FunctionName=name), [key]),
                latency=self._latency(
                    self._of("AWS/Lambda", "Duration", FunctionName=name), times=1
                ),
            )

    def _behind(self) -> Iterator[Row]:
        orders = self._of(self._ours, "OrdersPaid")
        yield Row(
            tier="Orders",
            name="paid",
            traffic=self._rate(orders),
            saturation={"oldest event": self._gauge(self._ours, "OutboxAge", "s")},
        )
        yield Row(
            tier="Orders",
            name="mails",
            traffic=self._rate(self._of(self._ours, "MailsSent")),
            saturation={"late": self._rate(self._of(self._ours, "MailsLate"))},
        )
        for key in sorted(self._store.keys("AWS/SQS", "ApproximateAgeOfOldestMessage"), key=str):
            name = next(value for _, value in key[2])
            waiting = self._of("AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName=name)
            yield Row(
                tier="Queues",
                name=name,
                saturation={
                    "waiting": self._statistic(waiting, "Maximum", ""),
                    "oldest": self._statistic([key], "Maximum", "s"),
                },
            )
        yield Row(
            tier="Data",
            name="PostgreSQL",
            saturation={
                "connections": self._gauge("AWS/RDS", "DatabaseConnections", ""),
                "of a pod's pool in use": self._gauge(self._ours, "PoolInUse", ""),
                "waiting for one": self._gauge(self._ours, "PoolWaiting", ""),
            },
        )
        yield Row(
            tier="Data",
            name="Valkey",
            saturation={
                "memory": self._gauge("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", "%"),
                "processor": self._gauge("AWS/ElastiCache", "EngineCPUUtilization", "%"),
            },
        )

    def _gauge(self, namespace: str, name: str, unit: str) -> Signal:
        return self._statistic(self._of(namespace, name), "Maximum", unit)


def routes(watch: Watch) -> list[Route]:
    """Those of recent traces, the busiest first."""
    seen: dict[tuple[str, str], list[tuple[float, bool]]] = {}
    for trace in watch.traces.latest():
        for span in trace.spans:
            if span.kind in ("server", "consumer"):
                told = seen.setdefault((span.service, span.name), [])
                told.append((span.seconds, span.failed))
    found = []
    for (service, name), told in seen.items():
        took = sorted(seconds for seconds, _ in told)
        p50, p95, p99 = (
            took[min(int(len(took) * part), len(took) - 1)] for part in (0.5, 0.95, 0.99)
        )
        failed = sum(failed for _, failed in told)
        found.append(Route(service, name, len(told), failed, p50, p95, p99))
    return sorted(found, key=lambda route: -route.count)

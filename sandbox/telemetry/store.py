"""Metrics in memory: statistics of every declared minute, and of every hour for long windows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .alarms import Query

KEPT = 75 * 60  # minutes: the longest window that alarms have is three days
Key = tuple[str, str, frozenset[tuple[str, str]]]  # namespace, name, dimensions


@dataclass(frozen=True, slots=True)
class Clock:
    """Declared time: with a ``speed`` of 60, a declared minute is one second."""

    speed: float = 1.0

    @property
    def minute_seconds(self) -> float:
        """How long a declared minute really is."""
        return 60 / self.speed

    def minute(self, seconds: float) -> int:
        """The declared minute of a moment (seconds since the epoch)."""
        return math.floor(seconds * self.speed / 60)


@dataclass(slots=True)
class Stats:
    """What CloudWatch keeps of a metric's values. ``values`` counts them, to two digits."""

    count: float = 0.0
    total: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    values: dict[float, float] = field(default_factory=dict)

    def add(self, value: float, count: float = 1.0) -> None:
        """Add a value that was seen so many times."""
        self.count += count
        self.total += value * count
        self.low, self.high = min(self.low, value), max(self.high, value)
        rounded = float(f"{value:.2g}")
        self.values[rounded] = self.values.get(rounded, 0.0) + count

    def statistic(self, name: str) -> float:
        """By CloudWatch's name; raises ValueError for one that is not known here."""
        match name:
            case "Sum":
                return self.total
            case "Average":
                return self.total / self.count
            case "Minimum" | "Maximum":
                return self.low if name == "Minimum" else self.high
        if not name.startswith("p"):
            raise ValueError(f"statistic {name} is not known here")
        wanted, seen, found = self.count * float(name[1:]) / 100, 0.0, self.high
        for value, count in sorted(self.values.items()):
            seen, found = seen + count, value
            if seen >= wanted:
                break
        return min(max(found, self.low), self.high)


def merged(parts: Iterable[Stats]) -> Stats | None:
    """All of them together; None for none."""
    whole: Stats | None = None
    for part in parts:
        whole = whole or Stats()
        whole.count += part.count
        whole.total += part.total
        whole.low, whole.high = min(whole.low, part.low), max(whole.high, part.high)
        for value, count in part.values.items():
            whole.values[value] = whole.values.get(value, 0.0) + count
    return whole


class Store:
    """All metrics, by namespace, name and dimensions."""

    def __init__(self) -> None:
        self._minutes: dict[Key, dict[int, Stats]] = {}
        self._hours: dict[Key, dict[int, Stats]] = {}

    def add(self, key: Key, minute: int, value: float, count: float = 1.0) -> None:
        """Note a value that was seen ``count`` times in a minute."""
        minutes = self._minutes.setdefault(key, {})
        if minute not in minutes:
            minutes[minute] = Stats()
            minutes.pop(next(iter(minutes)), None) if len(minutes) > KEPT else None
        minutes[minute].add(value, count)
        hours = self._hours.setdefault(key, {})
        if minute // 60 not in hours:
            hours[minute // 60] = Stats()
            hours.pop(next(iter(hours)), None) if len(hours) > KEPT // 60 else None
        hours[minute // 60].add(value, count)

    def within(self, key: Key, first: int, last: int) -> Stats | None:
        """Of all minutes from ``first`` to ``last``; None when there is nothing."""
        if key not in self._minutes:
            return None
        return merged(self._parts(key, first, last))

    def _parts(self, key: Key, first: int, last: int) -> Iterator[Stats]:
        minutes, hours = self._minutes[key], self._hours[key]
        minute = first
        while minute <= last:
            if minute % 60 == 0 and minute + 59 <= last:
                if (whole := hours.get(minute // 60)) is not None:
                    yield whole
                minute += 60
            else:
                if (part := minutes.get(minute)) is not None:
                    yield part
                minute += 1

    def measured(self, query: Query, end: int) -> float | None:
        """What an alarm compares; see `alarms.Measured`."""
        key = (query.namespace, query.name, query.dimensions)
        found = self.within(key, end - query.minutes + 1, end)
        return None if found is None else found.statistic(query.statistic)

    def line(self, key: Key, statistic: str, minutes: Iterable[int]) -> list[float | None]:
        """A statistic of each minute."""
        known: Mapping[int, Stats] = self._minutes.get(key, {})
        return [known[m].statistic(statistic) if m in known else None for m in minutes]

    def keys(self, namespace: str, name: str) -> list[Key]:
        """All metrics of a name, whatever their dimensions."""
        return [key for key in self._minutes if key[:2] == (namespace, name)]

    def __len__(self) -> int:
        return len(self._minutes)

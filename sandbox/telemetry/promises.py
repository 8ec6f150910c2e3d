"""Journeys with what they promise, read from the alarms on their budgets."""

from __future__ import annotations

from dataclasses import dataclass, field

from .alarms import CompositeAlarm, MetricAlarm
from .watch import Standing, Watch

_UNITS = ((1440, "d"), (60, "h"), (1, "m"))


@dataclass(slots=True)
class Promise:
    """A journey. ``burns`` are times the budget, over windows such as ``1h``; None: no visitors."""

    name: str
    says: str
    objective: float  # per cent
    alarms: list[Standing] = field(default_factory=list)
    burns: dict[str, float | None] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """Of its worst alarm: ``page``, ``ticket``, ``OK``, or NOT_MEASURED."""
        ringing = [standing.tells for standing in self.alarms if standing.shown == "ALARM"]
        if ringing:
            return "page" if "page" in ringing else "ticket"
        return "NOT_MEASURED" if all(s.why for s in self.alarms) else "OK"


def promises(watch: Watch) -> list[Promise]:
    """All journeys; composite alarms belong to one by the beginning of their names."""
    groups: dict[str, list[Standing]] = {}
    for standing in watch.composite.values():
        groups.setdefault(standing.alarm.label.rpartition("-")[0], []).append(standing)
    return [_promise(watch, label.partition("-")[2], group) for label, group in groups.items()]


def _promise(watch: Watch, name: str, group: list[Standing]) -> Promise:
    windows: dict[int, tuple[float, float | None]] = {}  # minutes -> threshold, value
    for standing in group:
        if isinstance(standing.alarm, CompositeAlarm):
            for part in (watch.metric[n] for n in standing.alarm.parts if n in watch.metric):
                told = part.alarm
                if isinstance(told, MetricAlarm) and told.threshold is not None:
                    windows[told.minutes * told.periods] = (told.threshold, part.value)
    # The slowest rate that rings is that of a budget which lasts its month.
    budget = min((limit for limit, _ in windows.values()), default=1.0)
    burns = {
        _length(length): None if value is None or not budget else value / budget
        for length, (_, value) in sorted(windows.items())
    }
    says = group[0].alarm.says.partition(" At this rate")[0]
    return Promise(name, says, round(100 * (1 - budget), 4), group, burns)


def _length(minutes: int) -> str:
    for size, unit in _UNITS:
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"

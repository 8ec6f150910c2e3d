"""The state of every declared alarm, minute by minute, on what was measured."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from .alarms import (
    CompositeAlarm,
    MetricAlarm,
    State,
    composite_alarm,
    holds,
    judge,
    metric_alarm,
    runbook,
)
from .declared import Declared
from .emf import Datum
from .measured import missing, ours
from .spans import Traces
from .store import Clock, Store

Shown = State | Literal["NOT_MEASURED"]
_AGES = ("ApproximateAgeOfOldestMessage", "OutboxAge")  # seconds of the declared clock
_CHANGES = 200


@dataclass(slots=True)
class Standing:
    """How an alarm stands. ``since`` and times of changes are seconds since the epoch."""

    alarm: MetricAlarm | CompositeAlarm
    tells: str
    why: str  # it is not measured here; "" when it is
    state: State = "INSUFFICIENT_DATA"
    since: float = 0.0
    value: float | None = None

    @property
    def shown(self) -> Shown:
        """Its state, or that there can be none."""
        return "NOT_MEASURED" if self.why else self.state

    @property
    def runbook(self) -> str:
        """The page of docs/runbooks."""
        return runbook(self.alarm.says)


@dataclass(frozen=True, slots=True)
class Change:
    """An alarm went from one state to another."""

    at: float
    label: str
    before: State
    after: State


class Watch:
    """What is known of a sandbox: metrics, traces, alarms."""

    def __init__(self, declared: Declared, now: float) -> None:
        self.clock = Clock(declared.speed)
        self.store, self.traces = Store(), Traces()
        self.changes: deque[Change] = deque(maxlen=_CHANGES)
        self.open = False  # before the shop is up, its absence is no trouble
        self.metric: dict[str, Standing] = {}
        self.composite: dict[str, Standing] = {}
        for told in declared.metric_alarms:
            alarm = metric_alarm(told.name, told.label, told.inputs)
            self.metric[told.name] = Standing(alarm, told.tells, missing(alarm), since=now)
        for told in declared.composite_alarms:
            joined = composite_alarm(told.label, told.inputs)
            parts = [self.metric[name] for name in joined.parts if name in self.metric]
            absent = next((part.why for part in parts if part.why), "")
            why = absent if all(part.why for part in parts) else ""
            self.composite[joined.name] = Standing(joined, told.tells, why, since=now)

    def take(self, data: Iterable[Datum]) -> None:
        """Note what was measured."""
        if not self.open:
            return
        for datum in data:
            value = datum.value * (self.clock.speed if datum.name in _AGES else 1)
            key = (datum.namespace, datum.name, datum.dimensions)
            self.store.add(key, self.clock.minute(datum.seconds), value, datum.count)

    def judge(self, minute: int, now: float) -> None:
        """Find every alarm's state after a minute."""
        for standing in self.metric.values():
            alarm = standing.alarm
            if isinstance(alarm, MetricAlarm) and not standing.why:
                state = judge(alarm, self.store.measured, minute, standing.state)
                standing.value = alarm.value(self.store.measured, minute)
                self._set(standing, state, now)
        states: Mapping[str, State] = {
            name: standing.state for name, standing in self.metric.items() if not standing.why
        }
        for standing in self.composite.values():
            if isinstance(standing.alarm, CompositeAlarm) and not standing.why:
                self._set(standing, holds(standing.alarm, states), now)

    def _set(self, standing: Standing, state: State, now: float) -> None:
        if state != standing.state:
            self.changes.appendleft(Change(now, standing.alarm.label, standing.state, state))
            standing.state, standing.since = state, now

    def standings(self) -> Iterator[Standing]:
        """All alarms; those that tell somebody first."""
        told = [s for s in (*self.composite.values(), *self.metric.values()) if s.tells]
        yield from told
        yield from (s for s in self.metric.values() if not s.tells)

    def own(self) -> str:
        """The namespace that is the stack's own; "" when no alarm reads one."""
        found = (
            query.namespace
            for standing in self.metric.values()
            if isinstance(standing.alarm, MetricAlarm)
            for query in standing.alarm.queries.values()
        )
        return next(filter(ours, found), "")

    def dimensions(self, namespace: str) -> set[frozenset[tuple[str, str]]]:
        """Under which names alarms ask for a namespace's metrics."""
        return {
            query.dimensions
            for standing in self.metric.values()
            if isinstance(standing.alarm, MetricAlarm)
            for query in standing.alarm.queries.values()
            if query.namespace == namespace
        }

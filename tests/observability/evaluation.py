"""Declared alarms on made-up series: the sandbox's evaluator, which judges what is measured there.

Here a moment is looked at by itself: an alarm that keeps its state begins as OK.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

from graph import Graph
from sandbox.telemetry.alarms import (
    COMPOSITE,
    METRIC,
    Query,
    State,
    composite_alarm,
    holds,
    judge,
    metric_alarm,
)

__all__ = ["COMPOSITE", "METRIC", "Evaluator", "Series"]

# (metric's name, value of a dimension or "") -> minute -> value
Series = Mapping[tuple[str, str], Mapping[int, float]]
_MERGE: dict[str, Callable[[list[float]], float]] = {
    "Maximum": max,
    "Minimum": min,
    "p99": max,
    "Average": lambda values: sum(values) / len(values),
}


class Evaluator:
    """Tells which alarms of a stack ring at a minute; ``series`` holds what was measured."""

    def __init__(self, graph: Graph, series: Series) -> None:
        self.alarms = {
            name: metric_alarm(name, alarm.name, alarm.inputs)
            for alarm in graph.of_type(METRIC)
            if not alarm.inputs.get("thresholdMetricId")  # a band that CloudWatch learns
            for name in [str(alarm.outputs["name"])]
        }
        self.composites = {
            made.name: made
            for alarm in graph.of_type(COMPOSITE)
            for made in [composite_alarm(alarm.name, alarm.inputs)]
        }
        self.series = series
        self.sums: dict[tuple[str, str], tuple[list[float], list[int]]] = {}

    def rings(self, name: str, minute: int) -> bool:
        """Whether a composite alarm's rule holds at the end of a minute."""
        alarm = self.composites[name]
        states: dict[str, State] = {part: self.state(part, minute) for part in alarm.parts}
        return holds(alarm, states) == "ALARM"

    def beyond(self, name: str, minute: int) -> bool:
        """Whether a metric alarm is in ALARM."""
        return self.state(name, minute) == "ALARM"

    def state(self, name: str, minute: int) -> State:
        """Of a metric alarm."""
        return judge(self.alarms[name], self.measured, minute)

    def measured(self, query: Query, end: int) -> float | None:
        """A statistic of the series that is known by one of the query's dimensions, or by none."""
        keys = [(query.name, value) for value in (*(v for _, v in query.dimensions), "")]
        key = next((key for key in keys if key in self.series), None)
        if key is None:
            return None
        found, first = self.series[key], end - query.minutes + 1
        if query.statistic == "Sum":
            return self._summed(key, first, end)
        inside = [found[m] for m in range(first, end + 1) if m in found]
        return _MERGE[query.statistic](inside) if inside else None

    def _summed(self, key: tuple[str, str], first: int, last: int) -> float | None:
        """The same for sums, whose windows are days long: from sums up to each minute."""
        if key not in self.sums:
            found = self.series[key]
            minutes = range(max(found, default=-1) + 1)
            values = list(itertools.accumulate((found.get(m, 0.0) for m in minutes), initial=0.0))
            counts = list(itertools.accumulate((m in found for m in minutes), initial=0))
            self.sums[key] = (values, counts)
        values, counts = self.sums[key]
        low, high = (min(max(place, 0), len(values) - 1) for place in (first, last + 1))
        return values[high] - values[low] if counts[high] > counts[low] else None

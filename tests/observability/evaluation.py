"""Declared alarms, evaluated minute by minute against series as CloudWatch would have them.

What is modelled (CloudWatch user guide, "Alarm evaluation" and "Using metric math"): a period is
the time before the moment of evaluation; a period without any datapoint is missing; ``FILL`` fills
a metric's gaps where another metric of the expression has a datapoint; M of N periods beyond the
threshold ring; missing periods count as the alarm says. Not modelled: delays of delivery, and that
CloudWatch looks a few periods further back when some are missing.
"""

from __future__ import annotations

import ast
import itertools
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from graph import Graph, Resource

# (metric's name, value of a dimension or "") -> minute -> value
Series = Mapping[tuple[str, str], Mapping[int, float]]
METRIC = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
}
_MERGE: dict[str, Callable[[list[float]], float]] = {
    "Maximum": max,
    "Minimum": min,
    "Average": lambda values: sum(values) / len(values),
}
_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Div: operator.truediv,
    ast.GtE: operator.ge,
}


class Evaluator:
    """Tells which alarms of a stack ring at a minute; ``series`` holds what was measured."""

    def __init__(self, graph: Graph, series: Series) -> None:
        self.alarms = {a.outputs["name"]: a for a in graph.of_type(METRIC)}
        self.composites = {a.inputs["alarmName"]: a for a in graph.of_type(COMPOSITE)}
        self.series = series
        self.sums: dict[tuple[str, str], tuple[list[float], list[int]]] = {}

    def rings(self, name: str, minute: int) -> bool:
        """Whether a composite alarm's rule holds at the end of a minute."""
        rule = self.composites[name].inputs["alarmRule"]
        text = re.sub(r'ALARM\("([^"]+)"\)', lambda m: str(self.beyond(m[1], minute)), rule)
        text = text.replace("AND", "and").replace("OR", "or")
        assert re.fullmatch(r"(True|False|and|or|[() ])+", text), rule
        return bool(eval(text))

    def beyond(self, name: str, minute: int) -> bool:
        """Whether a metric alarm is in ALARM; "ignore" keeps the state, which starts as OK."""
        alarm = self.alarms[name].inputs
        compare, limit = _COMPARE[alarm["comparisonOperator"]], alarm["threshold"]
        length = self._seconds(alarm) // 60
        count = 0
        for place in range(int(alarm["evaluationPeriods"])):
            end = minute - place * length
            value = self.value(alarm, end - length + 1, end)
            if value is None:
                count += alarm["treatMissingData"] == "breaching"
            else:
                count += compare(value, limit)
        return bool(count >= alarm["datapointsToAlarm"])

    @staticmethod
    def _seconds(alarm: Mapping[str, Any]) -> int:
        if "period" in alarm:
            return int(alarm["period"])
        (seconds,) = {q["metric"]["period"] for q in alarm["metricQueries"] if "metric" in q}
        return int(seconds)

    def value(self, alarm: Mapping[str, Any], first: int, last: int) -> float | None:
        """The alarm's value over minutes ``first`` to ``last``; None when nothing was measured."""
        if "metricName" in alarm:
            statistic = alarm.get("statistic") or alarm["extendedStatistic"]
            told = (alarm["metricName"], alarm.get("dimensions", {}), statistic)
            return self._measured(*told, first, last)
        values: dict[str, float | None] = {}
        (expression,) = [q for q in alarm["metricQueries"] if "expression" in q]
        for query in alarm["metricQueries"]:
            if metric := query.get("metric"):
                told = (metric["metricName"], metric.get("dimensions", {}), metric["stat"])
                values[query["id"]] = self._measured(*told, first, last)
        if all(value is None for value in values.values()):
            return None
        return _math(ast.parse(expression["expression"], mode="eval").body, values)

    def _measured(
        self, name: str, dimensions: Mapping[str, str], statistic: str, first: int, last: int
    ) -> float | None:
        keys = [(name, value) for value in (*dimensions.values(), "")]
        key = next((key for key in keys if key in self.series), None)
        if key is None:
            return None
        found = self.series[key]
        if statistic == "Sum":
            return self._summed(key, first, last)
        inside = [found[m] for m in range(first, last + 1) if m in found]
        return _MERGE[statistic](inside) if inside else None

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


def _math(node: ast.expr, values: Mapping[str, float | None]) -> float:
    """An expression's value; raises for anything that no alarm here uses."""
    if isinstance(node, ast.Constant):
        return float(node.value)
    if isinstance(node, ast.Name):
        value = values[node.id]
        assert value is not None, f"{node.id} is not filled"
        return value
    if isinstance(node, ast.BinOp | ast.Compare):
        binary = isinstance(node, ast.BinOp)
        op, other = (node.op, node.right) if binary else (node.ops[0], node.comparators[0])
        return _OPERATORS[type(op)](_math(node.left, values), _math(other, values))
    return _called(node, values)


def _called(node: ast.expr, values: Mapping[str, float | None]) -> float:
    assert isinstance(node, ast.Call), ast.dump(node)
    assert isinstance(node.func, ast.Name)
    kind, given = node.func.id, node.args
    if kind == "FILL":
        assert isinstance(given[0], ast.Name)
        value = values[given[0].id]
        return _math(given[1], values) if value is None else value
    if kind == "IF":
        return _math(given[1] if _math(given[0], values) else given[2], values)
    assert isinstance(given[0], ast.List), kind
    return {"SUM": sum, "MAX": max, "MIN": min}[kind]([_math(n, values) for n in given[0].elts])


def alarm(graph: Graph, part: str) -> Resource:
    """A metric alarm by the part of its name."""
    return graph.one(METRIC, f"observability-{part}")

"""Declared alarms and their states, as CloudWatch finds them.

Modelled after CloudWatch's user guide ("Alarm evaluation", "Configuring how CloudWatch alarms treat
missing data", "Using metric math"): every minute an alarm looks at the last periods, and at a few
more when some are missing; M of N that are beyond the threshold ring; what is missing counts as
declared, and only as often as real datapoints do not suffice. A period is the time before the
moment of evaluation. Not modelled: delays of delivery.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from . import expressions

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
METRIC = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
MORE = 2  # periods further back that CloudWatch asks for; its guide shows five for three
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_SIGNS = dict(zip(_COMPARE, (">", "≥", "<", "≤"), strict=True))
_RUNBOOK = re.compile(r"^Runbook: \S*/([\w.-]+)\.md$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """One statistic of one metric over a period of so many minutes."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]
    statistic: str  # Sum, Average, Minimum, Maximum or a percentile such as p99
    minutes: int


# The statistic of a query over its minutes up to and with this one; None when nothing is there.
Measured = Callable[[Query, int], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricAlarm:
    """A metric alarm as it is declared; ``datapoints`` of ``periods`` must be beyond."""

    name: str
    label: str  # its logical name in the program
    says: str
    queries: Mapping[str, Query]
    expression: str  # of metric math; the id of the only query when there is none
    comparison: str
    threshold: float | None  # None: a band, which CloudWatch learns
    periods: int
    datapoints: int
    missing: str
    tells: bool  # somebody, by itself; parts of a composite alarm do not

    @property
    def minutes(self) -> int:
        """Length of a period."""
        return next(iter(self.queries.values())).minutes

    @property
    def sign(self) -> str:
        """How the value is compared, such as ``>``."""
        return _SIGNS.get(self.comparison, "")

    def value(self, measured: Measured, end: int) -> float | None:
        """What is compared, for the period that ends with a minute."""
        values = {id_: measured(query, end) for id_, query in self.queries.items()}
        if all(value is None for value in values.values()):
            return None  # FILL needs one metric that has something
        return expressions.value(self.expression, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeAlarm:
    """An alarm on states of others."""

    name: str
    label: str
    says: str
    rule: str

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the alarms that its rule asks."""
        return expressions.names(self.rule)


def metric_alarm(name: str, label: str, told: Mapping[str, Any]) -> MetricAlarm:
    """From what a program declares; raises ValueError for what nobody here can evaluate.

    An alarm on a band that CloudWatch learns is read, but never judged: see `measured.missing`.
    """
    band = told.get("thresholdMetricId")
    if told.get("metricName"):
        statistic = told.get("statistic") or told["extendedStatistic"]
        queries = {"m": _query(told, str(told["metricName"]), str(statistic), label)}
        expression = "m"
    else:
        queries, found = {}, []
        for query in told["metricQueries"]:
            if metric := query.get("metric"):
                queries[query["id"]] = _query(
                    metric, str(metric["metricName"]), str(metric["stat"]), label
                )
            elif query["id"] != band:
                found.append(str(query["expression"]))
        found = found or list(queries)[:1]
        if len(found) != 1 or len({query.minutes for query in queries.values()}) != 1:
            raise ValueError(f"{label}: one expression over metrics of one period is known here")
        (expression,) = found
    comparison = str(told["comparisonOperator"])
    if comparison not in _COMPARE and not band:
        raise ValueError(f"{label}: {comparison} is not known here")
    periods = int(told["evaluationPeriods"])
    missing = str(told.get("treatMissingData") or "missing")
    if any(query.namespace == "AWS/DynamoDB" for query in queries.values()):
        missing = "ignore"  # whatever an alarm says
    return MetricAlarm(
        name=name,
        label=label,
        says=str(told.get("alarmDescription") or ""),
        queries=queries,
        expression=expression,
        comparison=comparison,
        threshold=None if band else float(told["threshold"]),
        periods=periods,
        datapoints=int(told.get("datapointsToAlarm") or periods),
        missing=missing,
        tells=bool(told.get("alarmActions")),
    )


def _query(told: Mapping[str, Any], name: str, statistic: str, label: str) -> Query:
    seconds = int(told["period"])
    if seconds % 60:
        raise ValueError(f"{label}: a period of {seconds} s is no whole minutes")
    dimensions = frozenset((str(k), str(v)) for k, v in (told.get("dimensions") or {}).items())
    return Query(str(told["namespace"]), name, dimensions, statistic, seconds // 60)


def composite_alarm(label: str, told: Mapping[str, Any]) -> CompositeAlarm:
    """The same for a composite alarm."""
    rule = str(told["alarmRule"])
    expressions.names(rule)
    return CompositeAlarm(
        name=str(told["alarmName"]),
        label=label,
        says=str(told.get("alarmDescription") or ""),
        rule=rule,
    )


def runbook(says: str) -> str:
    """The page of docs/runbooks that a description links to; "" for none."""
    found = _RUNBOOK.search(says)
    return found[1] if found else ""


def judge(alarm: MetricAlarm, measured: Measured, end: int, before: State = "OK") -> State:
    """The state of a metric alarm after a minute; ``before`` is the state that it was in."""
    compare, limit = _COMPARE[alarm.comparison], alarm.threshold
    assert limit is not None  # who is not measured is not judged
    real: list[tuple[int, bool]] = []  # how many periods back (1: the last), beyond or not
    for place in range(alarm.periods + MORE):
        if (value := alarm.value(measured, end - place * alarm.minutes)) is not None:
            real.append((place + 1, compare(value, limit)))
            if len(real) == alarm.periods:
                break
    beyond = sum(bad for _, bad in real)
    absent = alarm.periods - len(real)
    if alarm.missing == "breaching":
        beyond += absent
    if beyond >= alarm.datapoints:
        return "ALARM"
    if not absent or alarm.missing in ("breaching", "notBreaching"):
        return "OK"
    if not real:
        return "INSUFFICIENT_DATA" if alarm.missing == "missing" else before
    if any(not bad for _, bad in real):
        return "OK"
    # All that there is is bad, but there is too little of it.
    if alarm.missing == "missing" and real[-1][0] >= alarm.datapoints:
        return "ALARM"
    return before


def holds(alarm: CompositeAlarm, states: Mapping[str, State]) -> State:
    """The state of a composite alarm; an alarm that nobody knows is in no state."""
    return "ALARM" if expressions.holds(alarm.rule, states) else "OK"

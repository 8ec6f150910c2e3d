"""Alarms as data, and how they are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pulumi_aws as aws
from pulumi import Output

from components.names import GLOBAL

from .ground import Ground
from .metrics import Metric, Names, resolved
from .topics import Urgency

Above = Literal[">", ">=", "<"]
_OPERATORS = {
    ">": "GreaterThanThreshold",
    ">=": "GreaterThanOrEqualToThreshold",
    "<": "LessThanThreshold",
}
Missing = Literal["notBreaching", "breaching", "ignore", "missing"]


@dataclass(frozen=True, kw_only=True)
class Silence:
    """What it means that a metric says nothing, and why."""

    treat: Missing
    why: str


QUIET = Silence(treat="notBreaching", why="AWS sends nothing while there is nothing to count")
DEAD = Silence(treat="breaching", why="what is measured says this every minute while it lives")
AGAIN = Silence(treat="ignore", why="told once a day at most; what was said last still holds")


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A row: ``part`` is its name, ``says`` what is wrong, ``runbook`` a page of docs/runbooks.

    Several metrics become one by ``combine``. It rings when ``of`` of the last ``periods`` (each
    ``seconds`` long) are beyond ``limit``. A ``far`` alarm watches what is in CloudFront's region.
    """

    part: str
    says: str
    metrics: tuple[Metric, ...]
    limit: float
    silence: Silence
    urgency: Urgency
    runbook: str
    beyond: Above = ">"
    seconds: int = 300
    periods: int = 3
    of: int | None = None
    combine: Literal["SUM", "MAX", "MIN"] = "SUM"
    far: bool = False


def make(ground: Ground, rows: Sequence[Alarm], names: Names) -> dict[str, Output[str]]:
    """Alarms of rows whose metrics there are; part -> ARN."""
    return {
        row.part: _alarm(ground, row, found).arn
        for row in rows
        if (found := resolved(row.metrics, names))
    }


def _alarm(ground: Ground, row: Alarm, metrics: Sequence[Metric]) -> aws.cloudwatch.MetricAlarm:
    topics = ground.far if row.far else ground.topics
    return aws.cloudwatch.MetricAlarm(
        f"{ground.name}-{row.part}",
        alarm_description=description(ground, row.says, row.runbook),
        comparison_operator=_OPERATORS[row.beyond],
        threshold=row.limit,
        evaluation_periods=row.periods,
        datapoints_to_alarm=row.of or row.periods,
        treat_missing_data=row.silence.treat,
        alarm_actions=[topics.of(row.urgency)],
        ok_actions=[topics.of(row.urgency)],
        region=GLOBAL if row.far else None,
        opts=ground.mine,
        **_watched(row, metrics),
    )


def description(ground: Ground, says: str, runbook: str) -> str:
    """What whoever is woken reads first."""
    return f"{says}\nRunbook: {ground.link(runbook)}"


def _watched(row: Alarm, metrics: Sequence[Metric]) -> dict[str, Any]:
    if len(metrics) == 1:
        (metric,) = metrics
        fine = {"extended_statistic": metric.statistic}
        return {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "dimensions": dict(metric.dimensions),
            "period": row.seconds,
            **(fine if metric.statistic.startswith("p") else {"statistic": metric.statistic}),
        }
    ids = [f"m{place}" for place in range(len(metrics))]
    queries = [metric.query(id_, row.seconds) for id_, metric in zip(ids, metrics, strict=True)]
    if row.combine != "MIN":  # a thing that says nothing must not silence the others
        ids = [f"FILL({id_}, 0)" for id_ in ids]
    whole = {
        "id": "all",
        "expression": f"{row.combine}([{', '.join(ids)}])",
        "label": row.part,
        "return_data": True,
    }
    return {"metric_queries": [*queries, whole]}

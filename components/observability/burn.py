"""Alarms on a budget that burns: several windows, several rates (Google SRE workbook, chapter 5).

A rate of 1 uses a month's budget up in a month. A long window says that it matters, a short one
that it still goes on; both together ring. Each window is an alarm of its own, because all metrics
of one alarm have one period; a composite alarm joins them and tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output

from .alarms import QUIET, description
from .ground import Ground
from .metrics import Metric, Names, resolved
from .slos import JOURNEYS, Journey
from .topics import Urgency

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Window:
    """``of`` of ``periods``, each of ``seconds``; below ``few`` bad ones there is no burn.

    The shortest looks at five single minutes: two bad ones, as of a pod that moves, are no reason
    to wake anybody, and three are seen as early as an average would see them.
    """

    label: str
    seconds: int
    periods: int = 1
    of: int = 1
    few: int = 5


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Budgets that burn ``times`` as fast as they may, over both windows."""

    times: float
    long: Window
    short: Window
    urgency: Urgency


FIVE_MINUTES = Window(label="5m", seconds=MINUTE, periods=5, of=3, few=1)
RATES = (
    Rate(times=14.4, long=Window(label="1h", seconds=HOUR), short=FIVE_MINUTES, urgency="page"),
    Rate(
        times=6,
        long=Window(label="6h", seconds=6 * HOUR),
        short=Window(label="30m", seconds=30 * MINUTE),
        urgency="page",
    ),
    Rate(
        times=1,
        long=Window(label="3d", seconds=3 * DAY),
        short=Window(label="6h", seconds=6 * HOUR),
        urgency="ticket",
    ),
)
RUNBOOKS: dict[Urgency, str] = {"page": "burning-{}", "ticket": "slow-burn"}


def runbook(journey: Journey, urgency: Urgency) -> str:
    """The page of docs/runbooks; slow burns of all journeys have one in common."""
    return RUNBOOKS[urgency].format(journey.name)


def burning(ground: Ground, names: Names) -> dict[str, Output[str]]:
    """The alarms of all journeys; name -> ARN of those that tell somebody."""
    made = {}
    for journey in JOURNEYS:
        rules: dict[Urgency, list[Output[str]]] = {"page": [], "ticket": []}
        for rate in RATES:
            long, short = (
                _window(ground, journey, rate, window, names) for window in (rate.long, rate.short)
            )
            rules[rate.urgency].append(
                Output.format('(ALARM("{0}") AND ALARM("{1}"))', long.name, short.name)
            )
        for urgency, parts in rules.items():
            part = f"{journey.name}-{urgency}"
            made[part] = _joined(ground, journey, urgency, parts).arn
    return made


def _joined(
    ground: Ground, journey: Journey, urgency: Urgency, parts: Sequence[Output[str]]
) -> aws.cloudwatch.CompositeAlarm:
    name = f"{ground.name}-{journey.name}-{urgency}"
    topic = ground.topics.of(urgency)
    says = (
        f"{journey.promise} At this rate of failures, {journey.objective} % of them will not hold."
    )
    return aws.cloudwatch.CompositeAlarm(
        name,
        alarm_name=f"{ground.physical}-{journey.name}-{urgency}",
        alarm_description=description(ground, says, runbook(journey, urgency)),
        alarm_rule=Output.all(*parts).apply(" OR ".join),
        alarm_actions=[topic],
        ok_actions=[topic],
        opts=ground.mine,
    )


def _window(
    ground: Ground, journey: Journey, rate: Rate, window: Window, names: Names
) -> aws.cloudwatch.MetricAlarm:
    return aws.cloudwatch.MetricAlarm(
        f"{ground.name}-{journey.name}-{rate.urgency}-{window.label}",
        alarm_description=f"{journey.name}: {rate.times} times its budget over {window.label}.",
        comparison_operator="GreaterThanThreshold",
        threshold=round(rate.times * journey.budget, 6),
        evaluation_periods=window.periods,
        datapoints_to_alarm=window.of,
        treat_missing_data=QUIET.treat,
        metric_queries=_part_of_bad(journey, window, names),
        opts=ground.mine,
    )


def _part_of_bad(
    journey: Journey, window: Window, names: Names
) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict]:
    found = {
        "t": resolved(journey.total, names),
        "b": resolved(journey.bad, names),
    }
    queries: list[Metric] = []
    sums = {}
    for sign, metrics in found.items():
        ids = []
        for metric in metrics:
            if metric not in queries:
                queries.append(metric)
            ids.append(f"FILL(m{queries.index(metric)}, 0)")
        sums[sign] = " + ".join(ids)
    bad, total = sums["b"], sums["t"]
    made = [metric.query(f"m{place}", window.seconds) for place, metric in enumerate(queries)]
    ratio: aws.cloudwatch.MetricAlarmMetricQueryArgsDict = {
        "id": "ratio",
        "expression": f"IF({bad} >= {window.few}, ({bad}) / ({total}), 0)",
        "label": f"{journey.name}: part of bad ones",
        "return_data": True,
    }
    return [*made, ratio]

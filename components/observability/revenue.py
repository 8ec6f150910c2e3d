"""Revenue that is unusually low for the hour and the day: what no limit could say."""

from __future__ import annotations

import pulumi_aws as aws

from .alarms import DEAD, description
from .ground import Ground
from .metrics import OURS, Metric, Names, resolved

REVENUE = Metric(namespace=OURS, name="Revenue")
SECONDS, PERIODS = 1800, 2
WIDTH = 3  # standard deviations; what is learned needs some weeks, until then it does not ring


def revenue(ground: Ground, names: Names) -> None:
    """A ticket, when an hour earns less than such hours do."""
    (metric,) = resolved([REVENUE], names)
    earned: aws.cloudwatch.MetricAlarmMetricQueryArgsDict = {
        **metric.query("earned", SECONDS),
        "return_data": True,
    }
    usual: aws.cloudwatch.MetricAlarmMetricQueryArgsDict = {
        "id": "usual",
        "expression": f"ANOMALY_DETECTION_BAND(earned, {WIDTH})",
        "label": "usual revenue",
        "return_data": True,
    }
    aws.cloudwatch.MetricAlarm(
        f"{ground.name}-revenue-low",
        alarm_description=description(
            ground, "Revenue is unusually low for this hour and day.", "revenue"
        ),
        comparison_operator="LessThanLowerThreshold",
        threshold_metric_id="usual",
        evaluation_periods=PERIODS,
        datapoints_to_alarm=PERIODS,
        treat_missing_data=DEAD.treat,
        metric_queries=[earned, usual],
        alarm_actions=[ground.topics.ticket],
        ok_actions=[ground.topics.ticket],
        opts=ground.mine,
    )

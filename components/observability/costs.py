"""What the shop may cost, and who is told when it costs more."""

from __future__ import annotations

import json
from typing import Literal

import pulumi_aws as aws
from pulumi import Output

from .ground import Ground

UNUSUAL_USD = 20  # a day; below, nobody should have to read about it


def costs(ground: Ground) -> None:
    """A month's budget for what has this stack's tags, and word of unusual costs."""
    kinds: list[tuple[float, Literal["ACTUAL", "FORECASTED"]]] = [
        (80, "ACTUAL"),
        (100, "ACTUAL"),
        (100, "FORECASTED"),
    ]
    aws.budgets.Budget(
        f"{ground.name}-budget",
        name=ground.physical,
        budget_type="COST",
        time_unit="MONTHLY",
        limit_amount=str(ground.settings.budget),
        limit_unit="USD",
        # "stack" must be a cost allocation tag of the account; until it is, this counts nothing.
        cost_filters=[{"name": "TagKeyValue", "values": [f"user:stack${ground.stack}"]}],
        notifications=[
            {
                "comparison_operator": "GREATER_THAN",
                "threshold": threshold,
                "threshold_type": "PERCENTAGE",
                "notification_type": kind,
                "subscriber_sns_topic_arns": [ground.topics.ticket],
            }
            for threshold, kind in kinds
        ],
        opts=ground.mine,
    )
    if ground.settings.account.anomalies:
        _anomalies(ground)


def _anomalies(ground: Ground) -> None:
    name = f"{ground.name}-unusual"
    monitor = aws.costexplorer.AnomalyMonitor(
        name,
        name=ground.physical,
        monitor_type="CUSTOM",
        monitor_specification=json.dumps({"Tags": {"Key": "stack", "Values": [ground.stack]}}),
        opts=ground.mine,
    )
    least: Output[str] = Output.from_input(str(UNUSUAL_USD))
    aws.costexplorer.AnomalySubscription(
        name,
        name=ground.physical,
        frequency="IMMEDIATE",  # the only one that tells a topic
        monitor_arn_lists=[monitor.arn],
        subscribers=[{"type": "SNS", "address": ground.topics.ticket}],
        threshold_expression={
            "dimension": {
                "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                "match_options": ["GREATER_THAN_OR_EQUAL"],
                "values": [least],
            }
        },
        opts=ground.mine,
    )

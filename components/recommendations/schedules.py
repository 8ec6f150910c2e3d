"""When state machines run by themselves."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi_aws as aws
from pulumi import Output

from components import iam

from .ground import Ground


def schedules(ground: Ground, machines: Mapping[str, Output[str]], failures: aws.sqs.Queue) -> None:
    """Training as the settings say, and the pause of recommenders, if any; ``machines`` are ARNs.

    A run that could not even begin becomes a message in ``failures``.
    """
    training = ground.settings.training
    times = {"train": training.schedule}
    if training.rest is not None:
        times |= {"pause": training.rest.starts, "resume": training.rest.ends}
    name = f"{ground.name}-schedules"
    role = iam.role(
        name,
        description="Schedules of the shop",
        trusted=iam.trust("scheduler.amazonaws.com", when=iam.same_account()),
        allowed=[
            iam.allow(["states:StartExecution"], on=[machines[part] for part in times]),
            iam.allow(["sqs:SendMessage"], on=[failures.arn]),
            ground.use_key(ground.data.key_arn, "scheduler", "sqs"),
        ],
        opts=ground.mine,
    )
    for part, cron in times.items():
        aws.scheduler.Schedule(
            f"{ground.name}-{part}",
            description=f"Of the shop: {part}",
            schedule_expression=six_fields(cron),
            schedule_expression_timezone=training.time_zone,
            flexible_time_window={"mode": "OFF"},
            kms_key_arn=ground.data.key_arn,
            target={
                "arn": machines[part],
                "role_arn": role.arn,
                "input": "{}",
                "retry_policy": {
                    "maximum_retry_attempts": 10,
                    "maximum_event_age_in_seconds": 3600,
                },
                "dead_letter_config": {"arn": failures.arn},
            },
            opts=ground.mine,
        )


def six_fields(cron: str) -> str:
    """EventBridge's way: the year too, and a question mark for a day that does not count."""
    minute, hour, day, month, weekday = cron.split()
    if weekday == "*":
        weekday = "?"
    else:
        day = "?"
    return f"cron({minute} {hour} {day} {month} {weekday} *)"

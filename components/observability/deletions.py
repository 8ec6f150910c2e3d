"""What nobody should delete: logs, records, training data and pictures go by their age alone."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi_aws as aws
from pulumi import Output

from .ground import Ground


def deletions(ground: Ground, buckets: Sequence[Output[str]]) -> None:
    """A ticket for each object of ``buckets`` (names) that somebody deleted.

    Old versions stay for a while (`components/buckets.py`), so what is told in time can be undone.
    """
    name = f"{ground.name}-deletions"
    pattern = Output.all(*buckets).apply(
        lambda names: json.dumps(
            {
                "source": ["aws.s3"],
                "detail-type": ["Object Deleted"],
                # The other reason is that a lifecycle rule said so.
                "detail": {"bucket": {"name": names}, "reason": ["DeleteObject"]},
            }
        )
    )
    rule = aws.cloudwatch.EventRule(
        name,
        description="Somebody deleted what is kept until it is old",
        event_pattern=pattern,
        opts=ground.mine,
    )
    aws.cloudwatch.EventTarget(name, rule=rule.name, arn=ground.topics.ticket, opts=ground.mine)

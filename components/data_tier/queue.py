"""SQS: order events, at least once."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output

from components import iam

from .ground import Ground

ATTEMPTS = 5
# Six times what a worker may take for a batch, as AWS advises, so that a slow one keeps its events.
VISIBILITY_SECONDS = 60
DAYS = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class QueueLinks:
    """The queue, and where events go that nobody could handle."""

    url: Output[str]
    name: Output[str]
    arn: Output[str]
    dead_letters_name: Output[str]
    dead_letters_arn: Output[str]


def order_events(ground: Ground) -> QueueLinks:
    """The queue of order events with its dead-letter queue."""
    name = f"{ground.name}-order-events"
    dead = aws.sqs.Queue(
        f"{name}-dead",
        message_retention_seconds=14 * DAYS,
        kms_master_key_id=ground.key_arn,
        opts=ground.mine,
    )
    queue = aws.sqs.Queue(
        name,
        message_retention_seconds=4 * DAYS,
        visibility_timeout_seconds=VISIBILITY_SECONDS,
        receive_wait_time_seconds=20,
        kms_master_key_id=ground.key_arn,
        redrive_policy=Output.json_dumps(
            {"deadLetterTargetArn": dead.arn, "maxReceiveCount": ATTEMPTS}
        ),
        opts=ground.mine,
    )
    aws.sqs.RedriveAllowPolicy(
        name,
        queue_url=dead.url,
        redrive_allow_policy=Output.json_dumps(
            {"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn]}
        ),
        opts=ground.mine,
    )
    for part, made in (("", queue), ("-dead", dead)):
        aws.sqs.QueuePolicy(
            f"{name}{part}",
            queue_url=made.url,
            policy=iam.document(iam.deny_unencrypted("sqs", [made.arn])),
            opts=ground.mine,
        )
    return QueueLinks(
        url=queue.url,
        name=queue.name,
        arn=queue.arn,
        dead_letters_name=dead.name,
        dead_letters_arn=dead.arn,
    )

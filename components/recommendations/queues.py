"""Where it goes what nobody could handle."""

from __future__ import annotations

import pulumi_aws as aws

from components import iam

from .ground import Ground

DAYS = 24 * 3600


def dead_letters(ground: Ground, part: str) -> aws.sqs.Queue:
    """An encrypted queue that keeps messages until somebody has looked, for two weeks at most."""
    name = f"{ground.name}-{part}"
    made = aws.sqs.Queue(
        name,
        message_retention_seconds=14 * DAYS,
        kms_master_key_id=ground.data.key_arn,
        opts=ground.mine,
    )
    aws.sqs.QueuePolicy(
        name,
        queue_url=made.url,
        policy=iam.document(iam.deny_unencrypted("sqs", [made.arn])),
        opts=ground.mine,
    )
    return made

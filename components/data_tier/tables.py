"""DynamoDB: carts and sessions."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output

from .ground import Ground

EXPIRY = "expires_at"  # epoch seconds; the storefront writes it, DynamoDB deletes by it


@dataclass(frozen=True, kw_only=True)
class TableLinks:
    """A table and its name."""

    name: Output[str]
    arn: Output[str]


def table(ground: Ground, part: str, key: str) -> TableLinks:
    """A table on demand with the text key ``key``; items go when their time is over."""
    made = aws.dynamodb.Table(
        f"{ground.name}-{part}",
        billing_mode="PAY_PER_REQUEST",
        hash_key=key,
        attributes=[{"name": key, "type": "S"}],
        ttl={"attribute_name": EXPIRY, "enabled": True},
        point_in_time_recovery={"enabled": True},
        server_side_encryption={"enabled": True, "kms_key_arn": ground.key_arn},
        deletion_protection_enabled=ground.settings.protect,
        opts=ground.kept,
    )
    return TableLinks(name=made.name, arn=made.arn)

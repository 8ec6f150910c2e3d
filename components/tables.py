"""DynamoDB tables whose items go when their time is over."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

EXPIRY = "expires_at"  # epoch seconds; whoever writes an item says it, DynamoDB deletes by it


@dataclass(frozen=True, kw_only=True)
class TableLinks:
    """A table and its name."""

    name: Output[str]
    arn: Output[str]


def table(
    name: str, *, key: str, key_arn: Input[str], protect: bool, opts: ResourceOptions
) -> TableLinks:
    """A table on demand with the text key ``key``, encrypted with the customer key ``key_arn``."""
    made = aws.dynamodb.Table(
        name,
        billing_mode="PAY_PER_REQUEST",
        hash_key=key,
        attributes=[{"name": key, "type": "S"}],
        ttl={"attribute_name": EXPIRY, "enabled": True},
        point_in_time_recovery={"enabled": True},
        server_side_encryption={"enabled": True, "kms_key_arn": key_arn},
        deletion_protection_enabled=protect,
        opts=opts,
    )
    return TableLinks(name=made.name, arn=made.arn)

"""Customer keys."""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import ResourceOptions

from . import iam


def customer_key(
    name: str,
    *,
    description: str,
    recovery_days: int,
    also: tuple[iam.Statement, ...] = (),
    opts: ResourceOptions,
) -> aws.kms.Key:
    """A key that rotates every year. Who uses it is for IAM to say, and for ``also`` where a
    service acts in its own name. It can be recovered for ``recovery_days`` (7 to 30) after
    deletion.
    """
    # In a key's policy "*" is the key itself. Without this statement nobody could ever change it.
    account_decides: iam.Statement = {
        "Sid": "TheAccountDecides",
        "Effect": "Allow",
        "Principal": {"AWS": iam.account_id().apply(lambda id_: f"arn:aws:iam::{id_}:root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    return aws.kms.Key(
        name,
        description=description,
        enable_key_rotation=True,
        deletion_window_in_days=recovery_days,
        policy=iam.document(account_decides, *also),
        opts=opts,
    )


def for_log_groups(region: str) -> iam.Statement:
    """CloudWatch Logs encrypts this account's log groups in its own name."""
    arns = iam.account_id().apply(lambda id_: f"arn:aws:logs:{region}:{id_}:log-group:*")
    return {
        "Sid": "LogGroups",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{region}.amazonaws.com"},
        "Action": [
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ],
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arns}},
    }

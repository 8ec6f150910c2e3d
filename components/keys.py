"""Customer keys."""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import Input, ResourceOptions

from . import iam

ALGORITHM = "ECDSA_SHA_256"  # of signatures


def customer_key(
    name: str,
    *,
    description: str,
    recovery_days: int,
    also: tuple[iam.Statement, ...] = (),
    region: str | None = None,
    opts: ResourceOptions,
) -> aws.kms.Key:
    """A key that rotates every year. Who uses it is for IAM to say, and for ``also`` where a
    service acts in its own name. It can be recovered for ``recovery_days`` (7 to 30) after
    deletion. ``region`` is the stack's own unless given.
    """
    return aws.kms.Key(
        name,
        description=description,
        enable_key_rotation=True,
        deletion_window_in_days=recovery_days,
        policy=iam.document(_account_decides(), *also),
        region=region,
        opts=opts,
    )


def signing_key(
    name: str, *, description: str, recovery_days: int, opts: ResourceOptions
) -> aws.kms.Key:
    """A key pair whose private half never leaves KMS, for `ALGORITHM`. AWS rotates no key pairs."""
    return aws.kms.Key(
        name,
        description=description,
        key_usage="SIGN_VERIFY",
        customer_master_key_spec="ECC_NIST_P256",
        deletion_window_in_days=recovery_days,
        policy=iam.document(_account_decides()),
        opts=opts,
    )


def _account_decides() -> iam.Statement:
    """In a key's policy "*" is the key itself. Without this nobody could ever change it."""
    return {
        "Sid": "TheAccountDecides",
        "Effect": "Allow",
        "Principal": {"AWS": iam.account_id().apply(lambda id_: f"arn:aws:iam::{id_}:root")},
        "Action": "kms:*",
        "Resource": "*",
    }


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


def for_logs(
    name: str, own: Input[str], home: str, region: str, opts: ResourceOptions
) -> Input[str]:
    """The ARN of a key for log groups in ``region``: ``own`` at ``home``, another one elsewhere."""
    if region == home:
        return own
    return customer_key(
        name,
        description="Log groups of the shop",
        recovery_days=30,
        also=(for_log_groups(region),),
        region=region,
        opts=opts,
    ).arn


def for_cloudfront() -> iam.Statement:
    """CloudFront reads encrypted objects on behalf of this account's distributions."""
    return {
        "Sid": "CloudFront",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": iam.our_distributions(),
    }


def for_notices() -> iam.Statement:
    """Alarms and notifications of this account are written to an encrypted topic."""
    return {
        "Sid": "Notices",
        "Effect": "Allow",
        "Principal": {
            "Service": ["cloudwatch.amazonaws.com", "codestar-notifications.amazonaws.com"]
        },
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": iam.same_account(),
    }


def for_personalize() -> iam.Statement:
    """Personalize reads what it imports in its own name; whose buckets, their policies say.

    The actions are those that AWS names for imports from an encrypted bucket. A key for nothing but
    training data, because one of them hands its use on.
    """
    return {
        "Sid": "Personalize",
        "Effect": "Allow",
        "Principal": {"Service": "personalize.amazonaws.com"},
        "Action": [
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:GenerateDataKey",
            "kms:ListGrants",
        ],
        "Resource": "*",
    }

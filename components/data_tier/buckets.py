"""S3: product images, and the log of who read them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output

from components import iam
from components.buckets import closed_bucket, policy, read_by_cloudfront

from .ground import Ground

CONTENT_LOGS = "AWSLogs"  # folder that log delivery insists on
BALANCER_LOGS = "balancer"  # folder of the load balancer's access logs


@dataclass(frozen=True, kw_only=True)
class BucketLinks:
    """A bucket; ``domain`` is where a content network fetches from it."""

    name: Output[str]
    arn: Output[str]
    domain: Output[str]


def log_bucket(ground: Ground) -> BucketLinks:
    """Where AWS services leave access logs; others learn its name once they may write there.

    Encrypted with S3's own key: log delivery to a bucket with a customer key is not possible.
    """
    made = _bucket(ground, "logs", key_arn=None, days=ground.settings.log_days)
    delivery: iam.Statement = {
        "Sid": "AccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": made.arn.apply(lambda arn: f"{arn}/s3/*"),
        "Condition": iam.same_account(),
    }
    balancers: iam.Statement = {
        "Sid": "LoadBalancerLogs",
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": made.arn.apply(lambda arn: f"{arn}/{BALANCER_LOGS}/AWSLogs/*"),
        "Condition": iam.same_account(),
    }
    content_network: iam.Statement = {
        "Sid": "ContentNetworkLogs",
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": made.arn.apply(lambda arn: f"{arn}/{CONTENT_LOGS}/*"),
        "Condition": {
            "StringEquals": {
                "s3:x-amz-acl": "bucket-owner-full-control",
                "aws:SourceAccount": iam.account_id(),
            }
        },
    }
    name = f"{ground.name}-logs"
    allowed = policy(name, made, delivery, balancers, content_network, opts=ground.mine)
    whole = Output.all(arn=made.arn, name=allowed.bucket)
    return BucketLinks(
        name=whole["name"], arn=whole["arn"], domain=made.bucket_regional_domain_name
    )


def image_bucket(ground: Ground, logs: BucketLinks) -> BucketLinks:
    """Where product images are kept."""
    made = _bucket(ground, "images", key_arn=ground.key_arn, days=None)
    aws.s3.BucketLogging(
        f"{ground.name}-images",
        bucket=made.id,
        target_bucket=logs.name,
        target_prefix="s3/images/",
        opts=ground.mine,
    )
    policy(f"{ground.name}-images", made, read_by_cloudfront(made), opts=ground.mine)
    return BucketLinks(name=made.bucket, arn=made.arn, domain=made.bucket_regional_domain_name)


def _bucket(
    ground: Ground, part: str, *, key_arn: Output[str] | None, days: int | None
) -> aws.s3.Bucket:
    return closed_bucket(
        f"{ground.name}-{part}",
        key_arn=key_arn,
        days=days,
        force_destroy=not ground.settings.protect,
        mine=ground.mine,
        kept=ground.kept,
    )

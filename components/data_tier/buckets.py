"""S3: product images, and the log of who read them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output

from components import iam

from .ground import Ground

BALANCER_LOGS = "balancer"  # folder of the load balancer's access logs
OLD_VERSIONS_DAYS = 30  # a picture deleted by mistake can be brought back for this long


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
    made = _closed_bucket(ground, "logs", key_arn=None, days=ground.settings.log_days)
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
    policy = _policy(ground, "logs", made, delivery, balancers)
    return BucketLinks(name=policy.bucket, arn=made.arn, domain=made.bucket_regional_domain_name)


def image_bucket(ground: Ground, logs: BucketLinks) -> BucketLinks:
    """Where product images are kept."""
    made = _closed_bucket(ground, "images", key_arn=ground.key_arn, days=None)
    aws.s3.BucketLogging(
        f"{ground.name}-images",
        bucket=made.id,
        target_bucket=logs.name,
        target_prefix="s3/images/",
        opts=ground.mine,
    )
    _policy(ground, "images", made)
    return BucketLinks(name=made.bucket, arn=made.arn, domain=made.bucket_regional_domain_name)


def _closed_bucket(
    ground: Ground, part: str, *, key_arn: Output[str] | None, days: int | None
) -> aws.s3.Bucket:
    """A bucket without public access or ACLs, versioned; objects expire after ``days``, if any.

    Encrypted with the customer key ``key_arn``, or else with S3's own.
    """
    name, mine = f"{ground.name}-{part}", ground.mine
    made = aws.s3.Bucket(name, force_destroy=not ground.settings.protect, opts=ground.kept)
    aws.s3.BucketPublicAccessBlock(
        name,
        bucket=made.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=mine,
    )
    aws.s3.BucketOwnershipControls(
        name, bucket=made.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=mine
    )
    aws.s3.BucketVersioning(
        name, bucket=made.id, versioning_configuration={"status": "Enabled"}, opts=mine
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=made.id,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "AES256" if key_arn is None else "aws:kms",
                    "kms_master_key_id": key_arn,
                },
                "bucket_key_enabled": True,
            }
        ],
        opts=mine,
    )
    aws.s3.BucketLifecycleConfiguration(
        name,
        bucket=made.id,
        rules=[
            {
                "id": "tidy",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                "noncurrent_version_expiration": {"noncurrent_days": OLD_VERSIONS_DAYS},
                "expiration": {"days": days} if days else None,
            }
        ],
        opts=mine,
    )
    return made


def _policy(
    ground: Ground, part: str, bucket: aws.s3.Bucket, *allowed: iam.Statement
) -> aws.s3.BucketPolicy:
    objects = bucket.arn.apply(lambda arn: f"{arn}/*")
    return aws.s3.BucketPolicy(
        f"{ground.name}-{part}",
        bucket=bucket.id,
        policy=iam.document(iam.deny_unencrypted("s3", [bucket.arn, objects]), *allowed),
        opts=ground.mine,
    )

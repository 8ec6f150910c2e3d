"""Buckets that nobody reads by accident."""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from . import iam

OLD_VERSIONS_DAYS = 30  # a file deleted by mistake can be brought back for this long


def closed_bucket(
    name: str,
    *,
    key_arn: Output[str] | None,
    days: int | None,
    force_destroy: bool,
    mine: ResourceOptions,
    kept: ResourceOptions,
    locked_days: int | None = None,
) -> aws.s3.Bucket:
    """A bucket without public access or ACLs, versioned; objects expire after ``days``, if any.

    Encrypted with the customer key ``key_arn``, or else with S3's own. ``kept`` are the options of
    the bucket itself, ``mine`` those of what describes it. With ``locked_days`` nobody deletes an
    object's version earlier by mistake: it takes a permission of its own (governance mode). What
    happens to objects is told to EventBridge.
    """
    locked = True if locked_days else None
    made = aws.s3.Bucket(name, force_destroy=force_destroy, object_lock_enabled=locked, opts=kept)
    if locked_days:
        aws.s3.BucketObjectLockConfiguration(
            name,
            bucket=made.id,
            rule={"default_retention": {"mode": "GOVERNANCE", "days": locked_days}},
            opts=mine,
        )
    aws.s3.BucketNotification(name, bucket=made.id, eventbridge=True, opts=mine)
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


def policy(
    name: str, bucket: aws.s3.Bucket, *allowed: iam.Statement, opts: ResourceOptions
) -> aws.s3.BucketPolicy:
    """What is ``allowed`` beside IAM, and nothing without TLS."""
    return aws.s3.BucketPolicy(
        name,
        bucket=bucket.id,
        policy=iam.document(iam.deny_unencrypted("s3", [bucket.arn, objects(bucket)]), *allowed),
        opts=opts,
    )


def objects(bucket: aws.s3.Bucket) -> Output[str]:
    """Everything in a bucket."""
    return bucket.arn.apply(lambda arn: f"{arn}/*")


def below(bucket_arn: Output[str], folder: str) -> Output[str]:
    """Everything below ``folder`` (such as "events/")."""
    return bucket_arn.apply(lambda arn: f"{arn}/{folder}*")


def read_below(bucket_arn: Output[str], folder: str) -> list[iam.Statement]:
    """Read and list what is below ``folder``, and nothing else of a bucket."""
    return [
        iam.allow(["s3:GetObject"], on=[below(bucket_arn, folder)]),
        iam.allow(
            ["s3:ListBucket"], on=[bucket_arn], when={"StringLike": {"s3:prefix": [f"{folder}*"]}}
        ),
    ]


def read_by_cloudfront(bucket: aws.s3.Bucket) -> iam.Statement:
    """Distributions of this account read objects, by their origin access control."""
    return {
        "Sid": "CloudFront",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": objects(bucket),
        "Condition": iam.our_distributions(),
    }

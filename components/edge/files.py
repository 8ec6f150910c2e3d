"""The bucket of files that the edge serves itself: the maintenance page, and static files."""

from __future__ import annotations

from pathlib import Path

import pulumi_aws as aws
from pulumi import FileAsset, Output, ResourceOptions

from components import buckets
from components.data_tier import BucketLinks

STOREFRONT = Path(__file__).resolve().parents[2] / "services/storefront"
MAINTENANCE = {
    "maintenance.html": "text/html; charset=utf-8",
    "maintenance.css": "text/css; charset=utf-8",
}


def file_bucket(
    name: str, logs: BucketLinks, key_arn: Output[str], mine: ResourceOptions
) -> aws.s3.Bucket:
    """Everything in it can be made again, so it goes with the stack, and updates delete in it."""
    made = buckets.closed_bucket(
        name, key_arn=key_arn, days=None, force_destroy=True, mine=mine, kept=mine
    )
    aws.s3.BucketLogging(
        name,
        bucket=made.id,
        target_bucket=logs.name,
        target_prefix="s3/files/",
        opts=mine,
    )
    buckets.policy(name, made, buckets.read_by_cloudfront(made), opts=mine)
    return made


def maintenance_page(name: str, bucket: aws.s3.Bucket, mine: ResourceOptions) -> None:
    """What visitors see while nobody answers for the shop."""
    for file, content_type in MAINTENANCE.items():
        aws.s3.BucketObjectv2(
            f"{name}-{file.replace('.', '-')}",
            bucket=bucket.id,
            key=file,
            source=FileAsset(str(STOREFRONT / "maintenance" / file)),
            content_type=content_type,
            # The edge may keep it, browsers not: they would show it for longer than it is true.
            cache_control="public, max-age=0, s-maxage=60",
            opts=mine,
        )

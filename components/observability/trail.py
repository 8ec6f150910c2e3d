"""CloudTrail: who did what in the account, where nobody can rewrite it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from components import buckets, iam
from components.data_tier import BucketLinks

from . import cis
from .alarms import make
from .ground import Ground

FOLDER = "AWSLogs"  # below it CloudTrail writes, and nowhere else


@dataclass(frozen=True, kw_only=True)
class Touched:
    """Buckets of which every read and write is recorded, and those of which writes are."""

    reads: Sequence[Output[str]]
    writes: Sequence[Output[str]]


def arn(region: str, physical: str) -> Output[str]:
    """The ARN of the trail, which its key and bucket must know before it is there."""
    return iam.account_id().apply(lambda id_: f"arn:aws:cloudtrail:{region}:{id_}:trail/{physical}")


def for_trail(region: str, physical: str) -> tuple[iam.Statement, ...]:
    """In a key's policy: CloudTrail encrypts what it writes, in its own name."""
    caller: iam.Conditions = {"StringEquals": {"aws:SourceArn": arn(region, physical)}}
    trails = iam.account_id().apply(lambda id_: f"arn:aws:cloudtrail:*:{id_}:trail/*")
    common = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    return (
        {
            **common,
            "Sid": "Trail",
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
            "Condition": {
                **caller,
                "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": trails},
            },
        },
        {
            **common,
            "Sid": "TrailLooks",
            "Action": "kms:DescribeKey",
            "Resource": "*",
            "Condition": caller,
        },
    )


def trail(ground: Ground, logs: BucketLinks, touched: Touched) -> Output[str]:
    """The trail of all regions with its log group, and alarms on what it tells; its bucket."""
    name = f"{ground.name}-trail"
    bucket, allowed = _bucket(ground, name, logs)
    group = aws.cloudwatch.LogGroup(
        name,
        retention_in_days=ground.settings.log_days,
        kms_key_id=ground.log_key_arn,
        opts=ground.mine,
    )
    streams = group.arn.apply(lambda found: f"{found}:log-stream:*")
    role, writes = iam.role_with_policy(
        name,
        description="CloudTrail writes its log",
        trusted=iam.trust("cloudtrail.amazonaws.com", when=iam.same_account()),
        allowed=[iam.allow(["logs:CreateLogStream", "logs:PutLogEvents"], on=[streams])],
        opts=ground.mine,
    )
    aws.cloudtrail.Trail(
        name,
        name=ground.physical,
        s3_bucket_name=bucket.bucket,
        is_multi_region_trail=True,
        include_global_service_events=True,
        enable_log_file_validation=True,
        kms_key_id=ground.key_arn,
        cloud_watch_logs_group_arn=Output.concat(group.arn, ":*"),
        cloud_watch_logs_role_arn=role.arn,
        advanced_event_selectors=[
            {
                "name": "What is done to the account",
                "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}],
            },
            _objects("Who reads and writes what visitors did", touched.reads),
            _objects("Who changes pictures", touched.writes, only_writes=True),
        ],
        # Hidden dependency: CloudTrail tries at once whether it may write.
        opts=ResourceOptions(parent=ground.mine.parent, depends_on=[allowed, writes]),
    )
    for activity in cis.ACTIVITIES:
        aws.cloudwatch.LogMetricFilter(
            f"{ground.name}-{activity.part}",
            log_group_name=group.name,
            pattern=activity.pattern,
            metric_transformation={
                "namespace": ground.physical,
                "name": activity.metric,
                "value": "1",
            },
            opts=ground.mine,
        )
    make(ground, cis.alarms(), {"ours": [ground.physical]})
    return bucket.bucket


def _objects(
    name: str, arns: Sequence[Output[str]], *, only_writes: bool = False
) -> aws.cloudtrail.TrailAdvancedEventSelectorArgsDict:
    inside = [found.apply(lambda arn: f"{arn}/") for found in arns]
    chosen: list[aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgsDict] = [
        {"field": "eventCategory", "equals": ["Data"]},
        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
        {"field": "resources.ARN", "starts_withs": inside},
    ]
    if only_writes:
        chosen.append({"field": "readOnly", "equals": ["false"]})
    return {"name": name, "field_selectors": chosen}


def _bucket(
    ground: Ground, name: str, logs: BucketLinks
) -> tuple[aws.s3.Bucket, aws.s3.BucketPolicy]:
    """Where files cannot be changed or deleted before their time."""
    locked = ground.settings.account.locked_days
    made = buckets.closed_bucket(
        name,
        key_arn=ground.key_arn,
        days=max(locked, ground.settings.log_days),
        locked_days=locked,
        force_destroy=not ground.protect,
        mine=ground.mine,
        kept=ground.kept,
    )
    aws.s3.BucketLogging(
        name,
        bucket=made.id,
        target_bucket=logs.name,
        target_prefix="s3/trail/",
        opts=ground.mine,
    )
    caller = {"aws:SourceArn": arn(ground.region, ground.physical)}
    looks: iam.Statement = {
        "Sid": "TrailLooks",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:GetBucketAcl",
        "Resource": made.arn,
        "Condition": {"StringEquals": caller},
    }
    writes: iam.Statement = {
        "Sid": "TrailWrites",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": Output.concat(made.arn, f"/{FOLDER}/", iam.account_id(), "/*"),
        "Condition": {
            "StringEquals": {**caller, "s3:x-amz-acl": "bucket-owner-full-control"},
        },
    }
    return made, buckets.policy(name, made, looks, writes, opts=ground.mine)

"""Where visitors' events are kept, and what is made of them for training."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from components import buckets, iam, keys
from components.tables import TableLinks, table

from .ground import Ground

EVENTS = "events/"  # folder of the records, by the hour (UTC)
ERRORS = "errors/"  # folder of what could not be delivered
TRAINING = "training/"  # folder of training data, by the run
TRAINING_DAYS = 30
BUFFER_SECONDS, BUFFER_MIB = 60, 5


@dataclass(frozen=True, kw_only=True)
class StoreLinks:
    """A bucket, and the key that it is encrypted with."""

    name: Output[str]
    arn: Output[str]
    key_arn: Output[str]


@dataclass(frozen=True, kw_only=True)
class StreamLinks:
    """What takes records and writes them to their bucket."""

    name: Output[str]
    arn: Output[str]


def record_bucket(ground: Ground) -> StoreLinks:
    """Lines of JSON, an event a line, not compressed."""
    made = _bucket(ground, "records", ground.data.key_arn, ground.settings.record_days)
    buckets.policy(f"{ground.name}-records", made, opts=ground.mine)
    return StoreLinks(name=made.bucket, arn=made.arn, key_arn=ground.data.key_arn)


def training_bucket(ground: Ground) -> StoreLinks:
    """What Personalize imports.

    With a key of its own: Personalize decrypts in its own name, and must not be able to decrypt
    what the shop keeps of its customers.
    """
    key = keys.customer_key(
        ground.name,
        description="What recommendations are trained with",
        recovery_days=30 if ground.data.protect else 7,
        also=(keys.for_personalize(),),
        opts=ground.kept,
    )
    made = _bucket(ground, "training", key.arn, TRAINING_DAYS)
    imports: iam.Statement = {
        "Sid": "Personalize",
        "Effect": "Allow",
        "Principal": {"Service": "personalize.amazonaws.com"},
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": [made.arn, buckets.objects(made)],
        "Condition": iam.same_account(),
    }
    buckets.policy(f"{ground.name}-training", made, imports, opts=ground.mine)
    return StoreLinks(name=made.bucket, arn=made.arn, key_arn=key.arn)


def seen_table(ground: Ground) -> TableLinks:
    """Batches of events that were taken, so that none is taken twice."""
    return table(
        f"{ground.name}-seen",
        key="id",
        key_arn=ground.data.key_arn,
        protect=ground.data.protect,
        opts=ground.kept,
    )


def record_stream(ground: Ground, store: StoreLinks) -> StreamLinks:
    """Firehose, which collects records for a minute and writes them as one object."""
    name = f"{ground.name}-records"
    group = aws.cloudwatch.LogGroup(
        name,
        retention_in_days=ground.settings.log_days,
        kms_key_id=ground.network.log_key_arn,
        opts=ground.mine,
    )
    log = aws.cloudwatch.LogStream(
        name, name="delivery", log_group_name=group.name, opts=ground.mine
    )
    writer, allowed = iam.role_with_policy(
        name,
        description="Firehose writes visitors' events",
        # The external id that Firehose gives is the account of the stream.
        trusted=iam.trust(
            "firehose.amazonaws.com",
            when={"StringEquals": {"sts:ExternalId": iam.account_id()}},
        ),
        allowed=[
            iam.allow(
                ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
                on=[buckets.below(store.arn, folder) for folder in (EVENTS, ERRORS)],
            ),
            iam.allow(
                ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
                on=[store.arn],
            ),
            iam.allow(
                ["logs:PutLogEvents"], on=[group.arn.apply(lambda arn: f"{arn}:log-stream:*")]
            ),
            ground.use_key(store.key_arn, "s3"),
        ],
        opts=ground.mine,
    )
    made = aws.kinesis.FirehoseDeliveryStream(
        name,
        destination="extended_s3",
        server_side_encryption={
            "enabled": True,
            "key_type": "CUSTOMER_MANAGED_CMK",
            "key_arn": store.key_arn,
        },
        extended_s3_configuration={
            "bucket_arn": store.arn,
            "role_arn": writer.arn,
            "prefix": f"{EVENTS}!{{timestamp:yyyy/MM/dd/HH}}/",
            "error_output_prefix": (
                f"{ERRORS}!{{firehose:error-output-type}}/!{{timestamp:yyyy/MM/dd}}/"
            ),
            "buffering_interval": BUFFER_SECONDS,
            "buffering_size": BUFFER_MIB,
            "compression_format": "UNCOMPRESSED",
            "kms_key_arn": store.key_arn,
            "cloudwatch_logging_options": {
                "enabled": True,
                "log_group_name": group.name,
                "log_stream_name": log.name,
            },
        },
        # Hidden dependency: a stream whose role may not write yet holds records back.
        opts=ResourceOptions(parent=ground.mine.parent, depends_on=[allowed]),
    )
    return StreamLinks(name=made.name, arn=made.arn)


def _bucket(ground: Ground, part: str, key_arn: Output[str], days: int) -> aws.s3.Bucket:
    name = f"{ground.name}-{part}"
    made = buckets.closed_bucket(
        name,
        key_arn=key_arn,
        days=days,
        force_destroy=not ground.data.protect,
        mine=ground.mine,
        kept=ground.kept,
    )
    aws.s3.BucketLogging(
        name,
        bucket=made.id,
        target_bucket=ground.data.logs.name,
        target_prefix=f"s3/{part}/",
        opts=ground.mine,
    )
    return made

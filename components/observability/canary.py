"""CloudWatch Synthetics: somebody who buys every few minutes, and says when it does not work."""

from __future__ import annotations

from pathlib import Path

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components import buckets, iam
from components.data_tier import DataLinks
from components.packages import Package
from settings import CanarySettings

from .ground import Ground

RUNTIME = "syn-python-selenium-14.0"
SOURCES = Path(__file__).resolve().parents[2] / "services/canary"
FILES = ("buy.py", "canary.py")
ARTIFACTS = "artifacts/"
SECONDS = 120  # a run's: five steps, each of which may take fifteen
KEPT_DAYS = 31


def canary(
    ground: Ground,
    settings: CanarySettings,
    *,
    url: Input[str],
    secret_arn: Output[str],
    data: DataLinks,
) -> Output[str]:
    """The name of who buys at ``url`` with the token of a secret, which the data key encrypts.

    From outside the VPC, as visitors do.
    """
    name, mine, logs = f"{ground.name}-canary", ground.mine, data.logs
    bucket = buckets.closed_bucket(
        name,
        key_arn=ground.key_arn,
        days=KEPT_DAYS,
        force_destroy=not ground.protect,
        mine=mine,
        kept=ground.kept,
    )
    aws.s3.BucketLogging(
        name, bucket=bucket.id, target_bucket=logs.name, target_prefix="s3/canary/", opts=mine
    )
    closed = buckets.policy(name, bucket, opts=mine)
    packed = Package({f"python/{file}": SOURCES / file for file in FILES})
    code = aws.s3.BucketObjectv2(
        name,
        bucket=bucket.bucket,
        key=f"code/{packed.fingerprint()[:16]}.zip",  # other sources are another object
        source=packed.archive(),
        # Hidden dependency: the policy of a bucket is changed while nobody writes into it.
        opts=ResourceOptions(parent=mine.parent, depends_on=[closed]),
    )
    account = iam.account_id()
    physical = f"{ground.physical}-buys"  # AWS takes 21 characters; ours by itself would be longer
    lines = account.apply(lambda id_: f"arn:aws:logs:{ground.region}:{id_}:log-group:/aws/lambda")
    role, allowed = iam.role_with_policy(
        name,
        description="Buys something to see whether it works",
        trusted=iam.trust("lambda.amazonaws.com"),
        allowed=[
            iam.allow(["secretsmanager:GetSecretValue"], on=[secret_arn]),
            iam.allow(["s3:PutObject"], on=[buckets.below(bucket.arn, ARTIFACTS)]),
            iam.allow(["s3:GetBucketLocation"], on=[bucket.arn]),
            iam.use_key([ground.key_arn, data.key_arn], ground.region, ["s3", "secretsmanager"]),
            # The log group is made below: who may not make any leaves none without an end.
            iam.allow(
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                on=[lines.apply(lambda arn: f"{arn}/cwsyn-{physical}-*")],
            ),
            iam.without_resources(["s3:ListAllMyBuckets"]),
            iam.without_resources(
                ["cloudwatch:PutMetricData"],
                when={"StringEquals": {"cloudwatch:namespace": "CloudWatchSynthetics"}},
            ),
        ],
        opts=mine,
    )
    made = aws.synthetics.Canary(
        name,
        name=physical,
        runtime_version=RUNTIME,
        handler="canary.handler",
        s3_bucket=code.bucket,
        s3_key=code.key,
        artifact_s3_location=bucket.bucket.apply(lambda found: f"s3://{found}/{ARTIFACTS}"),
        artifact_config={
            "s3_encryption": {"encryption_mode": "SSE_KMS", "kms_key_arn": ground.key_arn}
        },
        execution_role_arn=role.arn,
        schedule={"expression": _every(settings.minutes)},
        run_config={
            "timeout_in_seconds": min(SECONDS, 60 * settings.minutes),
            "environment_variables": {"SHOP_URL": url, "TOKEN_SECRET": secret_arn},
        },
        start_canary=True,
        delete_lambda=True,
        success_retention_period=KEPT_DAYS,
        failure_retention_period=KEPT_DAYS,
        # Hidden dependency: the first run comes at once, and needs all that the role may.
        opts=ResourceOptions(parent=mine.parent, depends_on=[allowed]),
    )
    aws.cloudwatch.LogGroup(
        name,
        name=made.engine_arn.apply(_log_group),
        retention_in_days=ground.settings.log_days,
        kms_key_id=ground.log_key_arn,
        opts=mine,
    )
    return made.name


def _log_group(function_arn: str) -> str:
    return f"/aws/lambda/{function_arn.partition(':function:')[2].partition(':')[0]}"


def _every(minutes: int) -> str:
    return f"rate({minutes} minute{'s' if minutes > 1 else ''})"

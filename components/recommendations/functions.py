"""Lambda functions: each with a role, a log and an alias of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components import iam, peers
from settings import FunctionSettings

from .archive import package
from .ground import Ground

RUNTIME = "python3.13"
ALIAS = "live"
# Lambda makes network interfaces in the function's name. Looking at them knows no resources.
_SEE_INTERFACES = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
_MAKE_INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
]


@dataclass(frozen=True, kw_only=True)
class Inside:
    """A place in the VPC from where the database can be reached."""

    subnet_ids: Sequence[Output[str]]
    group_id: Output[str]


@dataclass(frozen=True, kw_only=True)
class Duty:
    """What a function does and may do.

    ``part`` is its folder in services/functions, ``seconds`` the longest it may take.
    ``services`` hold what it reads and writes, encrypted with the data key. ``dead_letters`` is
    where invocations go that nobody waits for and that failed. ``gradual``: it answers visitors, so
    that alarms can judge a new version by its first requests.
    """

    part: str
    description: str
    settings: FunctionSettings
    seconds: int
    environment: Mapping[str, Input[str]]
    allowed: Sequence[iam.Statement]
    services: Sequence[str]
    inside: Inside | None = None
    gradual: bool = False
    dead_letters: aws.sqs.Queue | None = None


@dataclass(frozen=True, kw_only=True)
class FunctionLinks:
    """A function and its newest version; callers use its alias.

    ``invoke_arn`` is how API Gateway calls that. ``dead_letters`` is the queue of what failed while
    nobody waited, if there is one.
    """

    name: Output[str]
    arn: Output[str]
    version: Output[str]
    alias: Output[str]
    alias_arn: Output[str]
    invoke_arn: Output[str]
    log_group: Output[str]
    dead_letters: Output[str] | None


def function(ground: Ground, duty: Duty) -> FunctionLinks:
    """The function as it stands in services/functions, published, with its alias."""
    name, mine = f"{ground.name}-{duty.part}", ground.mine
    logs = aws.cloudwatch.LogGroup(
        name,
        retention_in_days=ground.settings.log_days,
        kms_key_id=ground.network.log_key_arn,
        opts=mine,
    )
    role, allowed = iam.role_with_policy(
        name,
        description=f"Function of the shop: {duty.part}",
        trusted=iam.trust("lambda.amazonaws.com"),
        allowed=[*duty.allowed, *_running(ground, duty, logs.arn)],
        opts=mine,
    )
    packed = package(duty.part, database=duty.inside is not None)
    made = aws.lambda_.Function(
        name,
        # A published version keeps its description: it says which sources it was made from.
        description=f"{duty.description} (sources {packed.fingerprint()[:12]})",
        runtime=RUNTIME,
        architectures=["arm64"],
        handler=f"{duty.part}.handler.handle",
        code=packed.archive(),
        publish=True,
        role=role.arn,
        memory_size=duty.settings.memory,
        timeout=duty.seconds,
        reserved_concurrent_executions=duty.settings.concurrency,
        environment={"variables": {**duty.environment, **_observed(ground)}},
        kms_key_arn=ground.data.key_arn,
        tracing_config={"mode": "Active"},
        # Functions write their own lines of JSON, which Lambda shall leave as they are.
        logging_config={"log_format": "Text", "log_group": logs.name},
        # Hidden dependency: Lambda tries what the role may before it agrees to use it.
        opts=ResourceOptions(parent=mine.parent, depends_on=[allowed]),
        **_surroundings(duty),
    )
    # An update moves it to the newest version, unless CodeDeploy does that little by little.
    deployed = ["functionVersion", "routingConfig"] if ground.gradual and duty.gradual else []
    alias = aws.lambda_.Alias(
        name,
        name=ALIAS,
        function_name=made.name,
        function_version=made.version,
        opts=ResourceOptions(parent=mine.parent, ignore_changes=deployed),
    )
    return FunctionLinks(
        name=made.name,
        arn=made.arn,
        version=made.version,
        alias=alias.name,
        alias_arn=alias.arn,
        invoke_arn=alias.invoke_arn,
        log_group=logs.name,
        dead_letters=None if duty.dead_letters is None else duty.dead_letters.name,
    )


def inside(ground: Ground) -> Inside:
    """A security group that reaches the database and AWS services, and that nobody reaches."""
    name, database = f"{ground.name}-functions", ground.data.database
    group = peers.closed_group(
        name,
        description="Functions of the shop",
        vpc_id=ground.network.vpc_id,
        opts=ground.mine,
    )
    peers.admit(
        f"{name}-database",
        to=database.group_id,
        peer=group.id,
        port=database.port,
        why="Functions of the shop",
        opts=ground.mine,
    )
    peers.let_out(
        f"{name}-database",
        of=group.id,
        peer=database.group_id,
        port=database.port,
        why="Data of the shop",
        opts=ground.mine,
    )
    peers.let_out_to_aws(f"{name}-aws", of=group.id, opts=ground.mine)
    if ground.network.endpoints_group_id is not None:
        peers.admit(
            f"{name}-endpoints",
            to=ground.network.endpoints_group_id,
            peer=group.id,
            port=443,
            why="Functions call AWS services",
            opts=ground.mine,
        )
    return Inside(subnet_ids=ground.network.application_subnet_ids, group_id=group.id)


def _observed(ground: Ground) -> dict[str, Input[str]]:
    return {"LOG_LEVEL": ground.settings.log_level, "METRICS_NAMESPACE": ground.physical}


def _running(ground: Ground, duty: Duty, logs_arn: Output[str]) -> list[iam.Statement]:
    """What every function needs to run where it runs."""
    needed = [
        iam.allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            on=[logs_arn.apply(lambda arn: f"{arn}:log-stream:*")],
        ),
        iam.without_resources(["xray:PutTelemetryRecords", "xray:PutTraceSegments"]),
        # Lambda itself decrypts the environment.
        ground.use_key(ground.data.key_arn, "lambda", *duty.services),
    ]
    if duty.dead_letters is not None:
        needed.append(iam.allow(["sqs:SendMessage"], on=[duty.dead_letters.arn]))
    if duty.inside is not None:
        kinds = ("network-interface", "security-group", "subnet")
        needed += [
            iam.without_resources(_SEE_INTERFACES),
            iam.allow(_MAKE_INTERFACES, on=[ground.arn("ec2", f"{kind}/*") for kind in kinds]),
            _not_by_itself(ground),
        ]
    return needed


def _not_by_itself(ground: Ground) -> iam.Statement:
    """Network interfaces are for Lambda to make; a function's own code may not."""
    return {
        "Effect": "Deny",
        "Action": [*_MAKE_INTERFACES, *_SEE_INTERFACES],
        "Resource": "*",
        "Condition": {"ArnLike": {"lambda:SourceFunctionArn": ground.arn("lambda", "function:*")}},
    }


def _surroundings(duty: Duty) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if duty.inside is not None:
        told["vpc_config"] = {
            "subnet_ids": duty.inside.subnet_ids,
            "security_group_ids": [duty.inside.group_id],
        }
    if duty.dead_letters is not None:
        told["dead_letter_config"] = {"target_arn": duty.dead_letters.arn}
    return told

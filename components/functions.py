"""Lambda functions: each with a role, a log and an alias of its own."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components import iam, peers
from components.archive import package
from components.network import NetworkLinks
from settings import FunctionSettings

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
class Home:
    """Where a tier's functions live: its name, network and key, and what they write.

    ``physical`` is the namespace of their metrics, ``key_arn`` the key of their environment and of
    what they read. ``gradual``: deployments move requests to new versions, not updates.
    """

    name: str
    physical: str
    network: NetworkLinks
    key_arn: Output[str]
    log_level: str
    log_days: int
    gradual: bool
    mine: ResourceOptions

    @functools.cached_property
    def _account(self) -> Output[str]:
        return iam.account_id()  # asked once: there are many ARNs

    def arn(self, service: str, resource: str) -> Output[str]:
        """The ARN of what is not there yet, in this account and region."""
        region = self.network.region
        return self._account.apply(lambda id_: f"arn:aws:{service}:{region}:{id_}:{resource}")

    def use_key(self, key_arn: Output[str], *services: str) -> iam.Statement:
        """A customer key, but only through the ``services`` that hold what it encrypts."""
        return iam.use_key([key_arn], self.network.region, services)


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """What functions reach inside the VPC: a security group and its port."""

    group_id: Output[str]
    port: int


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


def function(home: Home, duty: Duty) -> FunctionLinks:
    """The function as it stands in services/functions, published, with its alias."""
    name, mine = f"{home.name}-{duty.part}", home.mine
    logs = aws.cloudwatch.LogGroup(
        name,
        retention_in_days=home.log_days,
        kms_key_id=home.network.log_key_arn,
        opts=mine,
    )
    role, allowed = iam.role_with_policy(
        name,
        description=f"Function of the shop: {duty.part}",
        trusted=iam.trust("lambda.amazonaws.com"),
        allowed=[*duty.allowed, *_running(home, duty, logs.arn)],
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
        environment={"variables": {**duty.environment, **_observed(home)}},
        kms_key_arn=home.key_arn,
        tracing_config={"mode": "Active"},
        # Functions write their own lines of JSON, which Lambda shall leave as they are.
        logging_config={"log_format": "Text", "log_group": logs.name},
        # Hidden dependency: Lambda tries what the role may before it agrees to use it.
        opts=ResourceOptions(parent=mine.parent, depends_on=[allowed]),
        **_surroundings(duty),
    )
    # An update moves it to the newest version, unless CodeDeploy does that little by little.
    deployed = ["functionVersion", "routingConfig"] if home.gradual and duty.gradual else []
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


def inside(home: Home, part: str, *, description: str, reaches: Mapping[str, Neighbour]) -> Inside:
    """A security group that reaches its neighbours and AWS services, and that nobody reaches."""
    name = f"{home.name}-{part}"
    group = peers.closed_group(
        name, description=description, vpc_id=home.network.vpc_id, opts=home.mine
    )
    for called, neighbour in reaches.items():
        peers.admit(
            f"{name}-{called}",
            to=neighbour.group_id,
            peer=group.id,
            port=neighbour.port,
            why=description,
            opts=home.mine,
        )
        peers.let_out(
            f"{name}-{called}",
            of=group.id,
            peer=neighbour.group_id,
            port=neighbour.port,
            why="Data of the shop",
            opts=home.mine,
        )
    peers.let_out_to_aws(f"{name}-aws", of=group.id, opts=home.mine)
    if home.network.endpoints_group_id is not None:
        peers.admit(
            f"{name}-endpoints",
            to=home.network.endpoints_group_id,
            peer=group.id,
            port=443,
            why="Functions call AWS services",
            opts=home.mine,
        )
    return Inside(subnet_ids=home.network.application_subnet_ids, group_id=group.id)


def _observed(home: Home) -> dict[str, Input[str]]:
    return {"LOG_LEVEL": home.log_level, "METRICS_NAMESPACE": home.physical}


def _running(home: Home, duty: Duty, logs_arn: Output[str]) -> list[iam.Statement]:
    """What every function needs to run where it runs."""
    needed = [
        iam.allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            on=[logs_arn.apply(lambda arn: f"{arn}:log-stream:*")],
        ),
        iam.without_resources(["xray:PutTelemetryRecords", "xray:PutTraceSegments"]),
        # Lambda itself decrypts the environment.
        home.use_key(home.key_arn, "lambda", *duty.services),
    ]
    if duty.dead_letters is not None:
        needed.append(iam.allow(["sqs:SendMessage"], on=[duty.dead_letters.arn]))
    if duty.inside is not None:
        kinds = ("network-interface", "security-group", "subnet")
        needed += [
            iam.without_resources(_SEE_INTERFACES),
            iam.allow(_MAKE_INTERFACES, on=[home.arn("ec2", f"{kind}/*") for kind in kinds]),
            _not_by_itself(home),
        ]
    return needed


def _not_by_itself(home: Home) -> iam.Statement:
    """Network interfaces are for Lambda to make; a function's own code may not."""
    return {
        "Effect": "Deny",
        "Action": [*_MAKE_INTERFACES, *_SEE_INTERFACES],
        "Resource": "*",
        "Condition": {"ArnLike": {"lambda:SourceFunctionArn": home.arn("lambda", "function:*")}},
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

"""Fault Injection Service: the faults of the game days, each started by a person, ended by alarms.

Pods are not among them: FIS works inside a pod that may write to its own file system, and ours may
not. docs/runbooks/game-days.md says how each is run, and how pods are taken away by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi_aws as aws
from pulumi import Input, Output

from components import iam
from components.data_tier import DataLinks
from components.network import NetworkLinks

from .ground import Ground

MINUTES = 10  # that a zone is cut off, or without its cache
# Alarms that end an experiment: visitors suffer more than a game is worth.
STOPS = ("no-hosts", "cannot-buy", "orders-waiting")
_OURS = {"StringEquals": {"aws:ResourceTag/managedByFIS": "true"}}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One action on one kind of target, found by ``tags`` or by ``arns``."""

    part: str
    description: str
    action: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    key: str  # as the action calls its targets
    kind: str
    arns: Sequence[Input[str]] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    selection: str = "ALL"
    allowed: Sequence[iam.Statement]


def game_days(
    ground: Ground, data: DataLinks, network: NetworkLinks, alarms: Mapping[str, Output[str]]
) -> None:
    """A template a fault, each with a role that can do this and nothing else."""
    name = f"{ground.name}-game"
    logs = aws.cloudwatch.LogGroup(
        name,
        retention_in_days=ground.settings.log_days,
        kms_key_id=ground.log_key_arn,
        opts=ground.mine,
    )
    stops = [alarms[part] for part in STOPS if part in alarms]
    for fault in (_instance(ground), _database(data), _cache(data), _zone(ground, network)):
        _template(ground, f"{name}-{fault.part}", fault, stops, logs)


def _template(
    ground: Ground,
    name: str,
    fault: Fault,
    stops: Sequence[Output[str]],
    logs: aws.cloudwatch.LogGroup,
) -> None:
    role = iam.role(
        name,
        description=f"Game day: {fault.description}",
        trusted=iam.trust("fis.amazonaws.com", when=iam.same_account()),
        allowed=[
            *fault.allowed,
            # What FIS needs to write its log.
            iam.without_resources(
                [
                    "logs:CreateLogDelivery",
                    "logs:DescribeLogGroups",
                    "logs:DescribeResourcePolicies",
                    "logs:PutResourcePolicy",
                ]
            ),
        ],
        opts=ground.mine,
    )
    action: aws.fis.ExperimentTemplateActionArgsDict = {
        "name": fault.part,
        "action_id": fault.action,
        "parameters": [{"key": k, "value": v} for k, v in fault.parameters.items()],
        "target": {"key": fault.key, "value": fault.part},
    }
    target: aws.fis.ExperimentTemplateTargetArgsDict = {
        "name": fault.part,
        "resource_type": fault.kind,
        "selection_mode": fault.selection,
    }
    if fault.arns:
        target["resource_arns"] = list(fault.arns)
    if fault.tags:
        target["resource_tags"] = [{"key": k, "value": v} for k, v in fault.tags.items()]
    aws.fis.ExperimentTemplate(
        name,
        description=fault.description,
        role_arn=role.arn,
        actions=[action],
        targets=[target],
        stop_conditions=[{"source": "aws:cloudwatch:alarm", "value": arn} for arn in stops],
        log_configuration={
            "log_schema_version": 2,
            "cloudwatch_logs_configuration": {"log_group_arn": Output.concat(logs.arn, ":*")},
        },
        opts=ground.mine,
    )


def _instance(ground: Ground) -> Fault:
    tags = {"stack": ground.stack, "tier": "web"}
    return Fault(
        part="instance",
        description="An instance of the fleet goes away",
        action="aws:ec2:terminate-instances",
        key="Instances",
        kind="aws:ec2:instance",
        tags=tags,
        selection="COUNT(1)",
        allowed=[
            iam.allow(
                ["ec2:TerminateInstances"],
                on=[_arn(ground, "ec2", "instance/*")],
                when={"StringEquals": {f"aws:ResourceTag/{k}": v for k, v in tags.items()}},
            ),
            iam.without_resources(["ec2:DescribeInstances"]),
        ],
    )


def _database(data: DataLinks) -> Fault:
    return Fault(
        part="database",
        description="The database fails over to its standby",
        action="aws:rds:reboot-db-instances",
        parameters={"forceFailover": "true"},
        key="DBInstances",
        kind="aws:rds:db",
        arns=[data.database.arn],
        allowed=[
            iam.allow(["rds:RebootDBInstance"], on=[data.database.arn]),
            iam.allow(["rds:DescribeDBInstances"], on=[data.database.arn]),
        ],
    )


def _cache(data: DataLinks) -> Fault:
    return Fault(
        part="cache",
        description="The zone of the cache's primary has no power",
        action="aws:elasticache:replicationgroup-interrupt-az-power",
        parameters={"duration": f"PT{MINUTES}M"},
        key="ReplicationGroups",
        kind="aws:elasticache:replicationgroup",
        arns=[data.cache.arn],
        allowed=[
            iam.allow(
                ["elasticache:DescribeReplicationGroups", "elasticache:InterruptClusterAzPower"],
                on=[data.cache.arn],
            )
        ],
    )


def _zone(ground: Ground, network: NetworkLinks) -> Fault:
    """Network ACLs of FIS's own, which it puts before the subnets and takes away again."""
    last = network.application_subnet_ids[-1]
    subnet = Output.concat(_arn(ground, "ec2", "subnet/"), last)
    acls, vpc = _arn(ground, "ec2", "network-acl/*"), _arn(ground, "ec2", "vpc/")
    made = {"StringEquals": {"aws:RequestTag/managedByFIS": "true"}}
    return Fault(
        part="zone",
        description="Pods and instances of a zone reach nobody, and nobody them",
        action="aws:network:disrupt-connectivity",
        parameters={"duration": f"PT{MINUTES}M", "scope": "all"},
        key="Subnets",
        kind="aws:ec2:subnet",
        arns=[subnet],
        allowed=[
            iam.allow(["ec2:CreateNetworkAcl"], on=[acls], when=made),
            iam.allow(["ec2:CreateNetworkAcl"], on=[Output.concat(vpc, network.vpc_id)]),
            iam.allow(
                ["ec2:CreateTags"],
                on=[acls],
                when={
                    "StringEquals": {**made["StringEquals"], "ec2:CreateAction": "CreateNetworkAcl"}
                },
            ),
            iam.allow(["ec2:CreateNetworkAclEntry", "ec2:DeleteNetworkAcl"], on=[acls], when=_OURS),
            iam.allow(["ec2:ReplaceNetworkAclAssociation"], on=[subnet, acls]),
            iam.without_resources(
                [
                    "ec2:DescribeManagedPrefixLists",
                    "ec2:DescribeNetworkAcls",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcs",
                ]
            ),
        ],
    )


def _arn(ground: Ground, service: str, resource: str) -> Output[str]:
    region = ground.region
    return iam.account_id().apply(lambda id_: f"arn:aws:{service}:{region}:{id_}:{resource}")

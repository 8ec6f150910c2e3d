"""Who may do what: roles, their policies, and how far the damage of a stolen one goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy.model import Estate, Rules, Subject, listed, statements

# Tables: a row a rule.
# fmt: off
RULES = Rules()
INLINE = "aws:iam/rolePolicy:RolePolicy"
POLICY = "aws:iam/policy:Policy"
# Actions that know no resource: AWS accepts only "*" for them.
WITHOUT_RESOURCES = frozenset(
    {
        "cloudwatch:PutMetricData",
        "codebuild:BatchGetReports",
        "codedeploy-commands-secure:GetDeploymentSpecification",
        "codedeploy-commands-secure:PollHostCommand",
        "codedeploy-commands-secure:PutHostCommandAcknowledgement",
        "codedeploy-commands-secure:PutHostCommandComplete",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeInstanceStatus",
        "ec2:DescribeInstances",
        "ec2:DescribeManagedPrefixLists",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeTags",
        "ec2:DescribeVolumes",
        "ec2:DescribeVpcs",
        "ecr:GetAuthorizationToken",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    "personalize:PutEvents",
        "route53:ListHostedZones",
        "s3:ListAllMyBuckets",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
        "tag:GetResources",
        "xray:GetSamplingRules",
        "xray:GetSamplingStatisticSummaries",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
)
# Whoever may do one of these may make themselves whatever they like.
ESCALATION = (
    "iam:AddUserToGroup",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
)
MOST_SECRETS = 4  # that one role reads


def _allowed(subject: Subject) -> Iterator[Mapping[str, Any]]:
    return (s for s in statements(subject.one("policy")) if s["Effect"] == "Allow")


@RULES.rule(
    "IAM-01",
    "critical",
    INLINE,
    POLICY,
    reason="A role that may do everything is the account.",
    source="FSBP IAM.1, CIS 7.0 2.14, CKV_AWS_62",
    remedy="name the actions",
)
def every_action(subject: Subject, _: Estate) -> str | None:
    """Action "*"."""
    found = any("*" in listed(s.get("Action")) or "NotAction" in s for s in _allowed(subject))
    return "allows every action" if found else None


@RULES.rule(
    "IAM-02",
    "high",
    INLINE,
    POLICY,
    reason="New actions of a service are granted without anybody deciding it.",
    source="FSBP IAM.21, cdk-nag IAM5",
    remedy="name the actions",
)
def whole_service(subject: Subject, _: Estate) -> str | None:
    """Actions with a wildcard."""
    wild = {a for s in _allowed(subject) for a in listed(s.get("Action")) if "*" in a and a != "*"}
    return f"allows {', '.join(sorted(wild))}" if wild else None


@RULES.rule(
    "IAM-03",
    "high",
    INLINE,
    POLICY,
    reason="A role acts on what it is for, not on everything of a kind.",
    source="CKV_AWS_355, CKV_AWS_356, Well-Architected SEC03-BP02",
    remedy="name the resources",
)
def every_resource(subject: Subject, _: Estate) -> str | None:
    """Resource "*" for actions that know resources."""
    for statement in _allowed(subject):
        if "NotResource" in statement:
            return "allows everything but some resources"
        wild = set(listed(statement.get("Action"))) - WITHOUT_RESOURCES
        if "*" in listed(statement.get("Resource")) and wild:
            return f"allows {', '.join(sorted(wild))} on everything"
    return None


@RULES.rule(
    "IAM-04",
    "high",
    INLINE,
    POLICY,
    reason="A pattern that begins before the resource's name covers other stacks' resources.",
    source="Well-Architected SEC03-BP02, cdk-nag IAM5",
    remedy="the resource's own ARN, with a wildcard only below it",
)
def wide_resource(subject: Subject, _: Estate) -> str | None:
    """An ARN with a wildcard where its account or kind should be."""
    for statement in _allowed(subject):
        for arn in listed(statement.get("Resource")):
            if not isinstance(arn, str) or arn == "*":
                continue
            parts = arn.split(":", 5)
            if len(parts) < 6 or "*" in "".join(parts[:5]) or parts[5].startswith("*"):
                return f"allows on {arn}"
    return None


@RULES.rule(
    "IAM-05",
    "critical",
    INLINE,
    POLICY,
    reason="Whoever may change permissions has them all.",
    source="CKV_AWS_286, CKV_AWS_110",
    remedy="leave permissions to the role that deploys, within a boundary",
)
def escalation(subject: Subject, _: Estate) -> str | None:
    """Actions by which a role makes itself more, without a permissions boundary."""
    found = {
        action
        for s in _allowed(subject)
        for action in listed(s.get("Action"))
        if action in ESCALATION and "iam:PermissionsBoundary" not in str(s.get("Condition"))
    }
    return f"may {', '.join(sorted(found))}" if found else None


@RULES.rule(
    "IAM-06",
    "high",
    INLINE,
    POLICY,
    reason="A role that may be passed on to anything is everybody's role.",
    source="CKV_AWS_286, Well-Architected SEC03-BP07",
    remedy="the role's ARN, and iam:PassedToService",
)
def passes_roles(subject: Subject, _: Estate) -> str | None:
    """iam:PassRole without a named role or service."""
    for s in _allowed(subject):
        if "iam:PassRole" not in listed(s.get("Action")):
            continue
        if "*" in listed(s.get("Resource")):
            return "passes any role"
        if "iam:PassedToService" not in str(s.get("Condition")):
            return "passes a role to any service"
    return None


@RULES.rule(
    "IAM-11",
    "medium",
    INLINE,
    reason="Whoever steals one role should not have every secret.",
    source="Well-Architected SEC03-BP02 (blast radius)",
    remedy="split the work between roles",
)
def many_secrets(subject: Subject, _: Estate) -> str | None:
    """A role that reads more secrets than one kind of work needs."""
    found = {
        str(arn)
        for s in _allowed(subject)
        if "secretsmanager:GetSecretValue" in listed(s.get("Action"))
        for arn in listed(s.get("Resource"))
    }
    return f"reads {len(found)} secrets" if len(found) > MOST_SECRETS else None


@RULES.rule(
    "IAM-12",
    "high",
    INLINE,
    reason="Whoever may decrypt directly does not need the service that guards the data.",
    source="KMS developer guide, kms:ViaService; FSBP KMS.1, KMS.2",
    remedy="kms:ViaService with the services that hold the data",
)
def decrypts_directly(subject: Subject, _: Estate) -> str | None:
    """kms:Decrypt without saying through which service."""
    for s in _allowed(subject):
        said = str(s.get("Condition"))
        if "kms:Decrypt" in listed(s.get("Action")) and "kms:ViaService" not in said:
            return "may decrypt without a service in between"
    return None


@RULES.rule(
    "IAM-13",
    "high",
    INLINE,
    POLICY,
    reason="A role that can delete or unguard what it works with can be made to.",
    source="Well-Architected SEC03-BP02 (blast radius), CKV_AWS_109",
    remedy="leave deletion to the role that deploys",
)
def destroys(subject: Subject, _: Estate) -> str | None:
    """Deleting databases, tables, buckets, keys or trails."""
    fatal = {
        "dynamodb:DeleteTable",
        "kms:DisableKey",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "rds:DeleteDBInstance",
        "s3:DeleteBucket",
        "s3:DeleteBucketPolicy",
        "s3:PutBucketPolicy",
        "cloudtrail:StopLogging",
        "cloudtrail:DeleteTrail",
        "logs:DeleteLogGroup",
        "secretsmanager:DeleteSecret",
    }
    found = {a for s in _allowed(subject) for a in listed(s.get("Action")) if a in fatal}
    return f"may {', '.join(sorted(found))}" if found else None

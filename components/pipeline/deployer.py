"""What `pulumi up` may do: exactly the services that the program declares resources of.

A test derives the list from the graphs of all stacks: nothing is missing, nothing superfluous.
Inside a service it is everything, because an update creates, changes and deletes. What keeps a
stolen deployment small is who may take the role (one build project, after an approval), the list
itself, names of roles, and the boundary.
"""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import Output

from components import iam
from settings import StateSettings

from .ground import Ground

# Prefix of IAM actions -> the provider's modules that need it.
SERVICES: dict[str, tuple[str, ...]] = {
    "acm": ("acm",),
    "apigateway": ("apigatewayv2",),
    "autoscaling": ("autoscaling",),
    "backup": ("backup",),
    "budgets": ("budgets",),
    "cloudtrail": ("cloudtrail",),
    "ce": ("costexplorer",),
    "guardduty": ("guardduty",),
    "xray": ("xray",),
    "cloudformation": ("cloudcontrol",),
    "cloudfront": ("cloudfront",),
    "cloudwatch": ("cloudwatch",),
    "codebuild": ("codebuild",),
    "codeconnections": ("codeconnections",),
    "codedeploy": ("codedeploy",),
    "codepipeline": ("codepipeline",),
    "codestar-notifications": ("codestarnotifications",),
    "dynamodb": ("dynamodb",),
    "ec2": ("ec2", "vpc"),
    "ecr": ("ecr",),
    "eks": ("eks",),
    "elasticache": ("elasticache",),
    "elasticloadbalancing": ("lb",),
    "fis": ("fis",),
    "firehose": ("kinesis",),
    "iam": ("iam",),
    "kms": ("kms",),
    "lambda": ("lambda",),
    "logs": ("cloudwatch",),
    "personalize": ("cloudcontrol",),
    "rds": ("rds",),
    "route53": ("route53",),
    "s3": ("s3",),
    "scheduler": ("scheduler",),
    "secretsmanager": ("secretsmanager",),
    "ses": ("sesv2",),
    "sns": ("sns",),
    "sqs": ("sqs",),
    "ssm": ("ssm",),
    "states": ("sfn",),
    "synthetics": ("synthetics",),
    "wafv2": ("wafv2",),
}
# Roles are named after the components that make them: a deployment changes no other's, and not
# those of the pipeline, so that it cannot give itself more. A person deploys the pipeline.
TIERS = ("data", "network", "observability", "recommendations", "web")
ROLE_ACTIONS = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
)
PROFILE_ACTIONS = (
    "iam:AddRoleToInstanceProfile",
    "iam:CreateInstanceProfile",
    "iam:DeleteInstanceProfile",
    "iam:RemoveRoleFromInstanceProfile",
    "iam:TagInstanceProfile",
)
# Who is given a role of the shop.
RECEIVERS = (
    "apigateway", "backup", "cloudtrail", "ec2", "eks", "firehose", "fis", "lambda",
    "monitoring.rds", "personalize", "pods.eks", "scheduler", "states", "vpc-flow-logs",
)  # fmt: skip
# What customers and secrets are in.
CONTENT = (
    "dynamodb:GetItem",
    "dynamodb:GetRecords",
    "logs:GetLogEvents",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
)
NEVER = (
    "cloudtrail:DeleteTrail",
    "cloudtrail:StopLogging",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreateUser",
    "iam:DeleteRolePermissionsBoundary",
    "iam:PutRolePermissionsBoundary",
    "kms:Sign",
)


def deploying(state: StateSettings) -> list[iam.Statement]:
    """Statements for the role of a deployment."""
    rest = [f"{service}:*" for service in SERVICES if service != "iam"]
    return [
        # Of what an update will create nobody knows the name.
        iam.allow(rest, on=["*"]),
        iam.allow(
            [
                "iam:GetInstanceProfile",
                "iam:GetOpenIDConnectProvider",
                "iam:GetPolicy",
                "iam:GetPolicyVersion",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListInstanceProfilesForRole",
                "iam:ListRolePolicies",
            ],
            on=[
                Output.format("arn:aws:iam::{0}:{1}/*", iam.account_id(), kind)
                for kind in ("instance-profile", "oidc-provider", "policy", "role")
            ],
        ),
        iam.allow(ROLE_ACTIONS, on=_named("role")),
        iam.allow(PROFILE_ACTIONS, on=[*_named("role"), *_named("instance-profile")]),
        iam.allow(
            ["iam:PassRole"],
            on=_named("role"),
            when={
                "StringEquals": {"iam:PassedToService": [f"{r}.amazonaws.com" for r in RECEIVERS]}
            },
        ),
        # Some services work with a role of their own, made at their first use in an account.
        iam.allow(
            ["iam:CreateServiceLinkedRole"],
            on=[Output.format("arn:aws:iam::{0}:role/aws-service-role/*", iam.account_id())],
        ),
        *keeping(state, writing=True),
    ]


def looking(state: StateSettings) -> list[iam.Statement]:
    """Statements for whoever previews: what the program looks up, and the state."""
    return [
        iam.without_resources(
            [
                "ec2:DescribeManagedPrefixLists",
                "ecr:GetAuthorizationToken",
                "route53:ListHostedZones",
            ]
        ),
        *keeping(state, writing=False),
    ]


def comparing(state: StateSettings) -> list[iam.Statement]:
    """Statements for whoever compares what is there with the program: descriptions, no content."""
    return [
        # Whatever is there is compared, and names of reading actions are many.
        iam.allow(
            [f"{service}:{verb}*" for service in SERVICES for verb in ("Describe", "Get", "List")],
            on=["*"],
        ),
        {"Effect": "Deny", "Action": list(CONTENT), "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "NotResource": [f"{_bucket(state)}/*"],
        },
        *looking(state),
    ]


def keeping(state: StateSettings, *, writing: bool) -> list[iam.Statement]:
    """Pulumi's state, and the key of the secrets in it."""
    bucket = _bucket(state)
    change = ["s3:DeleteObject", "s3:PutObject"] if writing else []
    return [
        iam.allow(["s3:GetObject", *change], on=[f"{bucket}/*"]),
        iam.allow(["s3:ListBucket"], on=[bucket]),
        # Pulumi itself encrypts secrets with the state's key.
        iam.allow(["kms:Decrypt", *(["kms:Encrypt"] if writing else [])], on=[state.key]),
    ]


def _bucket(state: StateSettings) -> str:
    return f"arn:aws:s3:::{state.url.removeprefix('s3://')}"


def boundary(ground: Ground) -> Output[str]:
    """The most that a deployment may ever do, whatever its role is told."""
    made = aws.iam.Policy(
        f"{ground.name}-boundary",
        policy=iam.document(
            # It gives nothing: what is allowed here must be allowed to a role as well.
            iam.allow(
                [*(f"{service}:*" for service in SERVICES), "sts:GetCallerIdentity"], on=["*"]
            ),
            {"Effect": "Deny", "Action": list(NEVER), "Resource": "*"},
            {
                "Effect": "Deny",
                "Action": [*ROLE_ACTIONS, "iam:PassRole"],
                "Resource": [
                    iam.account_id().apply(lambda id_: f"arn:aws:iam::{id_}:role/{ground.name}-*")
                ],
            },
        ),
        opts=ground.mine,
    )
    return made.arn


def _named(kind: str) -> list[Output[str]]:
    return [Output.format("arn:aws:iam::{0}:{1}/{2}-*", iam.account_id(), kind, t) for t in TIERS]

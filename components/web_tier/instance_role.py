"""Who an instance of the fleet is to AWS."""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from components import iam, registry
from components.data_tier import DataLinks

from .agent import sending
from .identities import storefront_work


def instance_profile(
    name: str,
    *,
    repository_arn: Output[str] | None,
    group: str,
    region: str,
    data: DataLinks,
    release: iam.Statement,
    logs_arn: Output[str],
    agent: bool,
    opts: ResourceOptions,
) -> aws.iam.InstanceProfile:
    """What the storefront may, and what starting, changing, logging and draining need.

    ``group`` is the physical name of the Auto Scaling group, ``release`` lets read what it runs.
    With ``agent`` one tells CloudWatch and X-Ray.
    """
    account = iam.account_id()
    pull = [] if repository_arn is None else registry.pull(repository_arn)
    watching = [*sending("CWAgent"), iam.without_resources(["ec2:DescribeTags"])] if agent else []
    made = iam.role(
        name,
        description="Instances of the shop",
        trusted=iam.trust("ec2.amazonaws.com"),
        allowed=[
            *storefront_work(data, region),
            release,
            # For CodeDeploy's agent.
            iam.without_resources(
                [
                    "codedeploy-commands-secure:GetDeploymentSpecification",
                    "codedeploy-commands-secure:PollHostCommand",
                    "codedeploy-commands-secure:PutHostCommandAcknowledgement",
                    "codedeploy-commands-secure:PutHostCommandComplete",
                ],
            ),
            iam.allow(
                ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                on=[logs_arn, logs_arn.apply(lambda arn: f"{arn}:log-stream:*")],
            ),
            iam.allow(
                ["autoscaling:CompleteLifecycleAction"],
                on=[
                    account.apply(
                        lambda id_: (
                            f"arn:aws:autoscaling:{region}:{id_}"
                            f":autoScalingGroup:*:autoScalingGroupName/{group}"
                        )
                    )
                ],
            ),
            *pull,
            *watching,
            iam.allow(
                ["ssm:UpdateInstanceInformation"],
                on=[account.apply(lambda id_: f"arn:aws:ec2:{region}:{id_}:instance/*")],
            ),
            # Session Manager's channels.
            iam.without_resources(
                [
                    "ssmmessages:CreateControlChannel",
                    "ssmmessages:CreateDataChannel",
                    "ssmmessages:OpenControlChannel",
                    "ssmmessages:OpenDataChannel",
                ]
            ),
        ],
        opts=opts,
    )
    return aws.iam.InstanceProfile(name, role=made.name, opts=opts)

"""Instances that run get another release one after the other, and the former one by alarm."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output

from components import iam
from components.balancer import PoolLinks
from components.web_tier import FleetLinks

from .alarms import undone_by
from .ground import Ground

# The one that works for a fleet of any size: shares are rounded up, so that of one or two instances
# all would have to stay.
IN_TURN = "CodeDeployDefault.OneAtATime"


@dataclass(frozen=True, kw_only=True)
class InstancesLinks:
    """What a deployment to instances must name: delivery/fleet reads these.

    ``scaling`` is the Auto Scaling group; ``bucket``, ``key`` and ``version`` are the release.
    """

    application: Output[str]
    group: Output[str]
    scaling: Output[str]
    bucket: Output[str]
    key: Output[str]
    version: Output[str]


def instances(
    ground: Ground, fleet: FleetLinks, pool: PoolLinks, alarm: aws.cloudwatch.MetricAlarm
) -> InstancesLinks:
    """An application with one deployment group: every instance of the fleet.

    They are found by their tag and not as members of the Auto Scaling group: of a group CodeDeploy
    would give new members what it last deployed with success, which is not what they shall run when
    the fleet was empty meanwhile.
    """
    name = f"{ground.name}-instances"
    application = aws.codedeploy.Application(name, compute_platform="Server", opts=ground.mine)
    role = iam.role(
        name,
        description="CodeDeploy takes instances from the load balancer and gives them back",
        trusted=iam.trust("codedeploy.amazonaws.com", when=iam.same_account()),
        allowed=[
            iam.without_resources(
                [
                    "ec2:DescribeInstanceStatus",
                    "ec2:DescribeInstances",
                    "elasticloadbalancing:DescribeTargetGroupAttributes",
                    "elasticloadbalancing:DescribeTargetGroups",
                    "elasticloadbalancing:DescribeTargetHealth",
                    "tag:GetResources",
                ],
            ),
            iam.allow(
                [
                    "elasticloadbalancing:DeregisterTargets",
                    "elasticloadbalancing:RegisterTargets",
                ],
                on=[pool.arn],
            ),
            iam.allow(["cloudwatch:DescribeAlarms"], on=[alarm.arn]),
        ],
        opts=ground.mine,
    )
    made = aws.codedeploy.DeploymentGroup(
        name,
        app_name=application.name,
        deployment_group_name="instances",
        service_role_arn=role.arn,
        deployment_config_name=IN_TURN,
        deployment_style={
            "deployment_type": "IN_PLACE",
            "deployment_option": "WITH_TRAFFIC_CONTROL",
        },
        ec2_tag_filters=[{"key": fleet.tag, "type": "KEY_AND_VALUE", "value": fleet.group}],
        load_balancer_info={"target_group_infos": [{"name": pool.name}]},
        # Whoever starts meanwhile runs the new release already.
        outdated_instances_strategy="IGNORE",
        opts=ground.mine,
        **undone_by(alarm),
    )
    return InstancesLinks(
        application=application.name,
        group=made.deployment_group_name,
        scaling=fleet.group,
        bucket=fleet.release.bucket,
        key=fleet.release.key,
        version=fleet.release.version,
    )

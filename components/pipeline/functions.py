"""New versions of functions get a tenth of the requests first, and the rest if nothing fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output

from components import iam
from components.functions import FunctionLinks

from .alarms import failing_function, undone_by
from .ground import Ground

CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"


@dataclass(frozen=True, kw_only=True)
class GradualLinks:
    """What a deployment of a function must name: delivery/functions reads these."""

    function: Output[str]
    alias: Output[str]
    version: Output[str]
    application: Output[str]
    group: Output[str]


def gradual(ground: Ground, functions: Mapping[str, FunctionLinks]) -> list[GradualLinks]:
    """An application with a deployment group a function, each with an alarm of its own."""
    application = aws.codedeploy.Application(
        ground.name, compute_platform="Lambda", opts=ground.mine
    )
    alarms = {part: failing_function(ground, part, f) for part, f in functions.items()}
    role = iam.role(
        f"{ground.name}-functions",
        description="CodeDeploy moves requests from version to version",
        trusted=iam.trust("codedeploy.amazonaws.com", when=iam.same_account()),
        allowed=[
            iam.allow(
                ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"],
                on=[arn for f in functions.values() for arn in (f.arn, f.alias_arn)],
            ),
            iam.allow(["cloudwatch:DescribeAlarms"], on=[alarm.arn for alarm in alarms.values()]),
        ],
        opts=ground.mine,
    )
    return [
        _group(ground, part, function, application, alarms[part], role)
        for part, function in functions.items()
    ]


def _group(
    ground: Ground,
    part: str,
    function: FunctionLinks,
    application: aws.codedeploy.Application,
    alarm: aws.cloudwatch.MetricAlarm,
    role: aws.iam.Role,
) -> GradualLinks:
    made = aws.codedeploy.DeploymentGroup(
        f"{ground.name}-{part}",
        app_name=application.name,
        deployment_group_name=part,
        service_role_arn=role.arn,
        deployment_config_name=CANARY,
        deployment_style={
            "deployment_type": "BLUE_GREEN",
            "deployment_option": "WITH_TRAFFIC_CONTROL",
        },
        opts=ground.mine,
        **undone_by(alarm),
    )
    return GradualLinks(
        function=function.name,
        alias=function.alias,
        version=function.version,
        application=application.name,
        group=made.deployment_group_name,
    )

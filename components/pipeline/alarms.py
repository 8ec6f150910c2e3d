"""Who hears of a failure, and the alarms that take a bad version back."""

from __future__ import annotations

from typing import TypedDict

import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from components import iam
from components.balancer import BalancerLinks
from components.functions import FunctionLinks

from .ground import Ground

FAILURES = 5  # requests in a minute: more than bad luck, less than a bad evening
SPEAKERS = ("cloudwatch", "codestar-notifications")


def topic(name: str, key_arn: Output[str], mine: ResourceOptions) -> Output[str]:
    """Where failures are told; whoever wants to hear them subscribes."""
    made = aws.sns.Topic(name, kms_master_key_id=key_arn, opts=mine)
    aws.sns.TopicPolicy(
        name,
        arn=made.arn,
        policy=iam.document(
            *(
                {
                    "Sid": speaker.title().replace("-", ""),
                    "Effect": "Allow",
                    "Principal": {"Service": f"{speaker}.amazonaws.com"},
                    "Action": "sns:Publish",
                    "Resource": made.arn,
                    "Condition": iam.same_account(),
                }
                for speaker in SPEAKERS
            ),
            {
                "Sid": "OnlyOverTls",
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "sns:Publish",
                "Resource": made.arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ),
        opts=mine,
    )
    return made.arn


def too_many_failures(ground: Ground, balancer: BalancerLinks) -> aws.cloudwatch.MetricAlarm:
    """An alarm for errors (5xx) that pods and instances answer with; they run the same image."""
    return _alarm(
        ground,
        f"{ground.name}-errors",
        "Pods or instances answer with errors: a deployment goes back",
        "AWS/ApplicationELB",
        "HTTPCode_Target_5XX_Count",
        {"LoadBalancer": balancer.suffix},
    )


class Undone(TypedDict):
    """Arguments of a deployment group whose deployments do not stay when they fail."""

    alarm_configuration: aws.codedeploy.DeploymentGroupAlarmConfigurationArgsDict
    auto_rollback_configuration: aws.codedeploy.DeploymentGroupAutoRollbackConfigurationArgsDict


def undone_by(alarm: aws.cloudwatch.MetricAlarm) -> Undone:
    """The alarm ends a deployment, and whatever ended one takes it back."""
    return {
        "alarm_configuration": {"enabled": True, "alarms": [alarm.name]},
        "auto_rollback_configuration": {
            "enabled": True,
            "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
        },
    }


def failing_function(
    ground: Ground, part: str, function: FunctionLinks
) -> aws.cloudwatch.MetricAlarm:
    """An alarm for errors behind a function's alias, in its old and in its new version."""
    return _alarm(
        ground,
        f"{ground.name}-{part}",
        f"Function {part} fails: its new version goes back",
        "AWS/Lambda",
        "Errors",
        {
            "FunctionName": function.name,
            "Resource": Output.concat(function.name, ":", function.alias),
        },
    )


def _alarm(
    ground: Ground,
    name: str,
    description: str,
    namespace: str,
    metric: str,
    dimensions: dict[str, Output[str]],
) -> aws.cloudwatch.MetricAlarm:
    return aws.cloudwatch.MetricAlarm(
        name,
        alarm_description=description,
        namespace=namespace,
        metric_name=metric,
        dimensions=dimensions,
        statistic="Sum",
        period=60,
        evaluation_periods=2,
        datapoints_to_alarm=1,
        threshold=FAILURES,
        comparison_operator="GreaterThanOrEqualToThreshold",
        treat_missing_data="notBreaching",  # no requests, no failures
        alarm_actions=[ground.topic_arn],
        ok_actions=[ground.topic_arn],
        opts=ground.mine,
    )

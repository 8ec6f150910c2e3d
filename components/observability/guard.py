"""Who looks for intruders: GuardDuty and Security Hub, and what they tell."""

from __future__ import annotations

import json

import pulumi_aws as aws
from pulumi import ResourceOptions

from .ground import Ground

WORTH_READING = 4  # GuardDuty's medium severity


def guard(ground: Ground) -> None:
    """Both, with GuardDuty's findings as tickets."""
    name = f"{ground.name}-guard"
    aws.guardduty.Detector(
        name, enable=True, finding_publishing_frequency="FIFTEEN_MINUTES", opts=ground.mine
    )
    # By Cloud Control: the provider's own module is as large as half of all others together.
    hub = aws.cloudcontrol.Resource(
        f"{name}-hub",
        type_name="AWS::SecurityHub::Hub",
        desired_state=json.dumps({"EnableDefaultStandards": False, "AutoEnableControls": True}),
        opts=ground.mine,
    )
    standard = "standards/aws-foundational-security-best-practices/v/1.0.0"
    arn = f"arn:aws:securityhub:{ground.region}::{standard}"
    aws.cloudcontrol.Resource(
        f"{name}-standard",
        type_name="AWS::SecurityHub::Standard",
        desired_state=json.dumps({"StandardsArn": arn}),
        # Hidden dependency: standards are those of a hub that is switched on.
        opts=ResourceOptions(parent=ground.mine.parent, depends_on=[hub]),
    )
    pattern = {
        "source": ["aws.guardduty"],
        "detail-type": ["GuardDuty Finding"],
        "detail": {"severity": [{"numeric": [">=", WORTH_READING]}]},
    }
    rule = aws.cloudwatch.EventRule(
        name,
        event_pattern=json.dumps(pattern),
        opts=ground.mine,
    )
    aws.cloudwatch.EventTarget(name, rule=rule.name, arn=ground.topics.ticket, opts=ground.mine)


def traces(ground: Ground) -> None:
    """X-Ray follows some requests: of shelves few, because they are many and alike.

    What fails or takes long is a group of its own, which is looked at first.
    """
    aws.xray.Group(
        f"{ground.name}-traces",
        group_name=f"{ground.physical}-suffering",
        filter_expression="fault = true OR responsetime > 2",
        opts=ground.mine,
    )
    for place, (path, part) in enumerate((("/api/v1/*", 0.01), ("*", 0.05))):
        aws.xray.SamplingRule(
            f"{ground.name}-traces-{place}",
            rule_name=f"{ground.physical}-{place}",
            priority=9000 + place,
            version=1,
            reservoir_size=1,
            fixed_rate=part,
            url_path=path,
            host="*",
            http_method="*",
            service_name="*",
            service_type="*",
            resource_arn="*",
            opts=ground.mine,
        )

"""Who looks for intruders: GuardDuty and Security Hub, and what they tell."""

from __future__ import annotations

import json

import pulumi_aws as aws
from pulumi import ResourceOptions

from .ground import Ground

WORTH_READING = 4  # GuardDuty's medium severity


def guard(ground: Ground) -> None:
    """Both, with their findings as tickets."""
    name = f"{ground.name}-guard"
    aws.guardduty.Detector(
        name, enable=True, finding_publishing_frequency="FIFTEEN_MINUTES", opts=ground.mine
    )
    hub = aws.securityhub.Account(
        name, enable_default_standards=False, auto_enable_controls=True, opts=ground.mine
    )
    standard = "standards/aws-foundational-security-best-practices/v/1.0.0"
    aws.securityhub.StandardsSubscription(
        name,
        standards_arn=f"arn:aws:securityhub:{ground.region}::{standard}",
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
        description="GuardDuty found something",
        event_pattern=json.dumps(pattern),
        opts=ground.mine,
    )
    aws.cloudwatch.EventTarget(name, rule=rule.name, arn=ground.topics.ticket, opts=ground.mine)


def traces(ground: Ground) -> None:
    """X-Ray follows some requests: of shelves few, because they are many and alike."""
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

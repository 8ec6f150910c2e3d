"""WAF: what is refused, or only counted, before it reaches the shop."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws
from pulumi import Input, ResourceOptions

from components.names import GLOBAL
from settings import FirewallSettings

GROUPS = {
    "core": "AWSManagedRulesCommonRuleSet",
    "known-bad-inputs": "AWSManagedRulesKnownBadInputsRuleSet",
    "sql-injection": "AWSManagedRulesSQLiRuleSet",
    "ip-reputation": "AWSManagedRulesAmazonIpReputationList",
    "anonymous-ips": "AWSManagedRulesAnonymousIpList",
    "bot-control": "AWSManagedRulesBotControlRuleSet",
}
WINDOW_SECONDS = 300
TOO_MANY = 429
# Where passwords are tried and cards are tested.
GUARDED = r"^/(login|register|checkout|api/v1/(auth/(login|register)|checkout))/?$"
SECRET_HEADERS = ("authorization", "cookie")


def firewall(name: str, settings: FirewallSettings, opts: ResourceOptions) -> aws.wafv2.WebAcl:
    """A web ACL for CloudFront."""
    count = settings.mode == "count"
    limits = [
        _rate("guarded", settings.sign_in_requests, count, _posts_to_guarded()),
        _rate("all", settings.requests, count, None),
    ]
    managed = [_managed(group, count) for group in settings.groups]
    rules: list[Any] = [
        {**rule, "priority": place} for place, rule in enumerate([*limits, *managed])
    ]
    return aws.wafv2.WebAcl(
        name,
        scope="CLOUDFRONT",
        region=GLOBAL,
        description="The shop",
        default_action={"allow": {}},
        rules=rules,
        visibility_config=_visible("all"),
        opts=opts,
    )


def log_refusals(
    name: str,
    physical: str,
    acl: aws.wafv2.WebAcl,
    days: int,
    key_arn: Input[str],
    opts: ResourceOptions,
) -> None:
    """Log what was refused or counted, without passwords' and sessions' headers."""
    group = aws.cloudwatch.LogGroup(
        f"{name}-firewall",
        name=f"aws-waf-logs-{physical}",  # WAF writes to no other names
        retention_in_days=days,
        kms_key_id=key_arn,
        region=GLOBAL,
        opts=opts,
    )
    aws.wafv2.WebAclLoggingConfiguration(
        name,
        resource_arn=acl.arn,
        log_destination_configs=[group.arn],
        redacted_fields=[{"single_header": {"name": header}} for header in SECRET_HEADERS],
        logging_filter={
            "default_behavior": "DROP",
            "filters": [
                {
                    "behavior": "KEEP",
                    "requirement": "MEETS_ANY",
                    "conditions": [
                        {"action_condition": {"action": action}} for action in ("BLOCK", "COUNT")
                    ],
                }
            ],
        },
        region=GLOBAL,
        opts=opts,
    )


def _managed(group: str, count: bool) -> dict[str, Any]:
    statement: dict[str, Any] = {"name": GROUPS[group], "vendor_name": "AWS"}
    if group == "bot-control":
        statement["managed_rule_group_configs"] = [
            {"aws_managed_rules_bot_control_rule_set": {"inspection_level": "COMMON"}}
        ]
    return {
        "name": group,
        "override_action": {"count": {}} if count else {"none": {}},
        "statement": {"managed_rule_group_statement": statement},
        "visibility_config": _visible(group),
    }


def _rate(part: str, limit: int, count: bool, scope: dict[str, Any] | None) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "limit": limit,
        "evaluation_window_sec": WINDOW_SECONDS,
        "aggregate_key_type": "IP",
    }
    if scope is not None:
        statement["scope_down_statement"] = scope
    block = {"block": {"custom_response": {"response_code": TOO_MANY}}}
    return {
        "name": f"rate-{part}",
        "action": {"count": {}} if count else block,
        "statement": {"rate_based_statement": statement},
        "visibility_config": _visible(f"rate-{part}"),
    }


def _posts_to_guarded() -> dict[str, Any]:
    post = {
        "search_string": "POST",
        "positional_constraint": "EXACTLY",
        "field_to_match": {"method": {}},
        "text_transformations": [{"priority": 0, "type": "NONE"}],
    }
    path = {
        "regex_string": GUARDED,
        "field_to_match": {"uri_path": {}},
        # As the storefront will read it.
        "text_transformations": [
            {"priority": 0, "type": "URL_DECODE"},
            {"priority": 1, "type": "NORMALIZE_PATH"},
        ],
    }
    both = [{"byte_match_statement": post}, {"regex_match_statement": path}]
    return {"and_statement": {"statements": both}}


def _visible(name: str) -> Any:
    return {
        "cloudwatch_metrics_enabled": True,
        "metric_name": name,
        "sampled_requests_enabled": False,  # samples would show cookies
    }

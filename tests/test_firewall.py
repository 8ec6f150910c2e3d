"""WAF: managed groups and limits from the settings, counted or refused, logged without secrets."""

from __future__ import annotations

import re
from typing import Any

import pytest
from storefront.web.api.operations import OPERATIONS

from graph import Graph
from tests.stacks import STACKS, config, graph_of

ACL = "aws:wafv2/webAcl:WebAcl"


def rules(graph: Graph) -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule for rule in graph.one(ACL).inputs["rules"]}


@pytest.mark.parametrize("stack", STACKS)
def test_the_firewall_is_where_cloudfront_looks_for_it(stack: str) -> None:
    made = graph_of(stack).one(ACL).inputs
    assert (made["scope"], made["region"]) == ("CLOUDFRONT", "us-east-1")
    assert made["defaultAction"] == {"allow": {}}
    places = [rule["priority"] for rule in made["rules"]]
    assert places == sorted(set(places))


@pytest.mark.parametrize("mode", ["block", "count"])
def test_rules_refuse_or_only_count(mode: str) -> None:
    groups = ["core", "known-bad-inputs", "sql-injection", "ip-reputation", "bot-control"]
    changes = {"shop:edge.firewall.mode": mode, "shop:edge.firewall.groups": groups}
    found = rules(graph_of("prod", changes))
    assert set(found) == {"rate-guarded", "rate-all", *groups}
    for name, rule in found.items():
        if name.startswith("rate-"):
            refuse = {"block": {"customResponse": {"responseCode": 429}}}
            assert rule["action"] == (refuse if mode == "block" else {"count": {}})
        else:
            override = {"none": {}} if mode == "block" else {"count": {}}
            assert rule["overrideAction"] == override
            assert rule["statement"]["managedRuleGroupStatement"]["vendorName"] == "AWS"


def test_limits_are_those_of_the_settings() -> None:
    told = config("prod")["shop:edge"]["firewall"]
    found = rules(graph_of("prod"))
    for name, limit in (("all", "requests"), ("guarded", "sign_in_requests")):
        rate = found[f"rate-{name}"]["statement"]["rateBasedStatement"]
        assert rate["limit"] == told[limit]
        assert rate["evaluationWindowSec"] == 300
        assert rate["aggregateKeyType"] == "IP"
    assert "scopeDownStatement" not in found["rate-all"]["statement"]["rateBasedStatement"]


def test_signing_in_registering_and_buying_are_guarded() -> None:
    rate = rules(graph_of("prod"))["rate-guarded"]["statement"]["rateBasedStatement"]
    method, path = rate["scopeDownStatement"]["andStatement"]["statements"]
    assert method["byteMatchStatement"]["searchString"] == "POST"
    pattern = re.compile(path["regexMatchStatement"]["regexString"])
    served = {f"/api/v1{o.path}" for o in OPERATIONS} | {"/login", "/register", "/checkout"}
    guarded = {address for address in served if pattern.search(address)}
    assert guarded == {
        "/login",
        "/register",
        "/checkout",
        "/api/v1/auth/login",
        "/api/v1/auth/register",
        "/api/v1/checkout",
    }
    # As the storefront reads a path, not as it was written.
    assert [t["type"] for t in path["regexMatchStatement"]["textTransformations"]] == [
        "URL_DECODE",
        "NORMALIZE_PATH",
    ]


@pytest.mark.parametrize("stack", STACKS)
def test_refusals_are_logged_without_secrets(stack: str) -> None:
    graph = graph_of(stack)
    log = graph.one("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration").inputs
    group = graph.one("aws:cloudwatch/logGroup:LogGroup", "edge-firewall")
    assert group.inputs["name"] == f"aws-waf-logs-shop-{stack}"
    assert group.inputs["region"] == "us-east-1"
    assert log["logDestinationConfigs"] == [group.outputs["arn"]]
    redacted = {field["singleHeader"]["name"] for field in log["redactedFields"]}
    assert redacted == {"authorization", "cookie"}
    assert log["loggingFilter"]["defaultBehavior"] == "DROP"

"""Traces and numbers arrive: who sends them has an address to send to, and the right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graph import Graph
from tests.stacks import graph_of

ADDON = "aws:eks/addon:Addon"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
PUT = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}


@pytest.fixture
def graph() -> Graph:
    return graph_of("prod")


def may(graph: Graph, role: str) -> dict[str, dict[str, Any]]:
    """Action -> its statement, of what a role may do."""
    policy = json.loads(graph.one(ROLE_POLICY, role).inputs["policy"])
    return {action: s for s in policy["Statement"] for action in s["Action"]}


def configured(graph: Graph) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(graph.one(ADDON, "web-agent").inputs["configurationValues"])
    return values


def port(address: str) -> int:
    return int(address.rpartition(":")[2])


def test_pods_send_traces_to_the_agent_and_it_to_x_ray(graph: Graph) -> None:
    """Web and worker are told the same; both may go there, and it may go on."""
    told = graph.one("kubernetes:core/v1:ConfigMap", "web-storefront").inputs["data"]
    otlp = configured(graph)["agent"]["config"]["traces"]["traces_collected"]["otlp"]
    assert port(told["OTLP_ENDPOINT"]) == port(otlp["http_endpoint"])
    assert told["OTLP_ENDPOINT"].startswith("http://cloudwatch-agent.amazon-cloudwatch:")
    assert int(told["TRACE_SHARE"]) > 0
    policy = graph.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "web-calls-out")
    assert policy.inputs["spec"]["podSelector"] == {"matchLabels": {}}
    open_ports = {p["port"] for rule in policy.inputs["spec"]["egress"] for p in rule["ports"]}
    assert port(told["OTLP_ENDPOINT"]) in open_ports
    assert may(graph, "web-agent").keys() >= PUT
    (bound,) = graph.one(ADDON, "web-agent").inputs["podIdentityAssociations"]
    assert bound["roleArn"] == graph.one("aws:iam/role:Role", "web-agent").outputs["arn"]


def test_instances_send_theirs_to_an_agent_beside_them(graph: Graph) -> None:
    from tests.test_fleet import boot, release

    cloud_config, files = boot(graph)
    agent = json.loads(files["/etc/storefront/cloudwatch.json"])
    listens = agent["traces"]["traces_collected"]["otlp"]["http_endpoint"]
    env = release(graph)["settings.env"].splitlines()
    assert f"OTLP_ENDPOINT=http://{listens}" in env
    assert "amazon-cloudwatch-agent" in cloud_config["packages"]
    assert any(
        "file:/etc/storefront/cloudwatch.json" in command for command in cloud_config["runcmd"]
    )
    rights = may(graph, "web-fleet")
    assert rights.keys() >= PUT
    named = rights["cloudwatch:PutMetricData"]["Condition"]["StringEquals"]["cloudwatch:namespace"]
    assert named == agent["metrics"]["namespace"]


def test_functions_and_pods_that_are_traced_may_say_so(graph: Graph) -> None:
    traced = [
        f for f in graph.of_type("aws:lambda/function:Function")
        if f.inputs.get("tracingConfig", {}).get("mode") == "Active"
    ]  # fmt: skip
    assert len(traced) == 4
    for function in traced:
        assert may(graph, function.name).keys() >= PUT, function.name
    rules = graph.of_type("aws:xray/samplingRule:SamplingRule")
    assert min(r.inputs["fixedRate"] for r in rules) > 0
    assert graph.one("aws:xray/group:Group").inputs["groupName"].startswith("shop-prod")


def test_lines_of_pods_arrive_as_they_are_so_that_metrics_in_them_are_found(graph: Graph) -> None:
    files = configured(graph)["containerLogs"]["fluentBit"]["config"]["extraFiles"]
    lines = {tuple(line.split(maxsplit=1)) for line in files["application-log.conf"].splitlines()}
    assert {("log_key", "log"), ("log_format", "json/emf")} <= lines
    namespace = graph.one("kubernetes:core/v1:Namespace").inputs["metadata"]["name"]
    assert ("Path", f"/var/log/containers/*_{namespace}_*.log") in lines
    group = graph.one("aws:cloudwatch/logGroup:LogGroup", "web-agent-application").inputs
    cluster = graph.one("eks:index:Cluster").inputs["name"]
    (written,) = [v for k, v in (line for line in lines if len(line) == 2) if k == "log_group_name"]
    assert written.replace("${CLUSTER_NAME}", cluster) == group["name"]
    assert group["kmsKeyId"]
    assert group["retentionInDays"] > 0
    rights = may(graph, "web-agent")
    assert "logs:CreateLogGroup" not in rights
    (pattern,) = rights["logs:PutLogEvents"]["Resource"]
    assert group["name"].startswith(pattern.partition("log-group:")[2].rstrip("*"))


def test_without_an_agent_nothing_of_it_is_there() -> None:
    graph = graph_of("dev")
    assert [a for a in graph.of_type(ADDON) if a.name == "web-agent"] == []
    told = graph.one("kubernetes:core/v1:ConfigMap", "web-storefront").inputs["data"]
    assert told["OTLP_ENDPOINT"] == ""

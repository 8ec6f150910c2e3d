"""Balancer: closed to everyone but CloudFront, and two pools with the weights of the settings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graph import Graph
from graph.lookups import lookup
from tests.stacks import DEPLOYMENT, RULE, STACKS, config, graph_of

BINDING = "kubernetes:eks.amazonaws.com/v1:TargetGroupBinding"
POOL = "aws:lb/targetGroup:TargetGroup"
LISTENER = "aws:lb/listener:Listener"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"


def weights(graph: Graph) -> dict[str, int]:
    (action,) = graph.one(LISTENER).inputs["defaultActions"]
    assert action["type"] == "forward"
    names = {pool.outputs["arn"]: pool.name for pool in graph.of_type(POOL)}
    assert "stickiness" not in action["forward"]
    return {names[t["arn"]]: t["weight"] for t in action["forward"]["targetGroups"]}


@pytest.mark.parametrize(("eks", "ec2"), [(100, 0), (50, 50), (0, 100)])
@pytest.mark.parametrize("stack", STACKS)
def test_requests_are_shared_as_the_settings_say(stack: str, eks: int, ec2: int) -> None:
    graph = graph_of(stack, pools(eks, ec2))
    assert weights(graph) == {"balancer-pods": eks, "balancer-instances": ec2}


def pools(eks: int, ec2: int) -> dict[str, Any]:
    changes: dict[str, Any] = {"shop:web.pools": {"eks": eks, "ec2": ec2}}
    if ec2:
        changes |= {"shop:web.fleet.min": 2, "shop:web.fleet.max": 4, "shop:web.fleet.rest": None}
    return changes


@pytest.mark.parametrize("stack", STACKS)
def test_the_balancer_is_private_logged_and_strict(stack: str) -> None:
    graph, told = graph_of(stack), config(stack)["shop:web"]["balancer"]
    made = graph.one(BALANCER).inputs
    subnets = {s.id for s in graph.of_type("aws:ec2/subnet:Subnet") if "-application-" in s.name}
    logs = graph.one("aws:s3/bucket:Bucket", "data-logs")
    assert made["internal"] is True
    assert made["loadBalancerType"] == "application"
    assert set(made["subnets"]) == subnets
    assert made["dropInvalidHeaderFields"] is True
    assert made["enableDeletionProtection"] is told["deletion_protection"]
    assert made["accessLogs"] == {"enabled": True, "bucket": logs.id, "prefix": "balancer"}


def test_logs_can_be_written_before_the_balancer_is_made() -> None:
    graph = graph_of("prod")
    policy = graph.one("aws:s3/bucketPolicy:BucketPolicy", "data-logs")
    # ELB tries to write when logging is turned on.
    assert policy.urn in graph.one(BALANCER).property_dependencies["accessLogs"]
    statements = json.loads(policy.inputs["policy"])["Statement"]
    (delivery,) = [s for s in statements if s.get("Sid") == "LoadBalancerLogs"]
    logs = graph.one("aws:s3/bucket:Bucket", "data-logs").outputs["arn"]
    assert delivery["Resource"] == f"{logs}/balancer/AWSLogs/*"
    assert delivery["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}


@pytest.mark.parametrize("stack", STACKS)
def test_only_cloudfront_is_let_in(stack: str) -> None:
    graph = graph_of(stack)
    group = graph.one("aws:ec2/securityGroup:SecurityGroup", "balancer")
    assert graph.one(BALANCER).inputs["securityGroups"] == [group.id]
    (rule,) = [r.inputs for r in graph.of_type(RULE) if r.inputs["securityGroupId"] == group.id]
    listener = graph.one(LISTENER).inputs
    name = "com.amazonaws.global.cloudfront.origin-facing"
    listed = lookup(
        "aws:ec2/getManagedPrefixList:getManagedPrefixList", {"name": name}, "us-east-1"
    )
    assert listed
    assert rule["prefixListId"] == listed["id"]
    assert rule["fromPort"] == rule["toPort"] == listener["port"]


def test_pools_ask_for_readiness_and_let_go_in_time() -> None:
    graph = graph_of("prod")
    grace = graph.one(DEPLOYMENT, "web-web").inputs["spec"]["template"]["spec"]
    for pool in graph.of_type(POOL):
        made = pool.inputs
        assert made["healthCheck"]["path"] == "/readyz"
        assert made["stickiness"]["enabled"] is False
        assert 30 <= made["slowStart"] <= 900
        assert made["deregistrationDelay"] < grace["terminationGracePeriodSeconds"]
    assert graph.one(POOL, "balancer-pods").inputs["targetType"] == "ip"
    assert graph.one(POOL, "balancer-instances").inputs["targetType"] == "instance"


def test_a_rollout_waits_for_the_balancer() -> None:
    graph = graph_of("prod")
    check = graph.one(POOL, "balancer-pods").inputs["healthCheck"]
    # Auto Mode has no readiness gates: a new pod must be healthy at the balancer before an old one
    # goes.
    spec = graph.one(DEPLOYMENT, "web-web").inputs["spec"]
    assert spec["minReadySeconds"] > check["interval"] * (check["healthyThreshold"] + 0)


@pytest.mark.parametrize("stack", STACKS)
def test_pods_are_registered_by_a_binding_of_ours(stack: str) -> None:
    graph = graph_of(stack)
    pool, binding = graph.one(POOL, "balancer-pods"), graph.one(BINDING)
    service = graph.one("kubernetes:core/v1:Service").inputs
    cluster = graph.one("eks:index:Cluster").inputs["name"]
    assert pool.inputs["tags"]["eks:eks-cluster-name"] == cluster  # or registering is refused
    assert binding.inputs["spec"] == {
        "serviceRef": {
            "name": service["metadata"]["name"],
            "port": service["spec"]["ports"][0]["port"],
        },
        "targetGroupARN": pool.outputs["arn"],
        "targetType": "ip",
    }
    assert binding.inputs["metadata"]["namespace"] == service["metadata"]["namespace"]
    assert graph.one(LISTENER).urn in binding.options.depends_on


def test_nothing_in_the_cluster_makes_load_balancers() -> None:
    for stack in STACKS:
        graph = graph_of(stack)
        assert not [r for r in graph if "Ingress" in r.type.rsplit(":", 1)[-1] and "k8s" in r.type]
        for service in graph.of_type("kubernetes:core/v1:Service"):
            assert service.inputs["spec"]["type"] == "ClusterIP"

"""Who can reach whom, over the whole graph of every stack: from the internet, step by step."""

from __future__ import annotations

from graph import Graph
from tests.reach import CLOUDFRONT, GROUP, INTERNET, WORLD, callers, members, reached, ways
from tests.stacks import RULE
from tests.test_program import graph, texts

__all__ = ["graph"]  # the fixture: every stack, as it is and as it might be
SERVERS = ("pods", "web-fleet")  # what serves the shop, and needs its data
FUNCTIONS = "recommendations-functions"  # what reads the database, and nothing else
ROTATION = "data-rotate"  # what changes passwords of both
BUILDS = "pipeline-builds"  # where deployments run


def test_nothing_is_open_to_the_world(graph: Graph) -> None:
    for rule in graph.of_type(RULE):
        assert "cidrIpv4" not in rule.inputs
        assert "cidrIpv6" not in rule.inputs
        peers = {"referencedSecurityGroupId", "prefixListId"} & rule.inputs.keys()
        assert len(peers) == 1, rule.name
        assert rule.inputs["ipProtocol"] == "tcp"
        assert rule.inputs["fromPort"] == rule.inputs["toPort"]
    for group in graph.of_type(GROUP):
        assert not set(WORLD) & set(texts(group.inputs)), group.name
    for cluster in graph.of_type("eks:index:Cluster"):
        assert not set(WORLD) & set(cluster.inputs.get("publicAccessCidrs", []))


def test_from_the_internet_the_way_in_leads_through_cloudfront_and_the_balancer(
    graph: Graph,
) -> None:
    assert callers(graph, "balancer") == {CLOUDFRONT}
    known = {INTERNET, CLOUDFRONT, "balancer", *SERVERS, FUNCTIONS, ROTATION, BUILDS}
    assert {source for source, _, _ in ways(graph)} <= known
    for server in SERVERS:
        assert callers(graph, server) - {BUILDS} == {"balancer"}
    # Deployments reach the cluster's API, which shares its group with nodes, and nothing else.
    assert {(to, port) for source, to, port in ways(graph) if source == BUILDS} <= {
        ("pods", 443),
        ("network-endpoints", 443),
    }
    assert callers(graph, "data-cache") - {ROTATION} == set(SERVERS)
    assert callers(graph, "data-database") == {*SERVERS, FUNCTIONS, ROTATION}
    # API Gateway calls Lambda past all groups; nobody reaches a function otherwise.
    assert callers(graph, FUNCTIONS) == callers(graph, ROTATION) == set()
    assert reached(graph, FUNCTIONS) <= {"data-database", "network-endpoints"}
    assert reached(graph, ROTATION) <= {"data-database", "data-cache", "network-endpoints"}
    # One step at a time, and nobody calls back.
    for inner in ("data-database", "data-cache", "network-endpoints"):
        assert reached(graph, inner) == set()
    assert callers(graph, CLOUDFRONT) == {INTERNET}
    assert reached(graph, INTERNET) >= {CLOUDFRONT} | reached(graph, CLOUDFRONT)
    assert reached(graph, CLOUDFRONT) >= {"balancer", *SERVERS, "data-database", "data-cache"}


def test_a_group_guards_what_it_is_named_after(graph: Graph) -> None:
    assert members(graph, "balancer") == {"aws:lb/loadBalancer:LoadBalancer"}
    assert members(graph, "web-fleet") == {"aws:ec2/launchTemplate:LaunchTemplate"}
    for group in (FUNCTIONS, ROTATION):
        assert members(graph, group) == {"aws:lambda/function:Function"}
    assert members(graph, "data-cache") == {"aws:elasticache/replicationGroup:ReplicationGroup"}

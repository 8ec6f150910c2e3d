"""Who can reach whom, read from security groups: a walk over the graph from the internet."""

from __future__ import annotations

from typing import Any

from graph import Graph
from tests.stacks import RULE

GROUP = "aws:ec2/securityGroup:SecurityGroup"
INTERNET, CLOUDFRONT = "internet", "cloudfront"
WORLD = ("0.0.0.0/0", "::/0")
# Inputs that put a resource into security groups.
_MEMBERS = ("securityGroups", "securityGroupIds", "vpcSecurityGroupIds")


def groups(graph: Graph) -> dict[str, str]:
    """Security group id -> the name it goes by here."""
    cluster = graph.one("eks:index:Cluster").outputs["clusterSecurityGroupId"]
    return {cluster: "pods", **{group.id: group.name for group in graph.of_type(GROUP)}}


def ways(graph: Graph) -> set[tuple[str, str, int]]:
    """(from, to, port) of everything that a rule admits; another source is named as it stands."""
    names, found = groups(graph), set()
    for rule in graph.of_type(RULE):
        told = rule.inputs
        found.add((_source(names, told), names[told["securityGroupId"]], told["fromPort"]))
    for group in graph.of_type(GROUP):
        for inline in group.inputs.get("ingress") or []:
            sources = [*inline.get("cidrBlocks", []), *inline.get("ipv6CidrBlocks", [])]
            for source in sources:
                name = INTERNET if source in WORLD else source
                found.add((name, group.name, inline["fromPort"]))
    if graph.of_type("aws:cloudfront/distribution:Distribution"):
        found.add((INTERNET, CLOUDFRONT, 443))
    return found


def _source(names: dict[str, str], rule: dict[str, Any]) -> str:
    if group := rule.get("referencedSecurityGroupId"):
        return names[group]
    if rule.get("prefixListId"):
        return CLOUDFRONT  # there is one list only: see the balancer's tests
    source = rule.get("cidrIpv4") or rule.get("cidrIpv6")
    return INTERNET if source in WORLD else str(source)


def reached(graph: Graph, start: str) -> set[str]:
    """Everything that can be reached from ``start``, directly or through others."""
    edges, seen, todo = ways(graph), set(), [start]
    while todo:
        at = todo.pop()
        after = {to for source, to, _ in edges if source == at}
        todo.extend(after - seen)
        seen |= after
    return seen


def callers(graph: Graph, group: str) -> set[str]:
    """Who is admitted to a group directly."""
    return {source for source, to, _ in ways(graph) if to == group}


def members(graph: Graph, group: str) -> set[str]:
    """The types of what a security group guards."""
    (id_,) = [id_ for id_, name in groups(graph).items() if name == group]
    found = {r.type for r in graph for key in _MEMBERS if id_ in (r.inputs.get(key) or [])}
    for function in graph.of_type("aws:lambda/function:Function"):
        if id_ in function.inputs.get("vpcConfig", {}).get("securityGroupIds", []):
            found.add(function.type)
    for template in graph.of_type("aws:ec2/launchTemplate:LaunchTemplate"):
        for interface in template.inputs["networkInterfaces"]:
            if id_ in interface["securityGroups"]:
                found.add(template.type)
    return found

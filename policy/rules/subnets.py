"""Subnets: what stands where, and what stands before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy.model import Estate, Rules, Subject

from .network import SUBNET, WORLD

RULES = Rules()
ACL = "aws:ec2/networkAcl:NetworkAcl"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ROUTE = "aws:ec2/route:Route"
DATA = ("aws:rds/subnetGroup:SubnetGroup", "aws:elasticache/subnetGroup:SubnetGroup")


@RULES.rule(
    "NET-15",
    "critical",
    *DATA,
    reason="What holds data has no way to or from the internet, not even by mistake.",
    source="Well-Architected SEC05-BP01",
    remedy="subnets whose route table has no default route",
)
def data_with_a_way_out(subject: Subject, estate: Estate) -> str | None:
    """Subnets of data whose routes lead anywhere."""
    for subnet in estate.referred(subject, "subnetIds"):
        for association in estate.referring(subnet, ASSOCIATION, "subnetId"):
            for table in estate.referred(association, "routeTableId"):
                if estate.referring(table, ROUTE, "routeTableId"):
                    return f"subnet {subnet.name} has a route out"
    return None


@RULES.rule(
    "NET-16",
    "high",
    *DATA,
    "aws:lb/loadBalancer:LoadBalancer",
    "aws:autoscaling/group:Group",
    reason="A zone is lost now and then; the shop is not.",
    source="FSBP ELB.13, AutoScaling.2; Well-Architected REL10-BP01",
    remedy="subnets of two zones or more",
)
def one_zone(subject: Subject, estate: Estate) -> str | None:
    """Everything in one zone."""
    keys = ("subnetIds", "subnets", "vpcZoneIdentifiers")
    zones = {
        subnet.one("availabilityZone")
        for key in keys
        for subnet in estate.referred(subject, key)
        if subnet.type == SUBNET
    }
    return f"is in {', '.join(map(str, zones)) or 'no zone'} only" if len(zones) < 2 else None


@RULES.rule(
    "NET-22",
    "medium",
    *DATA,
    reason="A group that is opened by mistake shall not be enough to reach data from elsewhere.",
    source="Well-Architected SEC05-BP02",
    remedy="a NetworkAcl for these subnets that allows the VPC's addresses only",
)
def data_without_a_list(subject: Subject, estate: Estate) -> str | None:
    """Subnets of data before which the VPC's own list stands, or another that lets all pass."""
    for subnet in estate.referred(subject, "subnetIds"):
        lists = estate.referring(subnet, ACL, "subnetIds")
        if not lists:
            return f"subnet {subnet.name} has no network ACL of its own"
        for acl in lists:
            for way in ("ingress", "egress"):
                if list(_for_everybody(acl, way)):
                    return f"the {way} of its network ACL, {acl.name}, names everybody"
    return None


@RULES.rule(
    "NET-23",
    "medium",
    ACL,
    reason="Answers come to high ports; SSH and RDP are asked for by attackers only.",
    source="FSBP EC2.21; CIS 7.0 6.2; CKV_AWS_231, CKV_AWS_232",
    remedy="networks by their addresses, or ports without these two",
)
def list_that_admits_administrators(subject: Subject, _: Estate) -> str | None:
    """SSH or RDP from anywhere."""
    for entry in _for_everybody(subject, "ingress"):
        every = entry["protocol"] in ("-1", "all")
        for port in (22, 3389):
            if every or entry["fromPort"] <= port <= entry["toPort"]:
                return f"admits port {port} from everywhere"
    return None


def _for_everybody(acl: Subject, way: str) -> Iterator[Mapping[str, Any]]:
    """The entries of one way that allow something to every address."""
    for entry in acl.get(f"{way}[]"):
        told = isinstance(entry, Mapping) and entry["action"] == "allow"
        if told and {entry.get("cidrBlock"), entry.get("ipv6CidrBlock")} & set(WORLD):
            yield entry

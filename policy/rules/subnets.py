"""Subnets: what stands where, and what stands before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from policy.model import UNKNOWN, Estate, Rules, Subject

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
    """Subnets of data behind the VPC's own list, or behind one that lets more than the VPC in."""
    for subnet in estate.referred(subject, "subnetIds"):
        lists = estate.referring(subnet, ACL, "subnetIds")
        if not lists:
            return f"subnet {subnet.name} has no network ACL of its own"
        networks = [vpc.one("cidrBlock") for vpc in estate.referred(subnet, "vpcId")]
        for acl in lists:
            for cidr, _ in (*_allowed(acl, "ingress"), *_allowed(acl, "egress")):
                if not any(_within(cidr, network) for network in networks):
                    return f"its network ACL, {acl.name}, allows {cidr}, which is not in the VPC"
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
    for cidr, entry in _allowed(subject, "ingress"):
        every = entry["protocol"] in ("-1", "all")
        for port in (22, 3389):
            if cidr in WORLD and (every or entry["fromPort"] <= port <= entry["toPort"]):
                return f"admits port {port} from {cidr}"
    return None


def _allowed(acl: Subject, way: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The networks that a list lets through in one direction, each with its entry."""
    for entry in acl.get(f"{way}[]"):
        if isinstance(entry, Mapping) and entry["action"] == "allow":
            for cidr in (entry.get("cidrBlock"), entry.get("ipv6CidrBlock")):
                if isinstance(cidr, str):
                    yield cidr, entry


def _within(cidr: str, vpc: Any) -> bool:
    if vpc is UNKNOWN:
        return True
    return ":" not in cidr and IPv4Network(cidr).subnet_of(IPv4Network(vpc))

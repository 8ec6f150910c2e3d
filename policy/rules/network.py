"""Network: who reaches whom, and by which way."""

from __future__ import annotations

import json

from policy.model import UNKNOWN, Estate, Rules, Subject
from policy.want import ABSENT, GIVEN, TRUE, one_of

# Tables: a row a rule.
# fmt: off
RULES = Rules()
VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
NAT = "aws:ec2/natGateway:NatGateway"
WORLD = ("0.0.0.0/0", "::/0")
# What is asked by name of its caller only: databases and caches.
DATA_PORTS = (1433, 3306, 5432, 6379, 11211, 27017)

RULES.companion(
    "NET-01", "high", VPC, FLOW_LOG, "vpcId",
    "Without flow logs nobody can say afterwards who talked to whom.", "FSBP EC2.6, CIS 7.0 4.9",
)
RULES.must(
    "NET-02", "medium", FLOW_LOG, "trafficType", one_of("ALL"),
    "Refused traffic tells of attempts, accepted traffic of success.", "FSBP EC2.6",
)
RULES.companion(
    "NET-03", "high", VPC, DEFAULT_GROUP, "vpcId",
    "What is launched without a group lands in the default one, which admits its own members.",
    "FSBP EC2.2, CIS 7.0 6.5",
)
RULES.must(
    "NET-04", "high", DEFAULT_GROUP, "ingress", ABSENT, "The default group is for nobody.",
    "FSBP EC2.2",
)
RULES.must(
    "NET-05", "high", DEFAULT_GROUP, "egress", ABSENT, "The default group is for nobody.",
    "FSBP EC2.2",
)
RULES.must(
    "NET-06", "high", SUBNET, "mapPublicIpOnLaunch", one_of(False, None),
    "A public address must be asked for, not come by default.", "FSBP EC2.15, CKV_AWS_130",
)
RULES.must(
    "NET-07", "low", (GROUP, INGRESS, EGRESS), "description", GIVEN,
    "A rule without a reason is never removed.", "CKV_AWS_23, Well-Architected SEC05-BP02",
)
RULES.must(
    "NET-08", "medium", VPC, "enableDnsSupport", TRUE, "Private endpoints are found by name.",
    "Well-Architected REL02-BP03",
)
RULES.must(
    "NET-09", "medium", VPC, "enableDnsHostnames", TRUE, "Private endpoints are found by name.",
    "Well-Architected REL02-BP03",
)


@RULES.rule(
    "NET-10",
    "critical",
    INGRESS,
    GROUP,
    reason="Nothing of the shop is reached from the internet but through CloudFront.",
    source="FSBP EC2.13, EC2.14, EC2.18, EC2.19; CIS 7.0 6.3, 6.4",
    remedy="name the peer's security group or a managed prefix list",
)
def open_to_the_world(subject: Subject, _: Estate) -> str | None:
    """An address range that is everybody."""
    if subject.type == GROUP:
        cidrs = [*subject.get("ingress[].cidrBlocks"), *subject.get("ingress[].ipv6CidrBlocks")]
        found = {cidr for some in cidrs for cidr in some or ()}
    else:
        found = {subject.one("cidrIpv4"), subject.one("cidrIpv6")}
    open_ = found & set(WORLD)
    return f"admits {', '.join(sorted(open_))}" if open_ else None


@RULES.rule(
    "NET-11",
    "high",
    INGRESS,
    reason="A rule for a range of ports admits what nobody thought of.",
    source="FSBP EC2.19, CKV_AWS_277",
    remedy="one rule a port, TCP",
)
def wide_rule(subject: Subject, _: Estate) -> str | None:
    """More than one port, or every protocol."""
    protocol, low, high = (subject.one(key) for key in ("ipProtocol", "fromPort", "toPort"))
    if protocol == "-1":
        return "admits every protocol"
    if UNKNOWN in (low, high) or low == high:
        return None
    return f"admits ports {low} to {high}"


@RULES.rule(
    "NET-12",
    "high",
    EGRESS,
    reason="What is let out everywhere carries data out everywhere.",
    source="CKV_AWS_382, Well-Architected SEC05-BP02",
    remedy="name a peer; AWS's own services by port 443 only",
)
def wide_exit(subject: Subject, _: Estate) -> str | None:
    """A way out to any address, on anything but TLS."""
    if not {subject.one("cidrIpv4"), subject.one("cidrIpv6")} & set(WORLD):
        return None
    same = subject.one("fromPort") == subject.one("toPort") == 443
    return None if same and subject.one("ipProtocol") == "tcp" else "lets out to the whole world"


@RULES.rule(
    "NET-13",
    "critical",
    INGRESS,
    reason="A database is reached by named peers, not by whoever has an address nearby.",
    source="Well-Architected SEC05-BP01, FSBP RDS.2",
    remedy="referencedSecurityGroupId of the caller",
)
def data_by_address(subject: Subject, _: Estate) -> str | None:
    """A data port that is opened to addresses."""
    if subject.one("fromPort") in DATA_PORTS and not subject.one("referencedSecurityGroupId"):
        return f"opens port {subject.one('fromPort')} to addresses"
    return None


@RULES.rule(
    "NET-14",
    "high",
    GROUP,
    reason="Rules inside a group and beside it undo each other, and hide who is admitted.",
    source="pulumi-aws, documentation of SecurityGroup",
    remedy="one SecurityGroupIngressRule or EgressRule a peer",
)
def inline_rules(subject: Subject, _: Estate) -> str | None:
    """Rules that are declared inside the group."""
    inline = [key for key in ("ingress", "egress") if subject.one(key)]
    return f"has rules inside: {', '.join(inline)}" if inline else None


@RULES.rule(
    "NET-17",
    "low",
    VPC,
    reason="Traffic to S3 and DynamoDB through NAT is billed by the gigabyte; this way it is free.",
    source="Well-Architected COST08-BP02",
    remedy="gateway endpoints for s3 and dynamodb",
)
def paid_way_to_storage(subject: Subject, estate: Estate) -> str | None:
    """No gateway endpoint."""
    there = {
        str(endpoint.one("serviceName")).rpartition(".")[2]
        for endpoint in estate.referring(subject, ENDPOINT, "vpcId")
        if endpoint.one("vpcEndpointType") == "Gateway"
    }
    missing = {"s3", "dynamodb"} - there
    return f"has no gateway endpoint for {', '.join(sorted(missing))}" if missing else None


@RULES.rule(
    "NET-18",
    "medium",
    ENDPOINT,
    reason="An interface endpoint is used by name and by those who are admitted.",
    source="Well-Architected SEC05-BP02, CKV_AWS_123",
    remedy="privateDnsEnabled and securityGroupIds",
)
def loose_endpoint(subject: Subject, _: Estate) -> str | None:
    """An interface endpoint without a private name or a guard."""
    if subject.one("vpcEndpointType") != "Interface":
        return None
    if subject.one("privateDnsEnabled") is not True:
        return "has no private name: calls go out through NAT all the same"
    return None if subject.one("securityGroupIds") else "has no security group"


@RULES.rule(
    "NET-19",
    "medium",
    ENDPOINT,
    reason="An interface endpoint for what has a free gateway endpoint costs every hour.",
    source="Well-Architected COST08-BP02",
    remedy="vpcEndpointType Gateway",
)
def paid_endpoint(subject: Subject, _: Estate) -> str | None:
    """S3 or DynamoDB by the hour."""
    service = str(subject.one("serviceName")).rpartition(".")[2]
    paid = subject.one("vpcEndpointType") == "Interface" and service in ("s3", "dynamodb")
    return f"pays by the hour for {service}" if paid else None


@RULES.rule(
    "NET-20",
    "high",
    VPC,
    reason="One NAT gateway for several zones takes them all along when its zone is lost.",
    source="Well-Architected REL10-BP01",
    remedy="a NAT gateway in each zone, or none",
)
def one_way_out(subject: Subject, estate: Estate) -> str | None:
    """Fewer NAT gateways than zones."""
    zones = {s.one("availabilityZone") for s in estate.referring(subject, SUBNET, "vpcId")}
    gateways = len(estate.of_type(NAT))
    return (
        f"has {gateways} NAT gateway for {len(zones)} zones" if 0 < gateways < len(zones) else None
    )


@RULES.rule(
    "NET-21",
    "high",
    ENDPOINT,
    reason="A policy that allows other accounts' resources is a way to carry data out.",
    source="Well-Architected SEC03-BP07",
    remedy="leave the policy to the callers' roles, or name this account",
)
def generous_endpoint(subject: Subject, _: Estate) -> str | None:
    """A policy of its own that names no account."""
    policy = subject.one("policy")
    if not policy or policy is UNKNOWN:
        return None
    open_ = any(
        s.get("Effect") == "Allow" and s.get("Principal") == "*" and "Condition" not in s
        for s in json.loads(policy)["Statement"]
    )
    return "its policy admits every principal" if open_ else None

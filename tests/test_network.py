"""Network: the address plan as a function, and the VPC in every variant."""

from __future__ import annotations

import ipaddress
import itertools
from typing import Any

import pytest

from components.addresses import address_plan
from graph import Graph
from tests.stacks import RULE, STACKS, THREE_ZONES, WITHOUT_NAT, config, graph_of

FOUR_ZONES = [*THREE_ZONES, "us-east-1d"]


@pytest.mark.parametrize("prefix", range(16, 25))
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_subnets_lie_in_the_vpc_and_apart(prefix: int, count: int) -> None:
    cidr = f"10.0.0.0/{prefix}"
    plan = address_plan(cidr, FOUR_ZONES[:count])
    subnets = [ipaddress.IPv4Network(s) for s in (*plan.public, *plan.application, *plan.data)]
    assert len(subnets) == 3 * count
    assert all(subnet.subnet_of(ipaddress.IPv4Network(cidr)) for subnet in subnets)
    assert not any(a.overlaps(b) for a, b in itertools.combinations(subnets, 2))
    assert max(subnet.prefixlen for subnet in subnets) <= 28  # AWS has no smaller one


def test_the_plan_in_figures() -> None:
    plan = address_plan("10.20.0.0/16", THREE_ZONES[:2])
    assert plan.application == ("10.20.0.0/19", "10.20.32.0/19")
    assert plan.public == ("10.20.128.0/20", "10.20.144.0/20")
    assert plan.data == ("10.20.192.0/20", "10.20.208.0/20")


def test_a_zone_added_at_the_end_moves_nobody() -> None:
    plans = [address_plan("10.0.0.0/18", FOUR_ZONES[:n]) for n in (1, 2, 3, 4)]
    for small, large in itertools.pairwise(plans):
        for purpose in ("public", "application", "data"):
            smaller: tuple[str, ...] = getattr(small, purpose)
            assert getattr(large, purpose)[: len(smaller)] == smaller


@pytest.mark.parametrize(
    ("cidr", "zones"),
    [("10.0.0.0/25", 2), ("10.0.0.0/15", 2), ("10.0.0.0/16", 0), ("10.0.0.0/16", 5)],
)
def test_there_is_no_plan_for_what_does_not_fit(cidr: str, zones: int) -> None:
    with pytest.raises(ValueError, match="plan"):
        address_plan(cidr, [*FOUR_ZONES, "us-east-1e"][:zones])


def test_addresses_must_be_a_network() -> None:
    with pytest.raises(ValueError, match="host bits"):
        address_plan("10.0.0.1/16", FOUR_ZONES)


def routes(graph: Graph, table: str) -> dict[str, dict[str, Any]]:
    """Destination -> inputs of the routes in the table with this logical name."""
    id_ = graph.one("aws:ec2/routeTable:RouteTable", table).id
    return {
        r.inputs["destinationCidrBlock"]: r.inputs
        for r in graph.of_type("aws:ec2/route:Route")
        if r.inputs["routeTableId"] == id_
    }


def table_of(graph: Graph, subnet: str) -> str:
    """The name of the route table that a subnet is associated with."""
    id_ = graph.one("aws:ec2/subnet:Subnet", subnet).id
    (table,) = {
        a.inputs["routeTableId"]
        for a in graph.of_type("aws:ec2/routeTableAssociation:RouteTableAssociation")
        if a.inputs["subnetId"] == id_
    }
    return next(t.name for t in graph.of_type("aws:ec2/routeTable:RouteTable") if t.id == table)


@pytest.mark.parametrize("zones", [2, 3, 4])
def test_every_zone_has_a_subnet_of_each_kind(zones: int) -> None:
    graph = graph_of("dev", {"shop:network.zones": FOUR_ZONES[:zones]})
    subnets = graph.of_type("aws:ec2/subnet:Subnet")
    assert len(subnets) == 3 * zones
    for zone in FOUR_ZONES[:zones]:
        kinds = {s.name.split("-")[1] for s in subnets if s.inputs["availabilityZone"] == zone}
        assert kinds == {"public", "application", "data"}
    assert not any(s.inputs["mapPublicIpOnLaunch"] for s in subnets)


@pytest.mark.parametrize("stack", STACKS)
def test_data_subnets_lead_nowhere(stack: str) -> None:
    graph = graph_of(stack)
    for zone in config(stack)["shop:network"]["zones"]:
        assert table_of(graph, f"network-data-{zone[-1]}") == "network-data"
    assert routes(graph, "network-data") == {}
    table = graph.one("aws:ec2/routeTable:RouteTable", "network-data").id
    for endpoint in graph.of_type("aws:ec2/vpcEndpoint:VpcEndpoint"):
        assert table not in endpoint.inputs.get("routeTableIds", [])


@pytest.mark.parametrize("stack", STACKS)
def test_data_subnets_stand_behind_a_list_that_knows_the_vpc_only(stack: str) -> None:
    graph = graph_of(stack)
    acl = graph.one("aws:ec2/networkAcl:NetworkAcl").inputs
    data = [s.id for s in graph.of_type("aws:ec2/subnet:Subnet") if "-data-" in s.name]
    assert acl["subnetIds"] == data
    cidr = config(stack)["shop:network"]["cidr"]
    for way in ("ingress", "egress"):
        (entry,) = acl[way]  # what no entry names is refused
        assert (entry["action"], entry["protocol"], entry["cidrBlock"]) == ("allow", "-1", cidr)


def test_public_subnets_reach_the_internet() -> None:
    graph = graph_of("dev")
    gateway = graph.one("aws:ec2/internetGateway:InternetGateway")
    assert table_of(graph, "network-public-a") == "network-public"
    assert routes(graph, "network-public")["0.0.0.0/0"]["gatewayId"] == gateway.id


@pytest.mark.parametrize(("nat", "gateways"), [("none", 0), ("single", 1), ("per-az", 3)])
def test_application_subnets_leave_by_nat(nat: str, gateways: int) -> None:
    changes = {
        "shop:network.nat": nat,
        "shop:network.zones": THREE_ZONES,
        "shop:network.interface_endpoints": WITHOUT_NAT,
    }
    graph = graph_of("dev", changes)
    nats = graph.of_type("aws:ec2/natGateway:NatGateway")
    addresses = {a.id for a in graph.of_type("aws:ec2/eip:Eip")}
    assert len(nats) == len(addresses) == gateways
    assert {n.inputs["allocationId"] for n in nats} == addresses
    internet = graph.one("aws:ec2/internetGateway:InternetGateway")
    assert all(internet.urn in n.dependencies for n in nats)
    for letter in "abc":
        assert table_of(graph, f"network-application-{letter}") == f"network-application-{letter}"
        out = routes(graph, f"network-application-{letter}")
        if nat == "none":
            assert out == {}
            continue
        home = letter if nat == "per-az" else "a"
        gateway = graph.one("aws:ec2/natGateway:NatGateway", f"network-nat-{home}")
        assert out["0.0.0.0/0"]["natGatewayId"] == gateway.id
        public = graph.one("aws:ec2/subnet:Subnet", f"network-public-{home}")
        assert gateway.inputs["subnetId"] == public.id


@pytest.mark.parametrize("stack", STACKS)
def test_s3_and_dynamodb_are_reached_inside_from_every_application_subnet(stack: str) -> None:
    graph = graph_of(stack)
    tables = {
        t.id for t in graph.of_type("aws:ec2/routeTable:RouteTable") if "application" in t.name
    }
    gateways = {
        e.inputs["serviceName"]: set(e.inputs["routeTableIds"])
        for e in graph.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
        if e.inputs["vpcEndpointType"] == "Gateway"
    }
    assert gateways == {
        "com.amazonaws.us-east-1.s3": tables,
        "com.amazonaws.us-east-1.dynamodb": tables,
    }


def test_interface_endpoints_are_made_by_name_and_admit_servers_only() -> None:
    graph = graph_of("dev", {"shop:network.interface_endpoints": ["ecr.api", "sqs"]})
    made = [
        e
        for e in graph.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
        if e.inputs["vpcEndpointType"] == "Interface"
    ]
    assert {e.inputs["serviceName"] for e in made} == {
        "com.amazonaws.us-east-1.ecr.api",
        "com.amazonaws.us-east-1.sqs",
    }
    group = graph.one("aws:ec2/securityGroup:SecurityGroup", "network-endpoints")
    subnets = {s.id for s in graph.of_type("aws:ec2/subnet:Subnet") if "-application-" in s.name}
    for endpoint in made:
        assert endpoint.inputs["privateDnsEnabled"] is True
        assert endpoint.inputs["securityGroupIds"] == [group.id]
        assert set(endpoint.inputs["subnetIds"]) == subnets
    rules = [r.inputs for r in graph.of_type(RULE) if r.inputs["securityGroupId"] == group.id]
    cluster = graph.one("eks:index:Cluster").outputs["clusterSecurityGroupId"]
    fleet = graph.one("aws:ec2/securityGroup:SecurityGroup", "web-fleet").id
    functions = graph.one("aws:ec2/securityGroup:SecurityGroup", "recommendations-functions").id
    rotation = graph.one("aws:ec2/securityGroup:SecurityGroup", "data-rotate").id
    assert {r["referencedSecurityGroupId"] for r in rules} == {cluster, fleet, functions, rotation}
    assert all((r["fromPort"], r["toPort"]) == (443, 443) for r in rules)


def test_without_endpoints_there_is_no_group_for_them() -> None:
    names = {g.name for g in graph_of("dev").of_type("aws:ec2/securityGroup:SecurityGroup")}
    assert "network-endpoints" not in names


@pytest.mark.parametrize("stack", STACKS)
def test_all_traffic_is_logged_to_an_encrypted_group(stack: str) -> None:
    graph = graph_of(stack)
    group = graph.one("aws:cloudwatch/logGroup:LogGroup", "network-flow-logs")
    log = graph.one("aws:ec2/flowLog:FlowLog")
    assert log.inputs["vpcId"] == graph.one("aws:ec2/vpc:Vpc").id
    assert log.inputs["trafficType"] == "ALL"
    assert log.inputs["logDestination"] == group.outputs["arn"]
    assert group.inputs["retentionInDays"] == config(stack)["shop:network"]["log_days"]
    key = graph.one("aws:kms/key:Key", "network-logs")
    assert group.inputs["kmsKeyId"] == key.outputs["arn"]
    assert "logs.us-east-1.amazonaws.com" in key.inputs["policy"]


def test_the_default_security_group_is_locked() -> None:
    group = graph_of("dev").one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert group.inputs["ingress"] == []
    assert group.inputs["egress"] == []

"""Network: the VPC, its subnets and every way in and out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import ComponentResource, Output, Resource, ResourceOptions

from settings import NetworkSettings

from . import iam, keys, peers
from .addresses import address_plan
from .links import plain


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """``region`` is the one the zones are in."""

    settings: NetworkSettings
    region: str


@dataclass(frozen=True, kw_only=True)
class NetworkLinks:
    """What the other tiers live in. Subnets and networks are one a zone of ``region``, in order.

    ``endpoints_group_id`` guards the interface endpoints (None without any): who uses them is
    admitted by its own tier. ``log_key_arn`` encrypts log groups. Whoever lets CloudFront into the
    VPC waits for ``internet``, its gateway.
    """

    region: str
    vpc_id: Output[str]
    public_subnet_ids: tuple[Output[str], ...]
    application_subnet_ids: tuple[Output[str], ...]
    data_subnet_ids: tuple[Output[str], ...]
    application_cidrs: tuple[str, ...]
    data_cidrs: tuple[str, ...]
    endpoints_group_id: Output[str] | None
    log_key_arn: Output[str]
    internet: Resource


Subnets = dict[str, aws.ec2.Subnet]  # by the letter of their zone


class Network(ComponentResource):
    """Public subnets for NAT, application subnets for pods, data subnets that lead nowhere."""

    links: NetworkLinks

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("shop:index:Network", name, None, opts)
        self._name, self._settings, self._region = name, args.settings, args.region
        self._mine = ResourceOptions(parent=self)
        plan = address_plan(args.settings.cidr, args.settings.zones)

        self._vpc = aws.ec2.Vpc(
            name,
            cidr_block=args.settings.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            opts=self._mine,
        )
        # The group that AWS puts things in when nobody says otherwise: no rules, no use.
        aws.ec2.DefaultSecurityGroup(
            f"{name}-default", vpc_id=self._vpc.id, ingress=[], egress=[], opts=self._mine
        )
        public = self._subnets("public", plan.public)
        application = self._subnets("application", plan.application)
        data = self._subnets("data", plan.data)

        internet = self._route_public(public)
        tables = self._route_application(public, application, internet)
        # A table without routes: databases answer peers inside the VPC and call nobody.
        self._route("data", data, self._table("data"))
        self._close("data", data)
        self._gateway_endpoints(tables)
        endpoints = self._interface_endpoints(list(application.values()))
        log_key = keys.customer_key(
            f"{name}-logs",
            description="Log groups of the shop, and what is said about deliveries",
            recovery_days=30,
            also=(keys.for_log_groups(args.region), keys.for_notices()),
            opts=self._mine,
        )
        self._flow_logs(log_key)

        self.links = NetworkLinks(
            region=args.region,
            vpc_id=self._vpc.id,
            public_subnet_ids=tuple(subnet.id for subnet in public.values()),
            application_subnet_ids=tuple(subnet.id for subnet in application.values()),
            data_subnet_ids=tuple(subnet.id for subnet in data.values()),
            application_cidrs=plan.application,
            data_cidrs=plan.data,
            endpoints_group_id=endpoints.id if endpoints else None,
            log_key_arn=log_key.arn,
            internet=internet,
        )
        shown = {key: value for key, value in plain(self.links).items() if key != "internet"}
        self.register_outputs({"links": shown})

    def _subnets(self, purpose: str, cidrs: tuple[str, ...]) -> Subnets:
        return {
            zone[-1]: aws.ec2.Subnet(
                f"{self._name}-{purpose}-{zone[-1]}",
                vpc_id=self._vpc.id,
                availability_zone=zone,
                cidr_block=cidr,
                map_public_ip_on_launch=False,
                opts=self._mine,
            )
            for zone, cidr in zip(self._settings.zones, cidrs, strict=True)
        }

    def _table(self, name: str) -> aws.ec2.RouteTable:
        return aws.ec2.RouteTable(f"{self._name}-{name}", vpc_id=self._vpc.id, opts=self._mine)

    def _route(self, purpose: str, subnets: Subnets, table: aws.ec2.RouteTable) -> None:
        for letter, subnet in subnets.items():
            aws.ec2.RouteTableAssociation(
                f"{self._name}-{purpose}-{letter}",
                route_table_id=table.id,
                subnet_id=subnet.id,
                opts=self._mine,
            )

    def _close(self, purpose: str, subnets: Subnets) -> None:
        """A list of the subnets' own: nothing from outside of the VPC, nothing to there.

        It holds when a security group is opened or a route appears by mistake. Ports are for
        security groups to say, which know the answers to what they let in; a list does not.
        """
        inside: dict[str, Any] = {
            "rule_no": 100,
            "action": "allow",
            "protocol": "-1",
            "from_port": 0,
            "to_port": 0,
            "cidr_block": self._settings.cidr,
        }
        aws.ec2.NetworkAcl(
            f"{self._name}-{purpose}",
            vpc_id=self._vpc.id,
            subnet_ids=[subnet.id for subnet in subnets.values()],
            ingress=[aws.ec2.NetworkAclIngressArgs(**inside)],
            egress=[aws.ec2.NetworkAclEgressArgs(**inside)],
            opts=self._mine,
        )

    def _route_public(self, subnets: Subnets) -> aws.ec2.InternetGateway:
        gateway = aws.ec2.InternetGateway(
            f"{self._name}-internet", vpc_id=self._vpc.id, opts=self._mine
        )
        table = self._table("public")
        self._route("public", subnets, table)
        aws.ec2.Route(
            f"{self._name}-public-internet",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=self._mine,
        )
        return gateway

    def _route_application(
        self, public: Subnets, application: Subnets, internet: aws.ec2.InternetGateway
    ) -> list[aws.ec2.RouteTable]:
        """A table a zone, so that a zone's traffic can stay in the zone."""
        letters = list(application)
        count = {"none": 0, "single": 1, "per-az": len(letters)}[self._settings.nat]
        gateways = [self._nat(letter, public[letter], internet) for letter in letters[:count]]
        tables = []
        for i, (letter, subnet) in enumerate(application.items()):
            table = self._table(f"application-{letter}")
            self._route("application", {letter: subnet}, table)
            if gateways:
                aws.ec2.Route(
                    f"{self._name}-application-{letter}-nat",
                    route_table_id=table.id,
                    destination_cidr_block="0.0.0.0/0",
                    nat_gateway_id=gateways[i % count].id,
                    opts=self._mine,
                )
            tables.append(table)
        return tables

    def _nat(
        self, letter: str, subnet: aws.ec2.Subnet, internet: aws.ec2.InternetGateway
    ) -> aws.ec2.NatGateway:
        name = f"{self._name}-nat-{letter}"
        # Hidden dependency: a public address works, and is released, only while the VPC has its
        # internet gateway.
        after = ResourceOptions(parent=self, depends_on=[internet])
        address = aws.ec2.Eip(name, domain="vpc", opts=after)
        return aws.ec2.NatGateway(name, allocation_id=address.id, subnet_id=subnet.id, opts=after)

    def _gateway_endpoints(self, tables: list[aws.ec2.RouteTable]) -> None:
        for service in ("s3", "dynamodb"):
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service}",
                vpc_id=self._vpc.id,
                service_name=f"com.amazonaws.{self._region}.{service}",
                vpc_endpoint_type="Gateway",
                route_table_ids=[table.id for table in tables],
                opts=self._mine,
            )

    def _interface_endpoints(self, subnets: list[aws.ec2.Subnet]) -> aws.ec2.SecurityGroup | None:
        if not self._settings.interface_endpoints:
            return None
        group = peers.closed_group(
            f"{self._name}-endpoints",
            description="Interface endpoints of AWS services",
            vpc_id=self._vpc.id,
            opts=self._mine,
        )
        for service in self._settings.interface_endpoints:
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service.replace('.', '-')}",
                vpc_id=self._vpc.id,
                service_name=f"com.amazonaws.{self._region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=[subnet.id for subnet in subnets],
                security_group_ids=[group.id],
                opts=self._mine,
            )
        return group

    def _flow_logs(self, key: aws.kms.Key) -> None:
        name = f"{self._name}-flow-logs"
        group = aws.cloudwatch.LogGroup(
            name,
            retention_in_days=self._settings.log_days,
            kms_key_id=key.arn,
            opts=self._mine,
        )
        writer = iam.role(
            name,
            description="VPC flow logs write to their log group",
            trusted=iam.trust("vpc-flow-logs.amazonaws.com", when=iam.same_account()),
            allowed=[
                iam.allow(
                    ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                    on=[group.arn, group.arn.apply(lambda arn: f"{arn}:log-stream:*")],
                )
            ],
            opts=self._mine,
        )
        aws.ec2.FlowLog(
            name,
            vpc_id=self._vpc.id,
            traffic_type="ALL",
            log_destination=group.arn,
            iam_role_arn=writer.arn,
            max_aggregation_interval=60,
            opts=self._mine,
        )

"""WebTier: the cluster and the storefront in it."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions

from components.balancer import BalancerLinks
from components.data_tier import DataLinks
from components.links import plain
from components.names import NamesLinks
from components.network import NetworkLinks
from components.peers import admit, closed_group, let_out, let_out_to_aws
from components.recommendations import StoreLinks
from components.registry import RegistryLinks
from settings import WebSettings

from .agent import COLLECTOR, OTLP_PORT, agent
from .binding import bind, reach
from .cluster import NAMESPACE, cluster
from .environment import Told
from .fleet import Fleet, FleetLinks
from .identities import identities
from .mail import mail_sender, tokens
from .policies import network_policies
from .workloads import Workloads

__all__ = ["FleetLinks", "WebArgs", "WebLinks", "WebTier"]


@dataclass(frozen=True, kw_only=True)
class WebArgs:
    """``cluster_name`` is the cluster's physical name.

    ``records`` are visitors' events, which the worker reads. ``public_url`` is where visitors see
    the shop.
    """

    settings: WebSettings
    cluster_name: str
    network: NetworkLinks
    data: DataLinks
    names: NamesLinks
    records: StoreLinks
    registry: RegistryLinks
    balancer: BalancerLinks
    public_url: Input[str]


@dataclass(frozen=True, kw_only=True)
class WebLinks:
    """Where the shop runs.

    ``security_group_id`` is the group of nodes and pods. ``inside`` are the options of what is made
    in the cluster. With ``insights`` it tells of its pods and nodes. ``mail_records`` are the CNAME
    labels that let SES sign the shop's mail (None where mail goes to files).
    """

    cluster_name: Output[str]
    security_group_id: Output[str]
    namespace: Output[str]
    insights: bool
    inside: ResourceOptions
    fleet: FleetLinks
    mail_records: Output[list[str]] | None


class WebTier(ComponentResource):
    """EKS with the storefront, its worker and its migrations."""

    links: WebLinks

    def __init__(self, name: str, args: WebArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("shop:index:WebTier", name, None, opts)
        self._args = args
        self._mine = mine = ResourceOptions(parent=self)
        made = cluster(name, args.cluster_name, args.settings.cluster, args.network, mine)
        if args.settings.agent:
            agent(
                f"{name}-agent",
                physical=args.cluster_name,
                cluster_name=made.name,
                namespace=NAMESPACE,
                region=args.network.region,
                log_days=args.settings.cluster.log_days,
                log_key_arn=args.network.log_key_arn,
                mine=mine,
            )
        admitted = self._admit_to_data(name, "Pods", made.security_group_id)
        site, region = args.names.site, args.network.region
        sender = mail_sender(name, args.settings.mail, site, region, mine)
        told = Told(
            physical=args.cluster_name,
            public_url=args.public_url,
            collector=COLLECTOR if args.settings.agent else "",
        )
        work = Workloads(
            name=name,
            settings=args.settings,
            image=args.registry.image,
            data=args.data,
            records=args.records,
            told=told,
            cluster=made,
            identities=identities(
                name,
                made,
                args.data,
                args.records,
                sender.arn if sender else None,
                args.network.region,
                mine,
            ),
        )
        policies = network_policies(
            name,
            made,
            callers=args.network.application_cidrs,
            data_networks=args.network.data_cidrs,
            data_ports=(args.data.database.port, args.data.cache.port),
            collector_port=OTLP_PORT if args.settings.agent else None,
        )
        migration = work.migrate(ways=[*made.ways, *admitted, *policies])
        config = work.config()
        service = work.storefront(config, migration)
        work.worker(config, migration)
        way = reach(f"{name}-pods", args.balancer, made.security_group_id, "pods", mine)
        bind(f"{name}-pods", made, args.balancer, service, way)
        fleet = self._fleet(f"{name}-fleet", migration, told)

        self.links = WebLinks(
            cluster_name=made.name,
            security_group_id=made.security_group_id,
            namespace=made.namespace,
            inside=made.inside,
            fleet=fleet,
            insights=args.settings.agent,
            mail_records=tokens(sender) if sender else None,
        )
        shown = {key: value for key, value in plain(self.links).items() if key != "inside"}
        self.register_outputs({"links": shown})

    def _admit_to_data(self, name: str, who: str, group: Input[str]) -> list[Resource]:
        database, cache = self._args.data.database, self._args.data.cache
        return [
            admit(
                f"{name}-{part}",
                to=data.group_id,
                peer=group,
                port=data.port,
                why=f"{who} of the shop",
                opts=self._mine,
            )
            for part, data in (("database", database), ("cache", cache))
        ]

    def _fleet(self, name: str, migration: Resource, told: Told) -> FleetLinks:
        """Instances with a group of their own, and every way they need."""
        args, mine = self._args, self._mine
        group = closed_group(
            name,
            description="Instances of the shop",
            vpc_id=args.network.vpc_id,
            opts=mine,
        )
        ways = [
            *reach(name, args.balancer, group.id, "instances", mine),
            *self._admit_to_data(name, "Instances", group.id),
            *(
                let_out(
                    f"{name}-{part}",
                    of=group.id,
                    peer=data.group_id,
                    port=data.port,
                    why="Data of the shop",
                    opts=mine,
                )
                for part, data in (("database", args.data.database), ("cache", args.data.cache))
            ),
            let_out_to_aws(f"{name}-aws", of=group.id, opts=mine),
        ]
        if args.network.endpoints_group_id is not None:
            ways.append(
                admit(
                    f"{name}-endpoints",
                    to=args.network.endpoints_group_id,
                    peer=group.id,
                    port=443,
                    why="Instances call AWS services",
                    opts=mine,
                )
            )
        return Fleet(
            name=name,
            physical=f"{args.cluster_name}-fleet",
            settings=args.settings,
            registry=args.registry,
            network=args.network,
            data=args.data,
            records=args.records,
            told=told,
            balancer=args.balancer,
            group_id=group.id,
            mine=mine,
        ).make([*ways, migration])

"""WebTier: the cluster and the storefront in it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from components.balancer import BalancerLinks
from components.data_tier import DataLinks
from components.links import plain
from components.network import NetworkLinks
from components.peers import admit
from settings import MailSettings, WebSettings

from .binding import bind, reach
from .cluster import cluster
from .identities import identities
from .policies import network_policies
from .workloads import Workloads

__all__ = ["WebArgs", "WebLinks", "WebTier"]


@dataclass(frozen=True, kw_only=True)
class WebArgs:
    """``cluster_name`` is the cluster's physical name, ``region`` where all of it is."""

    settings: WebSettings
    cluster_name: str
    region: str
    network: NetworkLinks
    data: DataLinks
    balancer: BalancerLinks


@dataclass(frozen=True, kw_only=True)
class WebLinks:
    """Where the shop runs.

    ``security_group_id`` is the group of nodes and pods. ``inside`` are the options of what is made
    in the cluster. ``mail_records`` are the CNAME labels that let SES sign the shop's mail (None
    where mail goes to files).
    """

    cluster_name: Output[str]
    security_group_id: Output[str]
    namespace: Output[str]
    inside: ResourceOptions
    mail_records: Output[list[str]] | None


class WebTier(ComponentResource):
    """EKS with the storefront, its worker and its migrations."""

    links: WebLinks

    def __init__(self, name: str, args: WebArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("shop:index:WebTier", name, None, opts)
        mine = ResourceOptions(parent=self)
        made = cluster(name, args.cluster_name, args.settings.cluster, args.network, mine)
        admitted = [
            admit(
                f"{name}-{part}",
                to=group,
                peer=made.security_group_id,
                port=port,
                why="Pods of the shop",
                opts=mine,
            )
            for part, group, port in (
                ("database", args.data.database.group_id, args.data.database.port),
                ("cache", args.data.cache.group_id, args.data.cache.port),
            )
        ]
        sender = _mail_sender(name, args.settings.mail, mine)
        work = Workloads(
            name=name,
            settings=args.settings,
            data=args.data,
            cluster=made,
            identities=identities(
                name, made, args.data, sender.arn if sender else None, args.region, mine
            ),
        )
        policies = network_policies(
            name,
            made,
            callers=args.network.application_cidrs,
            data_networks=args.network.data_cidrs,
            data_ports=(args.data.database.port, args.data.cache.port),
        )
        config = work.config()
        migration = work.migrate(config, ways=[*made.ways, *admitted, *policies])
        service = work.storefront(config, migration)
        work.worker(config, migration)
        way = reach(f"{name}-pods", args.balancer, made.security_group_id, "pods", mine)
        bind(f"{name}-pods", made, args.balancer, service, way)

        self.links = WebLinks(
            cluster_name=made.name,
            security_group_id=made.security_group_id,
            namespace=made.namespace,
            inside=made.inside,
            mail_records=_records(sender) if sender else None,
        )
        shown = {key: value for key, value in plain(self.links).items() if key != "inside"}
        self.register_outputs({"links": shown})


def _mail_sender(
    name: str, mail: MailSettings, mine: ResourceOptions
) -> aws.sesv2.EmailIdentity | None:
    """The sender's domain as an SES identity, if mail goes out at all."""
    if mail.transport != "ses":
        return None
    domain = mail.sender.rpartition("@")[2]
    return aws.sesv2.EmailIdentity(
        f"{name}-mail",
        email_identity=domain,
        dkim_signing_attributes={"next_signing_key_length": "RSA_2048_BIT"},
        opts=mine,
    )


def _records(sender: aws.sesv2.EmailIdentity) -> Output[list[str]]:
    tokens = sender.dkim_signing_attributes.tokens
    return tokens.apply(lambda found: list(found or []))

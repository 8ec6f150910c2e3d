"""What tiers hand on, by the names that metrics are written in."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import Input, Output

from components.balancer import BalancerLinks
from components.data_tier import DataLinks
from components.edge import EdgeLinks
from components.names import GLOBAL, NamesLinks
from components.network import NetworkLinks
from components.recommendations import RecommendationsLinks
from components.web_tier import WebLinks
from settings import ObservabilitySettings

from .metrics import Names


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs:
    """``physical`` is project and stack, ``public_url`` where visitors see the shop.

    The rest is what there is to watch.
    """

    settings: ObservabilitySettings
    physical: str
    network: NetworkLinks
    data: DataLinks
    names: NamesLinks
    recommendations: RecommendationsLinks
    balancer: BalancerLinks
    edge: EdgeLinks
    web: WebLinks
    public_url: Input[str]


@dataclass(frozen=True, kw_only=True)
class Own:
    """Names of what this tier itself makes to be watched, where a stack has it."""

    vault: Output[str] | None
    canary: Output[str] | None


def watched(args: ObservabilityArgs, own: Own) -> Names:
    """Everything, none of what a stack does not have."""
    data, recommended = args.data, args.recommendations
    database: list[Input[str]] = [data.database.identifier]
    replica: list[Input[str]] = []
    if data.database.reader_host is not None:
        replica = [f"{data.database.identifier}-reader"]
    health = args.edge.health_check_id
    functions = (recommended.events, recommended.recommend, recommended.export)
    dead = [function.dead_letters for function in functions if function.dead_letters is not None]
    machines = recommended.machines
    running: list[Input[str]] = []
    if machines is not None:
        every = (machines.train, machines.teardown, machines.pause, machines.resume)
        running = [machine.arn for machine in every if machine is not None]
        dead.append(machines.failures_name)
    site, origin = args.names.site, args.names.origin
    far = site is not None and args.network.region != GLOBAL
    return {
        "api": [recommended.http_api.id],
        "balancer": [args.balancer.suffix],
        "canary": [own.canary] if own.canary is not None else [],
        "cache": data.cache.nodes,
        "certificate": [origin.certificate_arn] if origin else [],
        "cluster": [args.web.cluster_name],
        "database": [*database, *replica],
        "dead-letters": [data.order_events.dead_letters_name, *dead],
        "distribution": [args.edge.distribution_id],
        "events": [recommended.events.name],
        "export": [recommended.export.name],
        "far-certificate": [site.certificate_arn] if site and far else [],
        "functions": [function.name for function in functions],
        "health": [health] if health is not None else [],
        "insights": [args.web.cluster_name] if args.web.insights else [],
        "machines": running,
        "ours": [args.physical],
        "pools": [args.balancer.pods.suffix, args.balancer.instances.suffix],
        "queue": [data.order_events.name],
        "recommend": [recommended.recommend.name],
        "replica": replica,
        "rotation": [] if data.rotation is None else [data.rotation.name],
        "stream": [recommended.stream.name],
        "tables": [data.carts.name, data.sessions.name, recommended.seen.name],
        "vault": [own.vault] if own.vault is not None else [],
    }

"""Observability: what is promised, who is told when it breaks, and who did what."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions, get_stack

from components.links import plain
from components.names import GLOBAL

from .alarms import make
from .backup import backups
from .behind import DATA, RECOMMENDATIONS, connections
from .burn import burning
from .canary import canary
from .costs import costs
from .dashboards import dashboards
from .deletions import deletions
from .front import EDGE, WEB
from .game_days import game_days
from .ground import Ground
from .guard import guard, traces
from .revenue import revenue
from .topics import key, topics
from .trail import Touched, for_trail, trail
from .watched import ObservabilityArgs, Own, watched

__all__ = ["Observability", "ObservabilityArgs", "ObservabilityLinks"]


@dataclass(frozen=True, kw_only=True)
class ObservabilityLinks:
    """ARNs of the topics for whom to wake and for what can wait."""

    page: Output[str]
    ticket: Output[str]


class Observability(ComponentResource):
    """Topics, and everything that tells them something."""

    links: ObservabilityLinks

    def __init__(
        self, name: str, args: ObservabilityArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("shop:index:Observability", name, None, opts)
        ground = _ground(self, name, args)
        recommended = args.recommendations
        kept_until_old = [
            *(args.data.logs.name, args.data.images.name),
            *(recommended.records.name, recommended.training.name),
            args.web.fleet.release.bucket,
        ]
        if args.settings.account.trail:
            touched = Touched(
                reads=[recommended.records.arn, recommended.training.arn],
                writes=[args.data.images.arn],
            )
            kept_until_old.append(trail(ground, args.data.logs, touched))
        deletions(ground, kept_until_old)
        if args.settings.account.guard:
            guard(ground)
        traces(ground)
        costs(ground)
        vault = None
        if args.settings.backup is not None:
            held = args.data
            kept = [held.database.arn, held.carts.arn, held.images.arn]
            vault = backups(ground, args.settings.backup, kept)
        named = watched(args, Own(vault=vault, canary=_canary(ground, args)))
        if args.settings.objectives:
            burning(ground, named)
        most = connections(args.settings.connections)
        made = make(ground, (*EDGE, *WEB, *DATA, most, *RECOMMENDATIONS), named)
        revenue(ground, named)
        if args.settings.game_days:
            game_days(ground, args.data, args.network, made)
        if args.settings.dashboards:
            dashboards(ground, named)
        self.links = ObservabilityLinks(page=ground.topics.page, ticket=ground.topics.ticket)
        self.register_outputs({"links": plain(self.links)})


def _canary(ground: Ground, args: ObservabilityArgs) -> Output[str] | None:
    settings, secret_arn = args.settings.canary, args.data.canary_secret_arn
    if settings is None or secret_arn is None:
        return None
    return canary(ground, settings, url=args.public_url, secret_arn=secret_arn, data=args.data)


def _ground(parent: Observability, name: str, args: ObservabilityArgs) -> Ground:
    mine = ResourceOptions(parent=parent)
    kept = ResourceOptions(parent=parent, protect=args.data.protect)
    region = args.network.region
    also = for_trail(region, args.physical) if args.settings.account.trail else ()
    key_arn = key(name, also=also, opts=kept).arn
    near = topics(name, args.settings, key_arn, opts=mine)
    far = near
    if region != GLOBAL:  # an alarm tells topics of its own region only
        elsewhere = f"{name}-global"
        far_key = key(elsewhere, region=GLOBAL, opts=kept)
        far = topics(elsewhere, args.settings, far_key.arn, region=GLOBAL, opts=mine)
    return Ground(
        name=name,
        stack=get_stack(),
        physical=args.physical,
        region=region,
        settings=args.settings,
        key_arn=key_arn,
        log_key_arn=args.network.log_key_arn,
        topics=near,
        far=far,
        protect=args.data.protect,
        mine=mine,
        kept=kept,
    )

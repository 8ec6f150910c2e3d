"""Recommendations: what visitors look at, kept, learned from and served as shelves."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_random as random
from pulumi import ComponentResource, Output, ResourceOptions

from components.data_tier import DataLinks
from components.functions import FunctionLinks
from components.links import plain
from components.names import NamesLinks
from components.network import NetworkLinks
from components.tables import TableLinks
from settings import RecommendationsSettings, WebSettings

from .ground import Ground
from .http_api import EDGE_KEY, GET_SHELF, POST_EVENTS, HttpApiLinks, Route, http_api
from .machines import MachineLinks, MachinesLinks, machines
from .parameters import ParameterLinks, parameters
from .personalize import personalize
from .records import (
    EVENTS,
    StoreLinks,
    StreamLinks,
    record_bucket,
    record_stream,
    seen_table,
    training_bucket,
)
from .serving import Visitors, functions

__all__ = [
    "EDGE_KEY",
    "EVENTS",
    "HttpApiLinks",
    "MachineLinks",
    "MachinesLinks",
    "Recommendations",
    "RecommendationsArgs",
    "RecommendationsLinks",
    "StoreLinks",
]


@dataclass(frozen=True, kw_only=True)
class RecommendationsArgs:
    """``physical`` is project and stack; ``web`` says how the storefront meets its visitors.

    ``gradual``: deployments move requests to new versions of functions, not updates.
    """

    settings: RecommendationsSettings
    physical: str
    network: NetworkLinks
    data: DataLinks
    names: NamesLinks
    web: WebSettings
    gradual: bool


@dataclass(frozen=True, kw_only=True)
class RecommendationsLinks:
    """``records`` are lines of JSON below events/, an event a line, not compressed.

    ``machines`` are there when Personalize serves.
    """

    http_api: HttpApiLinks
    records: StoreLinks
    stream: StreamLinks
    seen: TableLinks
    training: StoreLinks
    parameters: ParameterLinks
    events: FunctionLinks
    recommend: FunctionLinks
    export: FunctionLinks
    machines: MachinesLinks | None


class Recommendations(ComponentResource):
    """An HTTP API with two functions, what they record, and what training starts from."""

    links: RecommendationsLinks

    def __init__(
        self, name: str, args: RecommendationsArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("shop:index:Recommendations", name, None, opts)
        ground = Ground(
            name=name,
            physical=args.physical,
            settings=args.settings,
            gradual=args.gradual,
            network=args.network,
            data=args.data,
            mine=ResourceOptions(parent=self),
            kept=ResourceOptions(parent=self, protect=args.data.protect),
        )
        records, training = record_bucket(ground), training_bucket(ground)
        told, stream, seen = parameters(ground), record_stream(ground, records), seen_table(ground)
        visitors = Visitors(
            origin=_origin(args),
            cookie_secure=args.web.cookie_secure,
            edge_key=_edge_key(ground),
        )
        made = functions(
            ground,
            visitors=visitors,
            records=records,
            stream=stream,
            seen=seen,
            training=training,
            told=told,
        )
        api = http_api(
            ground,
            {
                POST_EVENTS: Route(
                    part="events", function=made.events, settings=args.settings.events
                ),
                GET_SHELF: Route(
                    part="recommend", function=made.recommend, settings=args.settings.recommend
                ),
            },
            visitors,
            args.names,
        )
        self.links = RecommendationsLinks(
            http_api=api,
            records=records,
            stream=stream,
            seen=seen,
            training=training,
            parameters=told,
            events=made.events,
            recommend=made.recommend,
            export=made.export,
            machines=_machines(ground, training, made.export, told),
        )
        self.register_outputs({"links": plain(self.links)})


def _machines(
    ground: Ground, training: StoreLinks, export: FunctionLinks, told: ParameterLinks
) -> MachinesLinks | None:
    """Personalize and what runs it; nothing at all when it does not serve."""
    if ground.settings.serving == "off":
        return None
    learned = personalize(ground, training)
    return machines(ground, learned=learned, export=export, training=training, told=told)


def _edge_key(ground: Ground) -> Output[str]:
    made = random.RandomPassword(
        f"{ground.name}-edge-key", length=48, special=False, opts=ground.mine
    )
    return Output.secret(made.result)


def _origin(args: RecommendationsArgs) -> str:
    """Where visitors see the shop, "" where only CloudFront will know."""
    if args.names.site is not None:
        return f"https://{args.names.site.domain}"
    return args.web.public_url or ""

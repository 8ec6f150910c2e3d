"""DataTier: everything the shop keeps."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions

from components import keys
from components.functions import FunctionLinks
from components.links import plain
from components.network import NetworkLinks
from components.tables import TableLinks, table
from settings import DataSettings

from .buckets import BALANCER_LOGS, BucketLinks, image_bucket, log_bucket
from .cache import CacheLinks, cache
from .database import DatabaseLinks, database
from .ground import Ground, password, secret
from .queue import QueueLinks, order_events
from .rotation import rotation

__all__ = [
    "BALANCER_LOGS",
    "BucketLinks",
    "CacheLinks",
    "DataArgs",
    "DataLinks",
    "DataTier",
    "DatabaseLinks",
    "QueueLinks",
    "TableLinks",
]


@dataclass(frozen=True, kw_only=True)
class DataArgs:
    """``identifier`` names what must have a name in AWS; ``rehearsed``: a canary tries to buy."""

    settings: DataSettings
    identifier: str
    rehearsed: bool
    network: NetworkLinks


@dataclass(frozen=True, kw_only=True)
class DataLinks:
    """What the other tiers read and write; all of it is encrypted with ``key_arn``.

    ``canary_secret_arn`` is the secret ``{"token"}`` of who only tries whether buying works, if
    anybody does. ``rotation`` changes the other passwords, if anything does. ``protect`` says
    whether what holds data is guarded against deletion, here and elsewhere.
    """

    database: DatabaseLinks
    cache: CacheLinks
    carts: TableLinks
    sessions: TableLinks
    images: BucketLinks
    logs: BucketLinks
    order_events: QueueLinks
    canary_secret_arn: Output[str] | None
    rotation: FunctionLinks | None
    key_arn: Output[str]
    protect: bool


class DataTier(ComponentResource):
    """PostgreSQL, Valkey, two tables, two buckets and a queue under one key."""

    links: DataLinks

    def __init__(self, name: str, args: DataArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("shop:index:DataTier", name, None, opts)
        mine = ResourceOptions(parent=self)
        kept = ResourceOptions(parent=self, protect=args.settings.protect)
        key = keys.customer_key(
            name,
            description="What the shop keeps",
            recovery_days=30 if args.settings.protect else 7,
            also=(keys.for_cloudfront(),),
            opts=kept,
        )
        ground = Ground(
            name=name,
            settings=args.settings,
            network=args.network,
            key_arn=key.arn,
            mine=mine,
            kept=kept,
        )
        logs = log_bucket(ground)
        stored, cached = database(ground, args.identifier), cache(ground, args.identifier)
        self.links = DataLinks(
            database=stored,
            cache=cached,
            carts=_table(ground, "carts", key="cart_id"),
            sessions=_table(ground, "sessions", key="session_id"),
            images=image_bucket(ground, logs),
            logs=logs,
            order_events=order_events(ground),
            canary_secret_arn=_canary(ground) if args.rehearsed else None,
            rotation=rotation(ground, args.identifier, stored, cached),
            key_arn=key.arn,
            protect=args.settings.protect,
        )
        self.register_outputs({"links": plain(self.links)})


def _canary(ground: Ground) -> Output[str]:
    return secret(
        ground,
        "canary",
        description="Token of who only tries whether buying works",
        content={"token": password(ground, "canary", 48)},
    )


def _table(ground: Ground, part: str, key: str) -> TableLinks:
    return table(
        f"{ground.name}-{part}",
        key=key,
        key_arn=ground.key_arn,
        protect=ground.settings.protect,
        opts=ground.kept,
    )

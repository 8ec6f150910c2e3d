"""ElastiCache for Valkey: rate limits and what may be lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from components import peers

from .ground import Ground, log_groups, password, secret

PORT = 6379
# What it did (restarts, failovers, refused passwords), and commands above ten milliseconds, of
# which AWS leaves out keys and values.
LOGS = ("engine", "slow")
SNAPSHOTS, MAINTENANCE = "06:00-07:00", "sun:09:00-sun:10:00"  # UTC, apart from the database's


@dataclass(frozen=True, kw_only=True)
class CacheLinks:
    """How to reach the cache and who may; no ``secret_arn`` without TLS, which AUTH needs.

    ``identifier`` is the replication group's name in AWS.

    ``nodes`` are the names by which metrics know the primary and its replicas.
    """

    identifier: Output[str]
    arn: Output[str]
    host: Output[str]
    port: int
    tls: bool
    secret_arn: Output[str] | None
    group_id: Output[str]
    nodes: tuple[Output[str], ...]


def cache(ground: Ground, identifier: str) -> CacheLinks:
    """A replication group in the data subnets; its log groups are named after ``identifier``."""
    settings = ground.settings.cache
    name = f"{ground.name}-cache"
    group = peers.closed_group(
        name, description="Valkey", vpc_id=ground.network.vpc_id, opts=ground.mine
    )
    subnets = aws.elasticache.SubnetGroup(
        name,
        description="Isolated subnets",
        subnet_ids=ground.network.data_subnet_ids,
        opts=ground.mine,
    )
    in_transit: dict[str, Any] = {"transit_encryption_enabled": False}
    secret_arn = None
    if settings.tls:
        token = password(ground, "cache", 64)
        in_transit = {
            "transit_encryption_enabled": True,
            "transit_encryption_mode": "required",
            "auth_token": token,
            # Old and new token both work while pods change over.
            "auth_token_update_strategy": "ROTATE",
        }
        secret_arn = secret(
            ground,
            "cache",
            description="The cache's password",
            content={"auth_token": token},
            changes=True,
        )
    replication = aws.elasticache.ReplicationGroup(
        name,
        description="Rate limits and caches of the shop",
        engine="valkey",
        engine_version=settings.engine_version,
        node_type=settings.node_type,
        num_cache_clusters=settings.nodes,
        automatic_failover_enabled=settings.automatic_failover,
        multi_az_enabled=settings.automatic_failover,
        port=PORT,
        subnet_group_name=subnets.name,
        security_group_ids=[group.id],
        at_rest_encryption_enabled=True,
        kms_key_id=ground.key_arn,
        auto_minor_version_upgrade=True,
        snapshot_retention_limit=settings.snapshot_days,
        snapshot_window=SNAPSHOTS,
        maintenance_window=MAINTENANCE,
        log_delivery_configurations=_logs(ground, name, identifier),
        # AWS refuses to change log delivery at another time; what is in here may be lost.
        apply_immediately=True,
        # Rotation gives it another.
        opts=ResourceOptions(parent=ground.mine.parent, ignore_changes=["authToken"]),
        **in_transit,
    )
    return CacheLinks(
        identifier=replication.replication_group_id,
        arn=replication.arn,
        host=replication.primary_endpoint_address,
        port=PORT,
        tls=settings.tls,
        secret_arn=secret_arn,
        group_id=group.id,
        nodes=tuple(
            Output.concat(replication.id, f"-{place:03}") for place in range(1, settings.nodes + 1)
        ),
    )


def _logs(
    ground: Ground, name: str, identifier: str
) -> list[aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs]:
    # Groups with this prefix need no line in the policy for log delivery that an account shares.
    folder = f"/aws/vendedlogs/elasticache/{identifier}"
    return [
        aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs(
            destination=group.name,
            destination_type="cloudwatch-logs",
            log_format="json",
            log_type=f"{kind}-log",
        )
        for kind, group in log_groups(ground, name, folder, LOGS).items()
    ]

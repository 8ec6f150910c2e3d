"""Puts the web pods into the load balancer's target group."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi_kubernetes as k8s
from pulumi import Input, Resource, ResourceOptions

from components import peers
from components.balancer import TARGET_PORT, BalancerLinks

from .cluster import Cluster


def reach(
    name: str, balancer: BalancerLinks, group: Input[str], whom: str, mine: ResourceOptions
) -> list[Resource]:
    """The way from the load balancer to targets in the security group ``group``."""
    return [
        peers.admit(
            name,
            to=group,
            peer=balancer.group_id,
            port=TARGET_PORT,
            why="Requests from the load balancer",
            opts=mine,
        ),
        peers.let_out(
            name,
            of=balancer.group_id,
            peer=group,
            port=TARGET_PORT,
            why=f"Requests to {whom}",
            opts=mine,
        ),
    ]


def bind(
    name: str,
    cluster: Cluster,
    balancer: BalancerLinks,
    service: Input[str],
    ways: Sequence[Resource],
) -> None:
    """Keep the pods of ``service`` registered, by their addresses."""
    k8s.apiextensions.CustomResource(
        name,
        api_version="eks.amazonaws.com/v1",  # Auto Mode's own controller
        kind="TargetGroupBinding",
        metadata={"name": "web", "namespace": cluster.namespace},
        spec={
            "serviceRef": {"name": service, "port": TARGET_PORT},
            "targetGroupARN": balancer.pods.arn,
            "targetType": "ip",
        },
        # Hidden dependencies: a target group without a listener never finds its targets healthy,
        # and it can be deleted only after the controller has let go of it.
        opts=ResourceOptions(
            parent=cluster.inside.parent,
            provider=cluster.inside.provider,
            depends_on=[balancer.listener, *ways],
        ),
    )

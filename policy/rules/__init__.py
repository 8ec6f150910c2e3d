"""Every rule of the shop's estate; pure functions, no imports of ours but `policy.model`."""

from __future__ import annotations

from policy.model import Rules

from . import (
    balancer,
    cluster,
    compute,
    data,
    delivery,
    edge,
    firewall,
    functions,
    general,
    iam,
    network,
    pods,
    queues,
    roles,
    storage,
    subnets,
    watching,
)

RULES = Rules(
    general.RULES,
    iam.RULES,
    roles.RULES,
    network.RULES,
    subnets.RULES,
    balancer.RULES,
    data.RULES,
    storage.RULES,
    queues.RULES,
    cluster.RULES,
    pods.RULES,
    compute.RULES,
    edge.RULES,
    firewall.RULES,
    functions.RULES,
    delivery.RULES,
    watching.RULES,
)

__all__ = ["RULES"]

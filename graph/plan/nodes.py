"""The nodes that pods need at rest: what they ask for, over what a node has."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graph.model import Graph, Resource

from .tables import table

ADDON = "aws:eks/addon:Addon"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
NODE_CLASS = "kubernetes:eks.amazonaws.com/v1:NodeClass"


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """Nodes of EKS Auto Mode: how many, of which type, with which disk, for how many pods."""

    tier: str
    count: int
    instance: str
    disk_gib: float
    pods: int


@dataclass(frozen=True)
class _Asked:
    """What pods ask for, together; of a node, what it has for them."""

    pods: int = 0
    cores: float = 0.0
    gib: float = 0.0

    def __add__(self, other: _Asked) -> _Asked:
        return _Asked(self.pods + other.pods, self.cores + other.cores, self.gib + other.gib)


def nodes_of(graph: Graph) -> tuple[Nodes | None, set[str]]:
    """The nodes that a graph needs at rest, if any, and what prices.yaml does not know of them.

    That is a pool of types that are not in it, or an add-on whose pods it cannot count.
    """
    deployments = graph.of_type(DEPLOYMENT)
    clusters = graph.of_type("eks:index:Cluster")
    if not deployments or not clusters:
        return None, set()
    prices = table("prices")
    instance, disk = _kind(graph)
    if instance not in prices["nodes"] or instance not in prices["prices"]:
        return None, {f"{NODE_POOL} {instance}"}
    added = {str(addon.inputs["addonName"]) for addon in graph.of_type(ADDON)}
    known = [prices["addons"][name] for name in sorted(added & prices["addons"].keys())]
    each = _together(_asked(its["node"]) for its in known if "node" in its)
    rest = _together([*map(_asked, known), *map(_pods, deployments)])
    node = _asked(prices["nodes"][instance])
    zones = len(clusters[0].inputs.get("privateSubnetIds", ()))
    spread = max(_replicas(deployment) for deployment in deployments)
    count = max(
        min(zones, spread),
        math.ceil(rest.cores / (node.cores - each.cores)),
        math.ceil(rest.gib / (node.gib - each.gib)),
    )
    tier = graph.tier(deployments[0])
    made = Nodes(
        tier=tier.name if tier else "",
        count=count,
        instance=instance,
        disk_gib=disk,
        pods=rest.pods + count * each.pods,
    )
    return made, {f"{ADDON} {name}" for name in added - prices["addons"].keys()}


def _kind(graph: Graph) -> tuple[str, float]:
    """The type of machine that pods get, and the GiB of its disk."""
    prices = table("prices")
    pools, classes = graph.of_type(NODE_POOL), graph.of_type(NODE_CLASS)
    if not pools:
        return prices["built_in_node"]["instance"], prices["built_in_node"]["disk_gib"]
    told = pools[0].inputs["spec"]["template"]["spec"]["requirements"]
    (types,) = (r["values"] for r in told if r["key"] == "node.kubernetes.io/instance-type")
    known = [t for t in types if t in prices["prices"] and t in prices["nodes"]]
    cheapest = min(known or types, key=lambda t: prices["prices"].get(t, {}).get("usd", 0))
    return cheapest, _gib(classes[0].inputs["spec"]["ephemeralStorage"]["size"])


def _together(several: Iterable[_Asked]) -> _Asked:
    return sum(several, _Asked())


def _asked(told: Mapping[str, Any]) -> _Asked:
    return _Asked(told.get("pods", 0), told["cores"], told["gib"])


def _pods(deployment: Resource) -> _Asked:
    """The pods of a Deployment, as many as there are at rest."""
    number = _replicas(deployment)
    containers = deployment.inputs["spec"]["template"]["spec"]["containers"]
    asked = [container["resources"]["requests"] for container in containers]
    cores = sum(_cores(its["cpu"]) for its in asked)
    gib = sum(_gib(its["memory"]) for its in asked)
    return _Asked(number, number * cores, number * gib)


def _replicas(deployment: Resource) -> int:
    return int(deployment.inputs["spec"].get("replicas", 1))


def _cores(text: str) -> float:
    return float(text[:-1]) / 1000 if text.endswith("m") else float(text)


def _gib(text: str) -> float:
    units = {"Ki": 1 / 1024**2, "Mi": 1 / 1024, "Gi": 1.0}
    return float(text[:-2]) * units[text[-2:]]

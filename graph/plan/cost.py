"""What a stack costs a month at rest: list prices times what the graph declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graph.model import Graph, Resource

from .nodes import Nodes, nodes_of
from .tables import table

FREE_PACKAGES = ("kubernetes", "pulumi", "random")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line of the bill: ``usd`` is a month's; ``price`` names an entry of prices.yaml."""

    tier: str
    label: str
    price: str
    usd: float


@dataclass(frozen=True)
class Cost:
    """The bill at rest; ``unpriced`` are what prices.yaml does not know: types, or sizes of one."""

    items: tuple[Item, ...]
    unpriced: tuple[str, ...]

    @property
    def total(self) -> float:
        """USD a month of what is priced."""
        return sum(item.usd for item in self.items)

    def tiers(self) -> dict[str, float]:
        """USD a month by tier."""
        found: dict[str, float] = {}
        for item in self.items:
            found[item.tier] = found.get(item.tier, 0.0) + item.usd
        return found


# Price, how many of its units a month, label.
Line = tuple[str, float, str]
Inputs = dict[str, Any]


def cost(graph: Graph) -> Cost:
    """The monthly cost of a graph at rest, and what could not be priced."""
    known = table("prices")["prices"]
    items, unpriced = [], set()
    for resource in graph:
        lines = _LINES.get(resource.type)
        if lines is None:
            if not is_free(resource.type):
                unpriced.add(resource.type)
            continue
        if resource.read:
            continue
        for price, quantity, label in lines(resource.inputs):
            if price not in known:
                unpriced.add(f"{resource.type} {price}")
            elif quantity:
                items.append(_item(graph, resource, price, quantity, label))
    nodes, unknown = nodes_of(graph)
    if nodes is not None:
        items += _machines(nodes)
    return Cost(tuple(items), tuple(sorted(unpriced | unknown)))


def is_free(type_: str) -> bool:
    """Whether prices.yaml gives a reason why a type costs nothing by being there."""
    free = table("prices")["free"].values()
    own = ":index:" in type_ and type_.partition(":")[0] not in ("aws", "eks")
    remote = type_ == "aws:eks/cluster:Cluster"  # priced as the component it belongs to
    return (
        own or remote or type_.partition(":")[0] in FREE_PACKAGES or any(type_ in f for f in free)
    )


def is_priced(type_: str) -> bool:
    """Whether there is a price for a type, or a reason why it needs none."""
    return type_ in _LINES or is_free(type_)


def _item(graph: Graph, resource: Resource, price: str, quantity: float, label: str) -> Item:
    tier = graph.tier(resource)
    return Item(
        tier=tier.name if tier else "",
        label=f"{label} ({resource.name})",
        price=price,
        usd=quantity * table("prices")["prices"][price]["usd"],
    )


def _machines(nodes: Nodes) -> list[Item]:
    """Nodes with their disks, and what EKS Auto Mode charges for keeping them."""

    def item(price: str, quantity: float, label: str) -> Item:
        usd = quantity * table("prices")["prices"][price]["usd"]
        return Item(tier=nodes.tier, label=label, price=price, usd=usd)

    count, kind = nodes.count, nodes.instance
    machines = item(kind, count * _per_hour(), f"{count} {kind} for {nodes.pods} pods")
    return [
        machines,
        item("eks-auto-mode", machines.usd, "EKS Auto Mode of them"),
        item(
            "ebs-gp3", count * nodes.disk_gib, f"{count} x {nodes.disk_gib:g} GiB of disk for them"
        ),
    ]


def _hours(price: str, label: str) -> Callable[[Inputs], list[Line]]:
    return lambda _: [(price, float(table("prices")["hours"]), label)]


def _month(price: str, label: str) -> Callable[[Inputs], list[Line]]:
    return lambda _: [(price, 1.0, label)]


def _database(inputs: Inputs) -> list[Line]:
    copies = 2 if inputs.get("multiAz") else 1
    size = str(inputs["instanceClass"])
    zones = "two zones" if copies == 2 else "one zone"
    lines: list[Line] = [(size, copies * _per_hour(), f"{size} in {zones}")]
    if storage := inputs.get("allocatedStorage"):
        lines.append(("rds-gp3", copies * storage, f"{storage} GiB in {zones}"))
    if inputs.get("manageMasterUserPassword"):
        lines.append(("secret", 1, "master password"))
    return lines


def _cache(inputs: Inputs) -> list[Line]:
    size, nodes = str(inputs["nodeType"]), inputs.get("numCacheClusters", 1)
    return [(size, nodes * _per_hour(), f"{nodes} {size}")]


def _endpoint(inputs: Inputs) -> list[Line]:
    if inputs.get("vpcEndpointType") != "Interface":
        return []  # gateway endpoints are free
    zones = len(inputs.get("subnetIds", ()))
    return [("interface-endpoint", zones * _per_hour(), f"endpoint in {zones} zones")]


def _web_acl(inputs: Inputs) -> list[Line]:
    rules = inputs.get("rules", [])
    bots = sum("BotControl" in str(rule) for rule in rules)
    return [
        ("waf-acl", 1, "web ACL"),
        ("waf-rule", len(rules), f"{len(rules)} rules"),
        ("waf-bot-control", bots, "bot control"),
    ]


def _group(inputs: Inputs) -> list[Line]:
    least = inputs.get("minSize", 0)
    overrides = inputs["mixedInstancesPolicy"]["launchTemplate"]["overrides"]
    size = str(overrides[0]["instanceType"])
    return [(size, least * _per_hour(), f"{least} {size}")]


def _health_check(inputs: Inputs) -> list[Line]:
    features = sum(
        (
            str(inputs.get("type", "")).startswith("HTTPS"),
            inputs.get("requestInterval") == 10,
            bool(inputs.get("measureLatency")),
            bool(inputs.get("searchString")),
        )
    )
    return [
        ("health-check", 1, "health check"),
        ("health-check-feature", features, f"{features} features of it"),
    ]


def _alarm(inputs: Inputs) -> list[Line]:
    fine = int(inputs.get("period", 60)) < 60
    # An alarm on an expression is paid for by the metrics in it.
    metrics = sum("metric" in query for query in inputs.get("metricQueries") or ()) or 1
    return [("alarm-high-resolution" if fine else "alarm", metrics, f"alarm on {metrics} metrics")]


def _canary(inputs: Inputs) -> list[Line]:
    # Unlike visitors it comes at all hours, so this is what it costs at rest.
    minutes = int(str(inputs["schedule"]["expression"]).removeprefix("rate(").partition(" ")[0])
    runs = _per_hour() * 60 / minutes
    return [("canary-run", runs, f"{runs:,.0f} purchases that only try")]


def _registry(_: Inputs) -> list[Line]:
    volume = table("prices")["images_gb"]
    return [("image-storage", volume, f"{volume} GB of images")]


def _per_hour() -> float:
    return float(table("prices")["hours"])


_LINES: dict[str, Callable[[Inputs], list[Line]]] = {
    "aws:autoscaling/group:Group": _group,
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": _month("composite-alarm", "composite alarm"),
    "aws:cloudwatch/dashboard:Dashboard": _month("dashboard", "dashboard"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:codepipeline/pipeline:Pipeline": _month("pipeline", "pipeline"),
    "aws:ec2/eip:Eip": _hours("public-ipv4", "public address"),
    "aws:ec2/natGateway:NatGateway": _hours("nat-gateway", "NAT gateway"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ecr/repository:Repository": _registry,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:kms/key:Key": _month("kms-key", "key"),
    "aws:lb/loadBalancer:LoadBalancer": _hours("load-balancer", "load balancer"),
    "aws:rds/instance:Instance": _database,
    "aws:route53/healthCheck:HealthCheck": _health_check,
    "aws:route53/zone:Zone": _month("hosted-zone", "hosted zone"),
    "aws:secretsmanager/secret:Secret": _month("secret", "secret"),
    "aws:wafv2/webAcl:WebAcl": _web_acl,
    "aws:synthetics/canary:Canary": _canary,
    "eks:index:Cluster": _hours("eks-cluster", "control plane"),
}

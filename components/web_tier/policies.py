"""Which traffic pods may have: none, but what is named here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi_kubernetes as k8s
from pulumi import Resource
from pulumi_kubernetes.networking.v1 import (
    NetworkPolicyEgressRuleArgsDict,
    NetworkPolicyIngressRuleArgsDict,
)

from . import manifests
from .cluster import Cluster
from .environment import PORT

# Where a node's agent hands out the credentials of a pod's identity.
POD_IDENTITY_AGENT = "169.254.170.23/32"


def network_policies(
    name: str,
    cluster: Cluster,
    *,
    callers: Sequence[str],
    data_networks: Sequence[str],
    data_ports: Sequence[int],
    collector_port: int | None,
) -> list[Resource]:
    """Policies for the shop's namespace.

    ``callers`` are the networks that a load balancer lives in, ``data_networks`` the data tier's.
    ``collector_port`` is where traces go, if anywhere.
    """

    def policy(
        part: str,
        pods: Mapping[str, str],
        *,
        into: Sequence[NetworkPolicyIngressRuleArgsDict] | None = None,
        out: Sequence[NetworkPolicyEgressRuleArgsDict] | None = None,
    ) -> Resource:
        kinds = {"Ingress": into, "Egress": out}
        return k8s.networking.v1.NetworkPolicy(
            f"{name}-{part}",
            metadata={"name": part, "namespace": cluster.namespace},
            spec={
                "pod_selector": {"match_labels": pods},
                "policy_types": [kind for kind, rules in kinds.items() if rules is not None],
                "ingress": into,
                "egress": out,
            },
            opts=cluster.inside,
        )

    # On every node, behind an address of a service: no network to name.
    collector: list[NetworkPolicyEgressRuleArgsDict] = (
        [{"ports": [{"protocol": "TCP", "port": collector_port}]}] if collector_port else []
    )
    deny = policy("deny-all", {}, into=[], out=[])
    calls = policy(
        "calls-out",
        {},
        out=[
            {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]},
            {
                "to": [{"ip_block": {"cidr": POD_IDENTITY_AGENT}}],
                "ports": [{"protocol": "TCP", "port": 80}],
            },
            {
                "to": [{"ip_block": {"cidr": cidr}} for cidr in data_networks],
                "ports": [{"protocol": "TCP", "port": port} for port in data_ports],
            },
            # AWS services, whose addresses nobody can list.
            {
                "to": [{"ip_block": {"cidr": "0.0.0.0/0"}}],
                "ports": [{"protocol": "TCP", "port": 443}],
            },
            *collector,
        ],
    )
    web = policy(
        "web",
        manifests.labels("web"),
        into=[
            {
                "from_": [{"ip_block": {"cidr": cidr}} for cidr in callers],
                "ports": [{"protocol": "TCP", "port": PORT}],
            }
        ],
    )
    return [deny, calls, web]

"""A pool of nodes of our own choice, tried before those that EKS Auto Mode has built in."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi_kubernetes as k8s
from pulumi import Input, Resource, ResourceOptions

from settings import NodeSettings

NAME = "small"
FIRST = 100  # the built-in pools weigh nothing
OLDEST = "336h"  # two weeks: then a node is replaced by one with a patched system


def node_pool(
    name: str,
    settings: NodeSettings,
    *,
    role: Input[str],
    subnets: Sequence[Input[str]],
    group: Input[str],
    inside: ResourceOptions,
) -> Resource:
    """The pool; whatever fits on none of its nodes still gets a node of a built-in one.

    ``role`` is the name of the one that built-in nodes have: EKS lets those in by itself.
    """
    made = k8s.apiextensions.CustomResource(
        f"{name}-node-class",
        api_version="eks.amazonaws.com/v1",
        kind="NodeClass",
        metadata={"name": NAME},
        spec={
            "role": role,
            "subnetSelectorTerms": [{"id": subnet} for subnet in subnets],
            "securityGroupSelectorTerms": [{"id": group}],
            "networkPolicy": "DefaultAllow",  # what there is to deny, policies say
            "ephemeralStorage": {"size": f"{settings.disk_gib}Gi"},
        },
        opts=inside,
    )
    return k8s.apiextensions.CustomResource(
        f"{name}-node-pool",
        api_version="karpenter.sh/v1",
        kind="NodePool",
        metadata={"name": NAME},
        spec={
            "weight": FIRST,
            "template": {
                "spec": {
                    "nodeClassRef": {
                        "group": "eks.amazonaws.com",
                        "kind": "NodeClass",
                        "name": NAME,
                    },
                    "requirements": [
                        {
                            "key": "node.kubernetes.io/instance-type",
                            "operator": "In",
                            "values": list(settings.instance_types),
                        },
                        {
                            "key": "karpenter.sh/capacity-type",
                            "operator": "In",
                            "values": ["on-demand"],
                        },
                    ],
                    "expireAfter": OLDEST,
                }
            },
            "disruption": {
                "consolidationPolicy": "WhenEmptyOrUnderutilized",
                "consolidateAfter": "1m",
            },
        },
        # Hidden dependency: the pool names its class, and its nodes go before that does.
        opts=ResourceOptions(parent=inside.parent, provider=inside.provider, depends_on=[made]),
    )

"""EKS in Auto Mode, ready for pods."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
import pulumi_eks as eks
import pulumi_kubernetes as k8s
from pulumi import Output, Resource, ResourceOptions

from components import keys, peers
from components.network import NetworkLinks
from settings import ClusterSettings

from .nodes import node_pool

NAMESPACE = "shop"  # pod identities are bound to this name
CONTROL_PLANE_LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster that is there, the group its nodes and pods are in, and the shop's namespace.

    ``inside`` are the options of what is made in the cluster. ``ways`` must be there before a pod
    can run and call anybody.
    """

    name: Output[str]
    security_group_id: Output[str]
    namespace: Output[str]
    inside: ResourceOptions
    ways: tuple[Resource, ...]


def cluster(
    name: str,
    physical: str,
    settings: ClusterSettings,
    network: NetworkLinks,
    mine: ResourceOptions,
) -> Cluster:
    """The cluster with its namespace, metrics and network policies.

    The name is ours to choose because log group, pod identities and target groups must know it.
    """
    key = keys.customer_key(
        f"{name}-cluster",
        description="Secrets inside the cluster",
        recovery_days=30 if settings.deletion_protection else 7,
        opts=ResourceOptions(parent=mine.parent, protect=settings.deletion_protection),
    )
    logs = aws.cloudwatch.LogGroup(
        f"{name}-cluster",
        name=f"/aws/eks/{physical}/cluster",
        retention_in_days=settings.log_days,
        kms_key_id=network.log_key_arn,
        opts=mine,
    )
    made = eks.Cluster(
        f"{name}-cluster",
        name=physical,
        version=settings.kubernetes_version,
        auto_mode={"enabled": True},
        authentication_mode=eks.AuthenticationMode.API,
        vpc_id=network.vpc_id,
        private_subnet_ids=network.application_subnet_ids,
        endpoint_private_access=True,
        endpoint_public_access=bool(settings.public_access_cidrs),
        public_access_cidrs=list(settings.public_access_cidrs) or None,
        encryption_config_key_arn=key.arn,
        enabled_cluster_log_types=CONTROL_PLANE_LOGS,
        deletion_protection=settings.deletion_protection,
        upgrade_policy=aws.eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
        # Hidden dependency: EKS makes its log group itself, unencrypted and kept for ever, unless
        # it is there before.
        opts=ResourceOptions(parent=mine.parent, depends_on=[logs]),
    )
    ways: list[Resource] = []
    if network.endpoints_group_id is not None:
        ways.append(
            peers.admit(
                f"{name}-endpoints",
                to=network.endpoints_group_id,
                peer=made.cluster_security_group_id,
                port=443,
                why="Nodes and pods call AWS services",
                opts=mine,
            )
        )
    provider = k8s.Provider(
        f"{name}-cluster",
        kubeconfig=made.kubeconfig_json,
        enable_server_side_apply=True,
        opts=mine,
    )
    inside = ResourceOptions(parent=mine.parent, provider=provider)
    cluster_name: Output[str] = made.eks_cluster.name
    pools: list[Resource] = []
    if settings.nodes is not None:
        pools.append(
            node_pool(
                name,
                settings.nodes,
                role=made.auto_mode_node_role_name,
                subnets=network.application_subnet_ids,
                group=made.cluster_security_group_id,
                inside=inside,
            )
        )
    # The first pods of the cluster: a node comes for them, and whoever has a deadline waits for it.
    metrics = aws.eks.Addon(
        f"{name}-metrics",
        cluster_name=cluster_name,
        addon_name="metrics-server",  # Auto Mode has none, and autoscaling by CPU needs one
        # Hidden dependency: without the pool, that node would be a built-in one.
        opts=ResourceOptions(parent=mine.parent, depends_on=pools),
    )
    _enable_network_policies(name, inside)
    return Cluster(
        name=cluster_name,
        security_group_id=made.cluster_security_group_id,
        namespace=_namespace(name, inside),
        inside=inside,
        ways=(*ways, metrics),
    )


def _enable_network_policies(name: str, inside: ResourceOptions) -> None:
    """Auto Mode enforces network policies only when told so by this ConfigMap."""
    k8s.core.v1.ConfigMap(
        f"{name}-network-policies",
        metadata={"name": "amazon-vpc-cni", "namespace": "kube-system"},
        data={"enable-network-policy-controller": "true"},
        opts=inside,
    )


def _namespace(name: str, inside: ResourceOptions) -> Output[str]:
    """A namespace that refuses pods which are not locked down."""
    levels = ("enforce", "audit", "warn")
    made = k8s.core.v1.Namespace(
        f"{name}-namespace",
        metadata={
            "name": NAMESPACE,
            "labels": {f"pod-security.kubernetes.io/{level}": "restricted" for level in levels},
        },
        opts=inside,
    )
    return made.metadata.name

"""Balancer: one private load balancer before two pools that serve the shop.

Made before the cluster and the edge, because both must know it; filled by the web tier. Nothing in
the cluster makes load balancers, so that destroying a stack strands none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import ComponentResource, Output, Resource, ResourceOptions

from settings import WebSettings

from . import peers
from .data_tier import BALANCER_LOGS, BucketLinks
from .links import plain
from .network import NetworkLinks

TARGET_PORT = 8080  # what the storefront listens on, in pods and on instances
# In-flight requests get this long; less than a pod's grace period, more than a request may take.
DEREGISTRATION_SECONDS = 30
SLOW_START_SECONDS = 30  # a fresh process compiles templates and fills its caches
# Every address that CloudFront calls origins from. It counts as 55 of a group's 60 rules.
CLOUDFRONT = "com.amazonaws.global.cloudfront.origin-facing"
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The name that the edge calls the load balancer by, and a certificate for it."""

    name: str
    certificate_arn: Output[str]


@dataclass(frozen=True, kw_only=True)
class BalancerArgs:
    """``cluster_name`` is the physical name of the cluster that may register its pods.

    Without an ``origin`` nobody could check a certificate, and the edge calls over plain HTTP
    inside AWS's network.
    """

    settings: WebSettings
    cluster_name: str
    network: NetworkLinks
    logs: BucketLinks
    origin: Origin | None


@dataclass(frozen=True, kw_only=True)
class PoolLinks:
    """A target group.

    Metrics know it by ``suffix``, the end of its ARN; ``label`` is that after its load balancer's.
    """

    arn: Output[str]
    name: Output[str]
    suffix: Output[str]
    label: Output[str]


@dataclass(frozen=True, kw_only=True)
class BalancerLinks:
    """What the edge calls and what the web tier fills.

    Metrics know it by ``suffix``. ``group_id`` must be admitted by targets. Whoever registers
    targets waits for ``listener``.
    """

    arn: Output[str]
    suffix: Output[str]
    dns_name: Output[str]
    zone_id: Output[str]
    https: bool
    group_id: Output[str]
    pods: PoolLinks
    instances: PoolLinks
    listener: Resource


class Balancer(ComponentResource):
    """An internal load balancer that only CloudFront reaches."""

    links: BalancerLinks

    def __init__(self, name: str, args: BalancerArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("shop:index:Balancer", name, None, opts)
        self._name, self._args = name, args
        self._mine = ResourceOptions(parent=self)
        https = args.origin is not None
        group = peers.closed_group(
            name,
            description="Load balancer of the shop",
            vpc_id=args.network.vpc_id,
            opts=self._mine,
        )
        peers.admit_prefix_list(
            f"{name}-cloudfront",
            to=group.id,
            prefix_list=aws.ec2.get_managed_prefix_list_output(name=CLOUDFRONT).id,
            port=443 if https else 80,
            why="CloudFront, through its VPC origin",
            opts=self._mine,
        )
        made = aws.lb.LoadBalancer(
            name,
            load_balancer_type="application",
            internal=True,
            subnets=args.network.application_subnet_ids,
            security_groups=[group.id],
            access_logs={"enabled": True, "bucket": args.logs.name, "prefix": BALANCER_LOGS},
            enable_deletion_protection=args.settings.balancer.deletion_protection,
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            enable_zonal_shift=True,
            idle_timeout=60,
            # Longer than CloudFront keeps idle connections, so that it is the one to close them.
            client_keep_alive=3600,
            opts=self._mine,
        )
        # The cluster's controller may register pods only in groups that carry this tag, and
        # deregisters whatever it did not put there itself: instances have a group of their own.
        pods = self._pool("pods", "ip", {"eks:eks-cluster-name": args.cluster_name})
        instances = self._pool("instances", "instance", {})
        listener = self._listener(made, pods, instances)
        self.links = BalancerLinks(
            arn=made.arn,
            suffix=made.arn_suffix,
            dns_name=made.dns_name,
            zone_id=made.zone_id,
            https=https,
            group_id=group.id,
            pods=_links(made, pods),
            instances=_links(made, instances),
            listener=listener,
        )
        shown = {key: value for key, value in plain(self.links).items() if key != "listener"}
        self.register_outputs({"links": shown})

    def _pool(self, part: str, kind: str, tags: dict[str, str]) -> aws.lb.TargetGroup:
        return aws.lb.TargetGroup(
            f"{self._name}-{part}",
            target_type=kind,
            vpc_id=self._args.network.vpc_id,
            port=TARGET_PORT,
            protocol="HTTP",
            deregistration_delay=DEREGISTRATION_SECONDS,
            slow_start=SLOW_START_SECONDS,
            load_balancing_algorithm_type="round_robin",  # the one that goes with slow start
            # Carts and sessions are in DynamoDB: any target serves any visitor.
            stickiness={"enabled": False, "type": "lb_cookie"},
            health_check={
                "enabled": True,
                "protocol": "HTTP",
                "path": "/readyz",
                "matcher": "200",
                "interval": 10,
                "timeout": 5,
                "healthy_threshold": 2,
                "unhealthy_threshold": 2,
            },
            tags=tags,
            opts=self._mine,
        )

    def _listener(
        self, balancer: aws.lb.LoadBalancer, pods: aws.lb.TargetGroup, instances: aws.lb.TargetGroup
    ) -> aws.lb.Listener:
        origin, pools = self._args.origin, self._args.settings.pools
        front: dict[str, Any] = {"port": 80, "protocol": "HTTP"}
        if origin is not None:
            front = {
                "port": 443,
                "protocol": "HTTPS",
                "ssl_policy": TLS_POLICY,
                "certificate_arn": origin.certificate_arn,
            }
        return aws.lb.Listener(
            self._name,
            load_balancer_arn=balancer.arn,
            default_actions=[
                {
                    "type": "forward",
                    "forward": {
                        # Both, whatever their weight: moving from one pool to the other changes
                        # two numbers, and health is watched before the first request comes.
                        "target_groups": [
                            {"arn": pods.arn, "weight": pools.eks},
                            {"arn": instances.arn, "weight": pools.ec2},
                        ],
                    },
                }
            ],
            opts=self._mine,
            **front,
        )


def _links(balancer: aws.lb.LoadBalancer, pool: aws.lb.TargetGroup) -> PoolLinks:
    label = Output.concat(balancer.arn_suffix, "/", pool.arn_suffix)
    return PoolLinks(arn=pool.arn, name=pool.name, suffix=pool.arn_suffix, label=label)

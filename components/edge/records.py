"""How visitors find the edge, and whether it answers."""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components.balancer import BalancerLinks
from components.names import ORIGIN, WWW, Site, alias


def records(
    name: str,
    site: Site,
    made: aws.cloudfront.Distribution,
    balancer: BalancerLinks,
    mine: ResourceOptions,
) -> None:
    """Addresses of the domain, of www. and, inside the VPC, of the load balancer."""
    for part, host in (("apex", site.domain), (WWW, f"{WWW}.{site.domain}")):
        for kind in ("A", "AAAA"):
            alias(
                f"{name}-{part}-{kind.lower()}",
                site,
                host,
                kind,
                made.domain_name,
                made.hosted_zone_id,
                mine,
            )
    alias(
        f"{name}-{ORIGIN}",
        site,
        f"{ORIGIN}.{site.domain}",
        "A",
        balancer.dns_name,
        balancer.zone_id,
        mine,
    )


def health_check(name: str, host: Input[str], opts: ResourceOptions) -> Output[str]:
    """Asks from around the world whether the shop is ready; the id."""
    made = aws.route53.HealthCheck(
        name,
        type="HTTPS",
        fqdn=host,
        port=443,
        resource_path="/readyz",
        request_interval=30,
        failure_threshold=3,
        measure_latency=True,
        opts=opts,
    )
    return made.id

"""Edge: CloudFront before everything, with its firewall, names and files."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from components import keys
from components.balancer import BalancerLinks
from components.data_tier import DataLinks
from components.links import plain
from components.names import GLOBAL, NamesLinks
from components.network import NetworkLinks
from components.recommendations import HttpApiLinks
from settings import EdgeSettings

from .distribution import Parts, distribution
from .files import file_bucket, maintenance_page
from .firewall import firewall, log_refusals
from .records import health_check, records
from .static import upload

__all__ = ["Edge", "EdgeArgs", "EdgeLinks"]


@dataclass(frozen=True, kw_only=True)
class EdgeArgs:
    """``physical`` is project and stack."""

    settings: EdgeSettings
    assets_url: str | None  # where pages load files and pictures, if not from the edge
    physical: str
    network: NetworkLinks
    data: DataLinks
    names: NamesLinks
    balancer: BalancerLinks
    http_api: HttpApiLinks


@dataclass(frozen=True, kw_only=True)
class EdgeLinks:
    """``url`` is where visitors see the shop. ``health_check_id`` is Route 53's, if it asks."""

    url: Output[str]
    distribution_id: Output[str]
    distribution_arn: Output[str]
    health_check_id: Output[str] | None
    web_acl_arn: Output[str]


class Edge(ComponentResource):
    """The only way in."""

    links: EdgeLinks

    def __init__(self, name: str, args: EdgeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("shop:index:Edge", name, None, opts)
        mine = ResourceOptions(parent=self)
        told, site = args.settings.firewall, args.names.site
        files = file_bucket(f"{name}-files", args.data.logs, args.data.key_arn, mine)
        maintenance_page(name, files, mine)
        upload(f"{name}-static", files, mine)
        acl = firewall(name, told, mine)
        network = args.network
        key_arn = keys.for_logs(f"{name}-logs", network.log_key_arn, network.region, GLOBAL, mine)
        log_refusals(name, args.physical, acl, told.log_days, key_arn, mine)
        made = distribution(
            name,
            Parts(
                settings=args.settings,
                site=site,
                asset_host=args.assets_url is not None,
                balancer=args.balancer,
                internet=network.internet,
                images=args.data.images.domain,
                files=files.bucket_regional_domain_name,
                http_api=args.http_api,
                web_acl_arn=acl.arn,
            ),
            mine,
        )
        _access_log(name, args.physical, made, args.data.logs.arn, mine)
        host: Output[str] = made.domain_name
        if site is not None:
            host = Output.from_input(site.domain)
            records(name, site, made, args.balancer, mine)
        self.links = EdgeLinks(
            url=Output.concat("https://", host),
            distribution_id=made.id,
            distribution_arn=made.arn,
            health_check_id=(
                health_check(name, host, mine) if args.settings.health_check else None
            ),
            web_acl_arn=acl.arn,
        )
        self.register_outputs({"links": plain(self.links)})


def _access_log(
    name: str,
    physical: str,
    made: aws.cloudfront.Distribution,
    logs_arn: Output[str],
    mine: ResourceOptions,
) -> None:
    """Access logs through log delivery: the older way needs a bucket with ACLs."""
    source = aws.cloudwatch.LogDeliverySource(
        name,
        name=f"{physical}-{name}",
        log_type="ACCESS_LOGS",
        resource_arn=made.arn,
        region=GLOBAL,
        opts=mine,
    )
    destination = aws.cloudwatch.LogDeliveryDestination(
        name,
        name=f"{physical}-{name}",
        output_format="json",
        delivery_destination_configuration={"destination_resource_arn": logs_arn},
        region=GLOBAL,
        opts=mine,
    )
    aws.cloudwatch.LogDelivery(
        name,
        delivery_source_name=source.name,
        delivery_destination_arn=destination.arn,
        region=GLOBAL,
        opts=mine,
    )

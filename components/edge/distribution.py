"""CloudFront: origins, and which path goes where."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi_aws as aws
from pulumi import CustomTimeouts, Input, Output, Resource, ResourceOptions

from components.balancer import BalancerLinks
from components.names import ORIGIN, WWW, Site
from components.recommendations import EDGE_KEY, HttpApiLinks
from settings import EdgeSettings

from .caching import caching
from .headers import FILE_POLICY, PAGE_POLICY, header_policy

# AWS's own policies, the same in every account.
NOT_CACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # CachingDisabled
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-38738e2966ac"  # AllViewerExceptHostHeader
READ = ["GET", "HEAD", "OPTIONS"]
ALL = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
MAINTENANCE = "/maintenance.html"
# The shop's answers when nobody stands behind the load balancer, or nobody answers in time.
AWAY = (502, 503, 504)
# A bucket says 403 for what it does not have.
MISSING = (403, 404, 500, 502, 503, 504)
READ_SECONDS = 30  # the longest that the storefront works on a request is about 20


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a distribution is made of; ``images`` and ``files`` are buckets' domain names.

    With an ``asset_host``, the shop's pages load both from another host than their own.
    """

    settings: EdgeSettings
    site: Site | None
    asset_host: bool
    balancer: BalancerLinks
    internet: Resource
    images: Output[str]
    files: Output[str]
    http_api: HttpApiLinks
    web_acl_arn: Input[str]


def distribution(name: str, parts: Parts, mine: ResourceOptions) -> aws.cloudfront.Distribution:
    """The distribution with its policies and origins."""
    keep = caching(name, mine)
    page_headers = header_policy(f"{name}-pages", PAGE_POLICY, mine)
    file_headers = header_policy(f"{name}-files", FILE_POLICY, mine)
    asset_headers = file_headers
    if parts.asset_host:
        asset_headers = header_policy(f"{name}-assets", FILE_POLICY, mine, for_any_site=True)
    reading = {"allowed_methods": READ, "cached_methods": ["GET", "HEAD"], "compress": True}
    https = {"viewer_protocol_policy": "redirect-to-https"}
    shop = {
        **https,
        "target_origin_id": "shop",
        "allowed_methods": ALL,
        "cached_methods": ["GET", "HEAD"],
        "compress": True,
        "cache_policy_id": keep.pages,
        "origin_request_policy_id": keep.forwarded,
        "response_headers_policy_id": page_headers,
        "function_associations": _one_name(name, parts.site, mine),
    }
    files = {**https, **reading, "response_headers_policy_id": asset_headers}
    behaviours: list[Any] = [
        {
            **files,
            "path_pattern": "/static/*",
            "target_origin_id": "files-or-shop",
            "cache_policy_id": keep.files,
        },
        {
            **files,
            "path_pattern": "/images/*",
            "target_origin_id": "images-or-shop",
            "cache_policy_id": keep.images,
        },
        {
            **files,
            "path_pattern": "/maintenance.*",
            "target_origin_id": "files",
            "cache_policy_id": keep.files,
            "response_headers_policy_id": page_headers,
        },
    ]
    behaviours += [
        {
            **https,
            "path_pattern": pattern,
            "target_origin_id": "api",
            "allowed_methods": ALL,
            "cached_methods": ["GET", "HEAD"],
            "compress": True,
            "cache_policy_id": NOT_CACHED,
            "origin_request_policy_id": ALL_BUT_HOST,
            "response_headers_policy_id": file_headers,
        }
        for pattern in parts.http_api.patterns
    ]
    default: Any = shop
    blocked = list(parts.settings.blocked_countries)
    return aws.cloudfront.Distribution(
        name,
        comment="The shop",
        enabled=True,
        http_version="http2and3",
        is_ipv6_enabled=True,
        price_class=parts.settings.price_class,
        web_acl_id=parts.web_acl_arn,
        origins=_origins(name, parts, mine),
        # The storefront serves the same files itself: nothing is missing for want of an upload.
        origin_groups=[_or_shop("files"), _or_shop("images")],
        default_cache_behavior=default,
        ordered_cache_behaviors=behaviours,
        # Not an origin group: those can't take a POST, and would ask the bucket for the page's
        # own path.
        custom_error_responses=[
            {
                "error_code": code,
                "response_code": 503,
                "response_page_path": MAINTENANCE,
                "error_caching_min_ttl": 0,
            }
            for code in AWAY
        ],
        wait_for_deployment=parts.settings.wait_for_deployment,
        restrictions={
            "geo_restriction": {
                "restriction_type": "blacklist" if blocked else "none",
                "locations": blocked,
            }
        },
        opts=mine,
        **_names(parts.site),
    )


def _names(site: Site | None) -> dict[str, Any]:
    if site is None:
        return {"viewer_certificate": {"cloudfront_default_certificate": True}}
    return {
        "aliases": [site.domain, f"{WWW}.{site.domain}"],
        "viewer_certificate": {
            "acm_certificate_arn": site.certificate_arn,
            "ssl_support_method": "sni-only",
            "minimum_protocol_version": "TLSv1.2_2021",
        },
    }


def _one_name(name: str, site: Site | None, mine: ResourceOptions) -> list[Any]:
    if site is None:
        return []
    made = aws.cloudfront.Function(
        f"{name}-{WWW}",
        runtime="cloudfront-js-2.0",
        comment="www. leads to the same page without it",
        code=Path(__file__).with_name("www.js").read_text("utf-8"),
        publish=True,
        opts=mine,
    )
    return [{"event_type": "viewer-request", "function_arn": made.arn}]


def _origins(name: str, parts: Parts, mine: ResourceOptions) -> list[Any]:
    access = aws.cloudfront.OriginAccessControl(
        name,
        description="Reads the shop's buckets",
        origin_access_control_origin_type="s3",
        signing_behavior="always",
        signing_protocol="sigv4",
        opts=mine,
    )
    vpc = _vpc_origin(name, parts.balancer, parts.internet, mine)
    host: Input[str] = parts.balancer.dns_name
    if parts.site is not None and parts.balancer.https:
        host = f"{ORIGIN}.{parts.site.domain}"  # what the load balancer's certificate is for
    origins: list[Any] = [
        {
            "origin_id": "shop",
            "domain_name": host,
            "connection_attempts": 2,
            "connection_timeout": 4,
            "vpc_origin_config": {
                "vpc_origin_id": vpc.id,
                "origin_read_timeout": READ_SECONDS,
                "origin_keepalive_timeout": 50,  # below the load balancer's own 60
            },
        },
        *(
            {
                "origin_id": part,
                "domain_name": domain,
                "origin_access_control_id": access.id,
                "connection_attempts": 2,
                "connection_timeout": 4,
            }
            for part, domain in (("images", parts.images), ("files", parts.files))
        ),
        {
            "origin_id": "api",
            "domain_name": parts.http_api.domain_name,
            "custom_headers": [{"name": EDGE_KEY, "value": parts.http_api.edge_key}],
            "connection_attempts": 2,
            "connection_timeout": 4,
            "custom_origin_config": {
                "http_port": 80,
                "https_port": 443,
                "origin_protocol_policy": "https-only",
                "origin_ssl_protocols": ["TLSv1.2"],
            },
        },
    ]
    return origins


def _or_shop(part: str) -> Any:
    return {
        "origin_id": f"{part}-or-shop",
        "failover_criteria": {"status_codes": list(MISSING)},
        "members": [{"origin_id": part}, {"origin_id": "shop"}],
    }


def _vpc_origin(
    name: str, balancer: BalancerLinks, internet: Resource, mine: ResourceOptions
) -> aws.cloudfront.VpcOrigin:
    policy = "https-only" if balancer.https else "http-only"
    return aws.cloudfront.VpcOrigin(
        name,
        vpc_origin_endpoint_config={
            # One that is in use cannot be changed, only followed by another of another name.
            "name": balancer.arn.apply(
                lambda arn: f"{name}-{hashlib.sha256(f'{arn} {policy}'.encode()).hexdigest()[:8]}"
            ),
            "arn": balancer.arn,
            "http_port": 80,
            "https_port": 443,
            "origin_protocol_policy": policy,
            "origin_ssl_protocols": {"items": ["TLSv1.2"], "quantity": 1},
        },
        # Hidden dependencies: a VPC origin wants a load balancer that listens, and a VPC with an
        # internet gateway for as long as it is there.
        opts=ResourceOptions(
            parent=mine.parent,
            depends_on=[balancer.listener, internet],
            replace_on_changes=["vpcOriginEndpointConfig"],
            custom_timeouts=CustomTimeouts(create="40m", update="40m", delete="40m"),
        ),
    )

"""The HTTP API: two routes, each to one function.

Visitors come through CloudFront, whose firewall counts their requests and looks into them; the API
has no firewall of its own. Functions answer nobody who does not bring the key that CloudFront adds,
and read no more than 16 KiB (API Gateway would take 10 MB).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components.functions import FunctionLinks
from components.names import API, NamesLinks, alias
from settings import RouteSettings

from .ground import Ground
from .serving import Visitors

POST_EVENTS = "POST /api/v1/events"
# As services/functions/shared/gateway.py has it. CloudFront refuses names that begin with x-edge-.
EDGE_KEY = "x-shop-edge-key"
GET_SHELF = "GET /api/v1/recommendations"
TIMEOUT_MILLISECONDS = 12_000  # longer than any function behind a route may take
CORS_SECONDS = 3600
# What is logged of a request: nothing that says who it was, and no cookie.
LOGGED = {
    "id": "$context.requestId",
    "time": "$context.requestTime",
    "address": "$context.identity.sourceIp",
    "route": "$context.routeKey",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "bytes": "$context.responseLength",
    "error": "$context.error.message",
    "function_error": "$context.integrationErrorMessage",
}


@dataclass(frozen=True, kw_only=True)
class HttpApiLinks:
    """Where the API is, and the paths that it answers; ``id`` is what metrics know it by.

    Requests are answered only with ``edge_key`` (a secret) in the header EDGE_KEY.
    """

    domain_name: Output[str]
    edge_key: Output[str]
    patterns: tuple[str, ...]
    id: Output[str]


@dataclass(frozen=True, kw_only=True)
class Route:
    """A route's function and limits; ``part`` is what its resources are called."""

    part: str
    function: FunctionLinks
    settings: RouteSettings


def http_api(
    ground: Ground, routes: Mapping[str, Route], visitors: Visitors, names: NamesLinks
) -> HttpApiLinks:
    """``routes`` by their key (such as "GET /path")."""
    name, mine = ground.name, ground.mine
    api = aws.apigatewayv2.Api(
        name,
        protocol_type="HTTP",
        description="Recommendations of the shop",
        ip_address_type="dualstack",
        # With a name of ours, there is no second way in.
        disable_execute_api_endpoint=names.site is not None,
        opts=mine,
        **_cors(visitors.origin),
    )
    limits = [_route(ground, api, key, route) for key, route in routes.items()]
    stage = aws.apigatewayv2.Stage(
        name,
        name="$default",
        api_id=api.id,
        auto_deploy=True,
        access_log_settings={"destination_arn": _log(ground).arn, "format": json.dumps(LOGGED)},
        default_route_settings={
            "throttling_rate_limit": min(route.settings.rate for route in routes.values()),
            "throttling_burst_limit": min(route.settings.burst for route in routes.values()),
        },
        route_settings=limits,
        opts=mine,
    )
    return HttpApiLinks(
        domain_name=_address(name, api, stage, names, mine),
        edge_key=visitors.edge_key,
        patterns=tuple(key.partition(" ")[2] for key in routes),
        id=api.id,
    )


def _cors(origin: str) -> dict[str, Any]:
    """Pages of the shop call their own origin; no other origin's may."""
    if not origin:
        return {}
    return {
        "cors_configuration": {
            "allow_origins": [origin],
            "allow_methods": ["GET", "POST"],
            "allow_headers": ["content-type"],
            "allow_credentials": True,
            "max_age": CORS_SECONDS,
        }
    }


def _route(ground: Ground, api: aws.apigatewayv2.Api, key: str, route: Route) -> Any:
    """The route's limits, which can be told to the stage once there is the route."""
    method, _, path = key.partition(" ")
    name, function, settings = f"{ground.name}-{route.part}", route.function, route.settings
    integration = aws.apigatewayv2.Integration(
        name,
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_method="POST",
        integration_uri=function.invoke_arn,
        payload_format_version="2.0",
        timeout_milliseconds=TIMEOUT_MILLISECONDS,
        opts=ground.mine,
    )
    made = aws.apigatewayv2.Route(
        name,
        api_id=api.id,
        route_key=key,
        target=Output.concat("integrations/", integration.id),
        opts=ground.mine,
    )
    aws.lambda_.Permission(
        name,
        action="lambda:InvokeFunction",
        function=function.name,
        qualifier=function.alias,
        principal="apigateway.amazonaws.com",
        source_arn=Output.concat(api.execution_arn, f"/*/{method}{path}"),
        opts=ground.mine,
    )
    return {
        "route_key": made.route_key,
        "throttling_rate_limit": settings.rate,
        "throttling_burst_limit": settings.burst,
        "detailed_metrics_enabled": True,
    }


def _log(ground: Ground) -> aws.cloudwatch.LogGroup:
    return aws.cloudwatch.LogGroup(
        f"{ground.name}-api",
        # API Gateway adds itself to a policy with an end; AWS lets it off below this name.
        name=f"/aws/vendedlogs/{ground.physical}/{ground.name}-api",
        retention_in_days=ground.settings.log_days,
        kms_key_id=ground.network.log_key_arn,
        opts=ground.mine,
    )


def _address(
    name: str,
    api: aws.apigatewayv2.Api,
    stage: aws.apigatewayv2.Stage,
    names: NamesLinks,
    mine: ResourceOptions,
) -> Output[str]:
    site, origin = names.site, names.origin
    if site is None or origin is None:
        # On a laptop it begins with http://.
        return api.api_endpoint.apply(lambda url: url.partition("://")[2])
    host = f"{API}.{site.domain}"
    made = aws.apigatewayv2.DomainName(
        name,
        domain_name=host,
        domain_name_configuration={
            "certificate_arn": origin.certificate_arn,  # of the stack's region
            "endpoint_type": "REGIONAL",
            "security_policy": "TLS_1_2",
            "ip_address_type": "dualstack",
        },
        opts=mine,
    )
    aws.apigatewayv2.ApiMapping(
        name, api_id=api.id, domain_name=made.domain_name, stage=stage.name, opts=mine
    )
    told = made.domain_name_configuration
    target: Input[str] = told.target_domain_name.apply(lambda found: found or "")
    zone: Input[str] = told.hosted_zone_id.apply(lambda found: found or "")
    for kind in ("A", "AAAA"):
        alias(f"{name}-{API}-{kind.lower()}", site, host, kind, target, zone, mine)
    return made.domain_name

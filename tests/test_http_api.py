"""The HTTP API: who may call what, how often, and how the edge finds it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.recommendations import EDGE_KEY
from graph import Graph
from tests.stacks import NO_DOMAIN, OWN_DOMAIN, graph_of
from tests.test_edge import DISTRIBUTION, behaviours, origins
from tests.test_recommendations import ALIAS, FUNCTION, named, variant

__all__ = ["variant"]  # the fixture
ROUTES = {"events": "POST /api/v1/events", "recommend": "GET /api/v1/recommendations"}


def kind(name: str) -> str:
    return f"aws:apigatewayv2/{name[0].lower()}{name[1:]}:{name}"


def test_each_route_calls_the_alias_of_its_function_and_may(
    variant: tuple[Graph, dict[str, Any]],
) -> None:
    graph, _ = variant
    api = graph.one(kind("Api"))
    assert len(graph.of_type(kind("Route"))) == len(ROUTES)
    for part, key in ROUTES.items():
        alias, integration = named(graph, ALIAS, part), named(graph, kind("Integration"), part)
        assert integration.inputs["integrationUri"] == alias.outputs["invokeArn"]
        assert integration.inputs["payloadFormatVersion"] == "2.0"
        function = named(graph, FUNCTION, part)
        patience = integration.inputs["timeoutMilliseconds"]
        assert function.inputs["timeout"] * 1000 <= patience <= 30_000
        route = named(graph, kind("Route"), part).inputs
        assert route == {
            "apiId": api.id,
            "routeKey": key,
            "target": f"integrations/{integration.id}",
        }
        permission = named(graph, "aws:lambda/permission:Permission", part).inputs
        assert permission["function"] == function.outputs["name"]
        assert permission["qualifier"] == "live"
        assert permission["principal"] == "apigateway.amazonaws.com"
        method, path = key.split(" ")
        assert permission["sourceArn"] == f"{api.outputs['executionArn']}/*/{method}{path}"
    callers = [p for p in graph.of_type("aws:lambda/permission:Permission")
                 if p.inputs["principal"] == "apigateway.amazonaws.com"]  # fmt: skip
    assert len(callers) == len(ROUTES)


def test_routes_have_limits_and_the_log_has_no_visitors(
    variant: tuple[Graph, dict[str, Any]],
) -> None:
    graph, told = variant
    stage = graph.one(kind("Stage"))
    assert (stage.inputs["name"], stage.inputs["autoDeploy"]) == ("$default", True)
    limits = {r["routeKey"]: r for r in stage.inputs["routeSettings"]}
    assert set(limits) == set(ROUTES.values())
    for part, key in ROUTES.items():
        settings = told["shop:recommendations"][part]
        assert limits[key]["throttlingRateLimit"] == settings["rate"]
        assert limits[key]["throttlingBurstLimit"] == settings["burst"]
        # The stage is refused while it names a route that is not there.
        assert named(graph, kind("Route"), part).urn in stage.dependencies
    group = named(graph, "aws:cloudwatch/logGroup:LogGroup", "api")
    log = stage.inputs["accessLogSettings"]
    assert log["destinationArn"] == group.outputs["arn"]
    line = json.loads(log["format"])
    assert line["status"] == "$context.status"
    said = log["format"].lower()
    assert not [word for word in ("cookie", "authoriz", "header", "token") if word in said]


def test_other_origins_may_not_call(variant: tuple[Graph, dict[str, Any]]) -> None:
    graph, told = variant
    cors = graph.one(kind("Api")).inputs.get("corsConfiguration")
    domain = told["shop:edge"]["domain"]
    own = f"https://{domain}" if domain else told["shop:web"].get("public_url")
    if own is None:  # CloudFront's name, which is not known yet: no other origin at all
        assert cors is None
        return
    assert cors["allowOrigins"] == [own]
    assert cors["allowMethods"] == ["GET", "POST"]


def test_the_edge_sends_both_paths_to_the_api(variant: tuple[Graph, dict[str, Any]]) -> None:
    graph, told = variant
    api, domain = graph.one(kind("Api")), told["shop:edge"]["domain"]
    origin = origins(graph)["api"]
    assert origin["customOriginConfig"]["originProtocolPolicy"] == "https-only"
    assert api.inputs["disableExecuteApiEndpoint"] is (domain is not None)
    if domain is None:
        assert f"https://{origin['domainName']}" == api.outputs["apiEndpoint"]
        assert graph.of_type(kind("DomainName")) == []
    else:
        assert origin["domainName"] == f"api.{domain}"
    for key in ROUTES.values():
        method, path = key.split(" ")
        behaviour = behaviours(graph)[path]
        assert behaviour["targetOriginId"] == "api"
        assert method in behaviour["allowedMethods"]
        # CachingDisabled, and everything forwarded but the host: the API answers to its own.
        assert behaviour["cachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        assert behaviour["originRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-38738e2966ac"
    # The edge adds a key, and functions answer nobody else. It is a secret everywhere.
    (header,) = origin["customHeaders"]
    assert header["name"] == EDGE_KEY
    assert graph.one(DISTRIBUTION).secrets == {"origins[].customHeaders[].value"}
    for part in ("events", "recommend"):
        function = named(graph, FUNCTION, part)
        assert function.secrets == {"environment.variables.EDGE_KEY"}
        assert function.inputs["environment"]["variables"]["EDGE_KEY"] == header["value"]
        assert len(header["value"]) >= 48
    assert named(graph, FUNCTION, "events").urn not in graph.one(DISTRIBUTION).options.depends_on


@pytest.mark.parametrize(
    ("stack", "changes", "domain"),
    [("prod", {}, "shop.example.com"), ("dev", OWN_DOMAIN, "shop.example.org")],
)
def test_with_a_domain_the_api_has_a_name_and_a_certificate(
    stack: str, changes: dict[str, Any], domain: str
) -> None:
    graph = graph_of(stack, changes)
    made, api = graph.one(kind("DomainName")), graph.one(kind("Api"))
    told = made.inputs["domainNameConfiguration"]
    validated = graph.one("aws:acm/certificateValidation:CertificateValidation")
    assert told["certificateArn"] == validated.outputs["certificateArn"]
    assert told["securityPolicy"] == "TLS_1_2"
    mapping = graph.one(kind("ApiMapping")).inputs
    assert mapping == {"apiId": api.id, "domainName": f"api.{domain}", "stage": "$default"}
    records = {
        (r.inputs["name"], r.inputs["type"]): r.inputs
        for r in graph.of_type("aws:route53/record:Record")
    }
    for type_ in ("A", "AAAA"):
        (alias,) = records[f"api.{domain}", type_]["aliases"]
        target = made.outputs["domainNameConfiguration"]
        assert alias["name"] == target["targetDomainName"]
        assert alias["zoneId"] == target["hostedZoneId"]


def test_no_two_stacks_want_the_same_name() -> None:
    def names(graph: Graph) -> set[tuple[str, str]]:
        """What is named by the program and must be unique in an account or in the world."""
        kinds = {
            "aws:cloudwatch/logGroup:LogGroup": "name",
            "aws:ssm/parameter:Parameter": "name",
            "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": "name",
            FUNCTION: "name",
            "aws:iam/role:Role": "name",
            "aws:s3/bucket:Bucket": "bucket",
            "aws:sqs/queue:Queue": "name",
            "aws:dynamodb/table:Table": "name",
            kind("DomainName"): "domainName",
            "aws:acm/certificate:Certificate": "domainName",
            "aws:route53/record:Record": "name",
            "aws:sesv2/emailIdentity:EmailIdentity": "emailIdentity",
        }
        return {
            (r.type, r.inputs[kinds[r.type]])
            for r in graph
            if r.type in kinds and kinds[r.type] in r.inputs
        }

    dev, prod = names(graph_of("dev")), names(graph_of("prod"))
    # Without a domain, too, and with the zone that both look up.
    dev |= names(graph_of("dev", NO_DOMAIN))
    assert dev
    assert prod
    assert not dev & prod

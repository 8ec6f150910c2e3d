"""Edge: CloudFront, with and without a domain."""

from __future__ import annotations

import json
from typing import Any

import pytest
from storefront.web import headers as storefront_headers
from storefront.web.cookies import CART_ITEMS, CookieJar

from graph import Graph, Resource
from tests.stacks import NO_DOMAIN, OWN_DOMAIN, ROOT, STACKS, config, graph_of

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
POLICY = "aws:cloudfront/cachePolicy:CachePolicy"
HEADERS = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{stack: (stack, {}) for stack in STACKS},
    "prod without a domain": ("prod", NO_DOMAIN),
    "dev without a domain": ("dev", NO_DOMAIN),
    "dev with a zone of its own": ("dev", OWN_DOMAIN),
}


@pytest.fixture(params=VARIANTS)
def graph(request: pytest.FixtureRequest) -> Graph:
    stack, changes = VARIANTS[str(request.param)]
    return graph_of(stack, changes)


def behaviours(graph: Graph) -> dict[str, dict[str, Any]]:
    made = graph.one(DISTRIBUTION).inputs
    ordered = {b["pathPattern"]: b for b in made["orderedCacheBehaviors"]}
    return {**ordered, "*": made["defaultCacheBehavior"]}


def origins(graph: Graph) -> dict[str, dict[str, Any]]:
    return {o["originId"]: o for o in graph.one(DISTRIBUTION).inputs["origins"]}


def named(graph: Graph, type_: str, id_: str) -> Resource:
    (found,) = [r for r in graph.of_type(type_) if r.id == id_]
    return found


def test_the_shop_is_reached_through_a_vpc_origin(graph: Graph) -> None:
    balancer = graph.one("aws:lb/loadBalancer:LoadBalancer")
    listener = graph.one("aws:lb/listener:Listener")
    vpc = graph.one("aws:cloudfront/vpcOrigin:VpcOrigin")
    told = vpc.inputs["vpcOriginEndpointConfig"]
    assert told["arn"] == balancer.outputs["arn"]
    protocol = {"HTTP": "http-only", "HTTPS": "https-only"}[listener.inputs["protocol"]]
    assert told["originProtocolPolicy"] == protocol
    assert told["name"].startswith("edge-")
    assert vpc.options.replace_on_changes == ("vpcOriginEndpointConfig",)
    assert vpc.options.timeouts["create"]
    assert listener.urn in vpc.options.depends_on
    assert origins(graph)["shop"]["vpcOriginConfig"]["vpcOriginId"] == vpc.id


def test_a_changed_vpc_origin_has_another_name() -> None:
    def name(changes: dict[str, Any]) -> str:
        made = graph_of("prod", changes).one("aws:cloudfront/vpcOrigin:VpcOrigin").inputs
        found: str = made["vpcOriginEndpointConfig"]["name"]
        return found

    assert name({}) != name(NO_DOMAIN)


def test_paths_go_to_their_origins(graph: Graph) -> None:
    groups = {
        g["originId"]: [m["originId"] for m in g["members"]]
        for g in graph.one(DISTRIBUTION).inputs["originGroups"]
    }
    found = {}
    for path, behaviour in behaviours(graph).items():
        target = behaviour["targetOriginId"]
        found[path] = groups.get(target, [target])
        assert behaviour["viewerProtocolPolicy"] == "redirect-to-https"
        assert behaviour["compress"] is True
    assert found == {
        "/static/*": ["files", "shop"],
        "/images/*": ["images", "shop"],
        "/maintenance.*": ["files"],
        "/api/v1/events": ["api"],
        "/api/v1/recommendations": ["api"],
        "*": ["shop"],
    }
    access = graph.one("aws:cloudfront/originAccessControl:OriginAccessControl")
    for part, bucket in (("images", "data-images"), ("files", "edge-files")):
        origin = origins(graph)[part]
        domain = graph.one("aws:s3/bucket:Bucket", bucket).outputs["bucketRegionalDomainName"]
        assert origin["domainName"] == domain
        assert origin["originAccessControlId"] == access.id


def test_groups_are_for_reading_only(graph: Graph) -> None:
    # CloudFront refuses to combine failover with methods that change something.
    for path, behaviour in behaviours(graph).items():
        writes = "POST" in behaviour["allowedMethods"]
        assert writes is (path == "*" or path.startswith("/api/"))
        assert not (writes and behaviour["targetOriginId"].endswith("-or-shop"))


def test_buckets_are_read_by_our_distributions_only(graph: Graph) -> None:
    for name in ("data-images", "edge-files"):
        policy = graph.one("aws:s3/bucketPolicy:BucketPolicy", name).inputs["policy"]
        (read,) = [s for s in json.loads(policy)["Statement"] if s["Effect"] == "Allow"]
        assert read["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert read["Action"] == "s3:GetObject"
        source = read["Condition"]["ArnLike"]["aws:SourceArn"]
        assert source == "arn:aws:cloudfront::123456789012:distribution/*"
    key = json.loads(graph.one("aws:kms/key:Key", "data").inputs["policy"])["Statement"]
    (decrypt,) = [s for s in key if s.get("Sid") == "CloudFront"]
    assert decrypt["Action"] == "kms:Decrypt"


def test_a_page_for_one_visitor_is_never_kept_for_another(graph: Graph) -> None:
    policy = named(graph, POLICY, behaviours(graph)["*"]["cachePolicyId"]).inputs
    key = policy["parametersInCacheKeyAndForwardedToOrigin"]
    jars = [CookieJar(secure=secure) for secure in (True, False)]
    ours = {CART_ITEMS, *(n for jar in jars for n in (jar.visitor_name, jar.session_name))}
    assert set(key["cookiesConfig"]["cookies"]["items"]) == ours
    assert key["queryStringsConfig"]["queryStringBehavior"] == "all"
    # Kept only for as long as the storefront says.
    assert (policy["minTtl"], policy["defaultTtl"]) == (0, 0)


def test_the_shop_hears_everything_and_the_visitors_address(graph: Graph) -> None:
    forwarded = graph.one("aws:cloudfront/originRequestPolicy:OriginRequestPolicy").inputs
    assert forwarded["cookiesConfig"]["cookieBehavior"] == "all"
    assert forwarded["queryStringsConfig"]["queryStringBehavior"] == "all"
    assert forwarded["headersConfig"] == {
        "headerBehavior": "allViewerAndWhitelistCloudFront",
        "headers": {"items": ["CloudFront-Viewer-Address"]},
    }
    assert behaviours(graph)["*"]["originRequestPolicyId"] == forwarded.get(
        "id", graph.one("aws:cloudfront/originRequestPolicy:OriginRequestPolicy").id
    )


def test_files_are_kept_under_their_path_and_images_by_size(graph: Graph) -> None:
    for path, query in (("/static/*", None), ("/images/*", {"format", "height", "width"})):
        policy = named(graph, POLICY, behaviours(graph)[path]["cachePolicyId"]).inputs
        key = policy["parametersInCacheKeyAndForwardedToOrigin"]
        assert key["cookiesConfig"]["cookieBehavior"] == "none"
        told = key["queryStringsConfig"]
        assert told["queryStringBehavior"] == ("whitelist" if query else "none")
        assert set(told.get("queryStrings", {}).get("items", [])) == (query or set())
        assert policy["maxTtl"] == 31_536_000


def sent(policy: dict[str, Any]) -> dict[str, str]:
    """The headers that a response headers policy adds, as they are sent."""
    told = policy["securityHeadersConfig"]
    hsts = told["strictTransportSecurity"]
    words = [f"max-age={hsts['accessControlMaxAgeSec']}"]
    words += ["includeSubDomains"] if hsts["includeSubdomains"] else []
    words += ["preload"] if hsts["preload"] else []
    assert all(part["override"] is False for part in told.values())
    others = policy["customHeadersConfig"]["items"]
    assert all(item["override"] is False for item in others)
    cors = {}
    if (shared := policy.get("corsConfig")) is not None:
        assert shared["originOverride"] is False
        assert shared["accessControlAllowCredentials"] is False
        cors["access-control-allow-origin"] = shared["accessControlAllowOrigins"]["items"][0]
    return {
        **cors,
        "content-security-policy": told["contentSecurityPolicy"]["contentSecurityPolicy"],
        "x-content-type-options": "nosniff",
        "x-frame-options": told["frameOptions"]["frameOption"],
        "referrer-policy": told["referrerPolicy"]["referrerPolicy"],
        "strict-transport-security": "; ".join(words),
        **{item["header"]: item["value"] for item in others},
    }


@pytest.mark.parametrize(
    ("path", "content_policy"),
    [
        ("*", storefront_headers.page_policy()),
        ("/maintenance.*", storefront_headers.page_policy()),
        ("/images/*", storefront_headers.IMAGE_POLICY),
        ("/static/*", storefront_headers.IMAGE_POLICY),
    ],
)
@pytest.mark.parametrize("asset_host", [None, "https://assets.example.com"])
def test_headers_are_those_of_the_storefront(
    path: str, content_policy: bytes, asset_host: str | None
) -> None:
    graph = graph_of("prod", {"shop:web.assets_url": asset_host})
    policy = named(graph, HEADERS, behaviours(graph)[path]["responseHeadersPolicyId"])
    own = [*storefront_headers.security(secure=True), storefront_headers.OWN_SITE]
    if asset_host and content_policy == storefront_headers.IMAGE_POLICY:
        own += storefront_headers.FOR_ANY_SITE
    assert sent(policy.inputs) == {
        **{name.decode(): value.decode() for name, value in own},
        "content-security-policy": content_policy.decode(),
    }


def test_when_nobody_answers_visitors_see_a_page_that_says_so(graph: Graph) -> None:
    errors = graph.one(DISTRIBUTION).inputs["customErrorResponses"]
    assert {e["errorCode"] for e in errors} == {502, 503, 504}
    objects = {
        o.inputs["key"]: o.inputs for o in graph.of_type("aws:s3/bucketObjectv2:BucketObjectv2")
    }
    for error in errors:
        assert error["responsePagePath"] == "/maintenance.html"
        assert error["responseCode"] == 503
        assert error["errorCachingMinTtl"] == 0
    page = (ROOT / "services/storefront/maintenance/maintenance.html").read_text()
    assert 'href="/maintenance.css"' in page
    assert "style=" not in page  # the page's policy allows none
    for key, kind in (("maintenance.html", "text/html"), ("maintenance.css", "text/css")):
        assert objects[key]["contentType"].startswith(kind)
        assert (ROOT / "services/storefront/maintenance" / key).is_file()


def test_the_distribution_is_modern_logged_and_guarded(graph: Graph) -> None:
    made = graph.one(DISTRIBUTION)
    assert made.inputs["httpVersion"] == "http2and3"
    assert made.inputs["isIpv6Enabled"] is True
    assert made.inputs["webAclId"] == graph.one("aws:wafv2/webAcl:WebAcl").outputs["arn"]
    source = graph.one("aws:cloudwatch/logDeliverySource:LogDeliverySource")
    destination = graph.one("aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination")
    assert source.inputs["resourceArn"] == made.outputs["arn"]
    logs = graph.one("aws:s3/bucket:Bucket", "data-logs").outputs["arn"]
    told = destination.inputs["deliveryDestinationConfiguration"]
    assert told["destinationResourceArn"] == logs
    delivery = graph.one("aws:cloudwatch/logDelivery:LogDelivery")
    assert delivery.inputs["region"] == source.inputs["region"] == "us-east-1"


def test_countries_are_blocked_by_settings() -> None:
    everyone = graph_of("prod", {"shop:edge.blocked_countries": []}).one(DISTRIBUTION)
    none = everyone.inputs["restrictions"]["geoRestriction"]
    assert none["restrictionType"] == "none"
    blocked = graph_of("prod", {"shop:edge.blocked_countries": ["KP"]}).one(DISTRIBUTION)
    geo = blocked.inputs["restrictions"]["geoRestriction"]
    assert geo == {"restrictionType": "blacklist", "locations": ["KP"]}


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_says_where_it_is_seen(stack: str) -> None:
    told = config(stack)["shop:web"].get("public_url")
    assert graph_of(stack).exports["public_url"].startswith(told or "https://")

"""Reads the policies that cache behaviours name, declared ones and AWS's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.kubernetes import RefusedError

from .plan import Caching, Forwarding, Header, Names

if TYPE_CHECKING:
    from graph import Graph, Resource

CACHE = "aws:cloudfront/cachePolicy:CachePolicy"
REQUEST = "aws:cloudfront/originRequestPolicy:OriginRequestPolicy"
RESPONSE = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
VIEWER_ADDRESS = "cloudfront-viewer-address"
Told = Mapping[str, Any]

# AWS's own, the same in every account, as its documentation describes them.
_CACHING = {
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": Caching(shortest=0, default=0, longest=0),
    "658327ea-f89d-4fab-a63d-7e88639e58f6": Caching(
        shortest=1, default=86_400, longest=31_536_000, encodings=("br", "gzip")
    ),
}
_FORWARDING = {
    "216adef6-5c7f-47e4-b989-5492eafa07d3": Forwarding(headers="all", cookies="all", query="all"),
    "b689b0a8-53d0-40ab-baf2-38738e2966ac": Forwarding(
        headers="all", not_headers=("host",), cookies="all", query="all"
    ),
}


def _hsts(told: Told) -> str:
    words = [f"max-age={int(told['accessControlMaxAgeSec'])}"]
    words += ["includeSubDomains"] if told.get("includeSubdomains") else []
    words += ["preload"] if told.get("preload") else []
    return "; ".join(words)


def _xss(told: Told) -> str:
    if not told["protection"]:
        return "0"
    return "1; mode=block" if told.get("modeBlock") else "1"


_SECURITY: Mapping[str, tuple[str, Callable[[Told], str]]] = {
    "contentTypeOptions": ("x-content-type-options", lambda _: "nosniff"),
    "frameOptions": ("x-frame-options", lambda told: told["frameOption"]),
    "referrerPolicy": ("referrer-policy", lambda told: told["referrerPolicy"]),
    "contentSecurityPolicy": (
        "content-security-policy",
        lambda told: told["contentSecurityPolicy"],
    ),
    "strictTransportSecurity": ("strict-transport-security", _hsts),
    "xssProtection": ("x-xss-protection", _xss),
}


def named(graph: Graph, type_: str, id_: str) -> Resource:
    """The declared policy with this id; raises RefusedError."""
    for resource in graph.of_type(type_):
        if resource.id == id_:
            return resource
    raise RefusedError(f"the laptop knows no {type_.rpartition(':')[2]} {id_}")


def caching(graph: Graph, id_: str) -> Caching:
    """A cache policy; raises RefusedError for one that is neither declared nor known."""
    if id_ in _CACHING:
        return _CACHING[id_]
    told = named(graph, CACHE, id_).inputs
    key = told["parametersInCacheKeyAndForwardedToOrigin"]
    encodings = (("enableAcceptEncodingBrotli", "br"), ("enableAcceptEncodingGzip", "gzip"))
    return Caching(
        shortest=int(told.get("minTtl") or 0),
        default=int(86_400 if told.get("defaultTtl") is None else told["defaultTtl"]),
        longest=int(31_536_000 if told.get("maxTtl") is None else told["maxTtl"]),
        cookies=_names(key["cookiesConfig"], "cookieBehavior", "cookies"),
        query=_names(key["queryStringsConfig"], "queryStringBehavior", "queryStrings"),
        headers=_lower(_names(key["headersConfig"], "headerBehavior", "headers")),
        encodings=tuple(name for switch, name in encodings if key.get(switch)),
    )


def forwarding(graph: Graph, id_: str | None, key: Caching) -> Forwarding:
    """What an origin hears: the cache key's parts, and those of an origin request policy."""
    if not id_:
        return Forwarding(headers=key.headers, cookies=key.cookies, query=key.query)
    if id_ in _FORWARDING:
        return _FORWARDING[id_]
    told = named(graph, REQUEST, id_).inputs
    headers: Names
    items = {
        str(name).lower() for name in (told["headersConfig"].get("headers") or {}).get("items", [])
    }
    own = {name for name in items if name.startswith("cloudfront-")}
    if unknown := own - {VIEWER_ADDRESS}:
        raise RefusedError(f"the laptop cannot tell {', '.join(sorted(unknown))}")
    match told["headersConfig"]["headerBehavior"]:
        case "none":
            headers = key.headers
        case "whitelist":
            headers = _more(key.headers, tuple(sorted(items - own)))
        case "allViewer" | "allViewerAndWhitelistCloudFront":
            headers = "all"
        case "allExcept":
            return Forwarding(
                headers="all",
                not_headers=tuple(sorted(items)),
                cookies=_more(
                    key.cookies, _names(told["cookiesConfig"], "cookieBehavior", "cookies")
                ),
                query=_more(
                    key.query,
                    _names(told["queryStringsConfig"], "queryStringBehavior", "queryStrings"),
                ),
            )
        case other:
            raise RefusedError(f"the laptop has no header behaviour {other}")
    return Forwarding(
        headers=headers,
        cookies=_more(key.cookies, _names(told["cookiesConfig"], "cookieBehavior", "cookies")),
        query=_more(
            key.query, _names(told["queryStringsConfig"], "queryStringBehavior", "queryStrings")
        ),
        viewer_address=VIEWER_ADDRESS in own,
    )


def _names(told: Told, behaviour: str, what: str) -> Names:
    match told[behaviour]:
        case "all":
            return "all"
        case "none":
            return "none"
        case "whitelist":
            return tuple(str(name) for name in told[what]["items"])
        case other:
            raise RefusedError(f"the laptop has no {behaviour} {other}")


def _lower(names: Names) -> Names:
    return names if isinstance(names, str) else tuple(name.lower() for name in names)


def _more(first: Names, second: Names) -> Names:
    if "all" in (first, second):
        return "all"
    both = {name for names in (first, second) if names != "none" for name in names}
    return tuple(sorted(both)) or "none"


def response_headers(graph: Graph, id_: str | None) -> tuple[tuple[Header, ...], tuple[str, ...]]:
    """Headers that are added, and names of those taken away; raises RefusedError."""
    if not id_:
        return (), ()
    told = named(graph, RESPONSE, id_).inputs
    if told.get("corsConfig"):
        raise RefusedError("the laptop has no CORS at its edge")
    security = told.get("securityHeadersConfig") or {}
    if unknown := security.keys() - _SECURITY.keys():
        raise RefusedError(f"the laptop has no {', '.join(sorted(unknown))}")
    added = [
        Header(name=name, value=str(value(security[key])), override=bool(security[key]["override"]))
        for key, (name, value) in _SECURITY.items()
        if security.get(key)
    ]
    for item in (told.get("customHeadersConfig") or {}).get("items") or []:
        name = str(item["header"]).lower()
        added.append(Header(name=name, value=item["value"], override=bool(item["override"])))
    gone = (told.get("removeHeadersConfig") or {}).get("items") or []
    return tuple(added), tuple(str(item["header"]).lower() for item in gone)

"""What the edge keeps, under which key, and what it tells the origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output, ResourceOptions

# Whoever has one of these gets an answer of their own, which the storefront calls private. Without
# any, all visitors share a page for as long as the storefront says.
COOKIES = ["__Host-session", "__Host-visitor", "cart_items", "session", "visitor"]
# What pictures will be asked for in; other parameters must not make copies.
SIZES = ["format", "height", "width"]
DAY, YEAR = 86_400, 31_536_000


@dataclass(frozen=True, kw_only=True)
class Caching:
    """Ids of cache policies, and of what is forwarded to the shop."""

    pages: Output[str]
    files: Output[str]
    images: Output[str]
    forwarded: Output[str]


def caching(name: str, opts: ResourceOptions) -> Caching:
    """Policies for pages, static files and images."""
    forwarded = aws.cloudfront.OriginRequestPolicy(
        f"{name}-shop",
        comment="Everything, and the visitor's address",
        cookies_config={"cookie_behavior": "all"},
        headers_config={
            "header_behavior": "allViewerAndWhitelistCloudFront",
            # The storefront counts attempts by address; what a visitor sends may be made up.
            "headers": {"items": ["CloudFront-Viewer-Address"]},
        },
        query_strings_config={"query_string_behavior": "all"},
        opts=opts,
    )
    return Caching(
        # Not kept at all unless the storefront says for how long.
        pages=_policy(f"{name}-pages", "Pages", 0, 3600, COOKIES, None, opts),
        files=_policy(f"{name}-files", "Static files", DAY, YEAR, [], [], opts),
        images=_policy(f"{name}-images", "Images, by size", DAY, YEAR, [], SIZES, opts),
        forwarded=forwarded.id,
    )


def _policy(
    name: str,
    comment: str,
    default: int,
    longest: int,
    cookies: Sequence[str],
    query: Sequence[str] | None,
    opts: ResourceOptions,
) -> Output[str]:
    """``query`` are the parameters of the key; None is all of them. Times are seconds."""
    made = aws.cloudfront.CachePolicy(
        name,
        comment=comment,
        min_ttl=0,
        default_ttl=default,
        max_ttl=longest,
        parameters_in_cache_key_and_forwarded_to_origin={
            "enable_accept_encoding_brotli": True,
            "enable_accept_encoding_gzip": True,
            "headers_config": {"header_behavior": "none"},
            "cookies_config": {
                "cookie_behavior": "whitelist",
                "cookies": {"items": list(cookies)},
            }
            if cookies
            else {"cookie_behavior": "none"},
            "query_strings_config": {
                "query_string_behavior": "whitelist",
                "query_strings": {"items": list(query)},
            }
            if query
            else {"query_string_behavior": "all" if query is None else "none"},
        },
        opts=opts,
    )
    return made.id

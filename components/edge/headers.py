"""The security headers of everything that the edge sends, the storefront's own among them.

The storefront sends the same, so that the shop is as safe without an edge; a test holds the two
together. What an origin sends wins, because only it knows what a page needs.
"""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import Output, ResourceOptions

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; object-src 'none'; manifest-src 'self'"
)
# A picture opened by itself may style itself, and nothing else.
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
OTHERS = {
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
}
CORP = "cross-origin-resource-policy"
TWO_YEARS = 63_072_000


def header_policy(
    name: str, content_policy: str, opts: ResourceOptions, *, for_any_site: bool = False
) -> Output[str]:
    """The id of a policy that adds what an origin left out.

    ``for_any_site`` lets pages of another host load the files, as an asset host's do.
    """
    others = {**OTHERS, CORP: "cross-origin" if for_any_site else "same-origin"}
    made = aws.cloudfront.ResponseHeadersPolicy(
        name,
        comment="Security headers of the shop",
        security_headers_config={
            "content_security_policy": {
                "content_security_policy": content_policy,
                "override": False,
            },
            "content_type_options": {"override": False},
            "frame_options": {"frame_option": "DENY", "override": False},
            "referrer_policy": {
                "referrer_policy": "strict-origin-when-cross-origin",
                "override": False,
            },
            "strict_transport_security": {
                "access_control_max_age_sec": TWO_YEARS,
                "include_subdomains": True,
                "preload": False,
                "override": False,
            },
        },
        custom_headers_config={
            "items": [
                {"header": header, "value": value, "override": False}
                for header, value in others.items()
            ]
        },
        cors_config={
            "access_control_allow_credentials": False,
            "access_control_allow_headers": {"items": ["*"]},
            "access_control_allow_methods": {"items": ["GET", "HEAD"]},
            "access_control_allow_origins": {"items": ["*"]},
            "origin_override": False,
        }
        if for_any_site
        else None,
        opts=opts,
    )
    return made.id

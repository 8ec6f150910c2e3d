"""Response headers as ready-made byte pairs, so that no request pays for building them."""

from __future__ import annotations

from collections.abc import Iterable

Headers = list[tuple[bytes, bytes]]


def page_policy(assets_url: str = "") -> bytes:
    """What a page may load: the shop's own, and static files and pictures of the asset host."""
    own = f"'self' {assets_url}".strip()
    return (
        f"default-src 'none'; script-src {own}; style-src {own}; img-src {own} https: data:; "
        f"font-src {own}; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; object-src 'none'; manifest-src 'self'"
    ).encode()


# A picture opened by itself may style itself, and nothing else.
IMAGE_POLICY = b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

_ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
]
# What is said unless the answer says otherwise.
OWN_SITE = (b"cross-origin-resource-policy", b"same-origin")
# Static files and pictures of a shop with an asset host, which is another site to browsers: fonts
# load from there only if it says so. They are the same for all and know nobody.
FOR_ANY_SITE: Headers = [
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"access-control-allow-origin", b"*"),
]
HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")

# Shared caches may keep what is the same for every first-time visitor, never what has a cookie.
PRIVATE: Headers = [(b"cache-control", b"private, no-store"), (b"vary", b"Cookie")]
NO_STORE = (b"cache-control", b"no-store")
IMMUTABLE = (b"cache-control", b"public, max-age=31536000, immutable")


def public(seconds: int) -> Headers:
    """For pages that are the same for everyone without cookies; ``seconds`` in shared caches."""
    policy = f"public, max-age=0, s-maxage={seconds}, stale-while-revalidate=30, stale-if-error=600"
    return [(b"cache-control", policy.encode()), (b"vary", b"Cookie")]


def security(*, secure: bool) -> Headers:
    """What every response carries, apart from what some say otherwise."""
    return [*_ALWAYS, HSTS] if secure else list(_ALWAYS)


def has(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bool:
    """Whether a lower-case name is among the headers."""
    return any(key == name for key, _ in headers)

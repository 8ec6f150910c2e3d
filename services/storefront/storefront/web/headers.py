"""Response headers as ready-made byte pairs, so that no request pays for building them."""

from __future__ import annotations

from collections.abc import Iterable

Headers = list[tuple[bytes, bytes]]

PAGE_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; "
    b"font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'; object-src 'none'; manifest-src 'self'"
)
# A picture opened by itself may style itself, and nothing else.
IMAGE_POLICY = b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

_ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
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
    """What every response carries, apart from its content security policy."""
    return [*_ALWAYS, HSTS] if secure else list(_ALWAYS)


def has(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bool:
    """Whether a lower-case name is among the headers."""
    return any(key == name for key, _ in headers)

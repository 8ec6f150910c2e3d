"""What is counted of requests, and who may see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from starlette.requests import Request
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Scope

from storefront.domain.errors import NotFoundError
from storefront.health import is_loopback
from storefront.metrics import Journey, Metrics, Traffic

from .api.openapi import PREFIX
from .headers import NO_STORE
from .reply import Reply

PROBES = ("/healthz", "/readyz", "/metrics")
_SEARCH = ("/search", f"{PREFIX}/products")
_PLAIN = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
_FORWARDED = ("forwarded", "x-forwarded-for", "via", "x-amzn-trace-id")
# By the first part of a path, that of the API without its prefix.
_JOURNEYS: dict[str, Journey] = {
    "": "browse",
    "c": "browse",
    "p": "browse",
    "products": "browse",
    "categories": "browse",
    "cart": "cart",
    "checkout": "checkout",
    "orders": "account",
    "account": "account",
    "login": "account",
    "register": "account",
    "logout": "account",
    "auth": "account",
    "me": "account",
}


def journey_of(template: str) -> Journey | None:
    """What visitors do at a route template; None for probes."""
    if template in PROBES:
        return None
    if template in _SEARCH:
        return "search"
    return _JOURNEYS.get(template.removeprefix(PREFIX).split("/")[1], "other")


class RouteTable:
    """Counts of every route, found by the endpoint that the router has noted in the scope."""

    def __init__(self, metrics: Metrics, routes: Iterable[BaseRoute]) -> None:
        self._nowhere = Traffic("unmatched", "other")
        self._known = {  # by identity, as not all endpoints can be hashed; routes keep them alive
            id(endpoint): Traffic(name, journey_of(path))
            for endpoint, name, path in _each(routes, "")
        }
        metrics.traffic += [*self._known.values(), self._nowhere]

    def of(self, scope: Scope) -> Traffic:
        """The counts to which a request belongs, once it was routed or found in memory."""
        return self._known.get(id(scope.get("endpoint")), self._nowhere)


def _each(routes: Iterable[BaseRoute], prefix: str) -> Iterator[tuple[object, str, str]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _each(route.routes, prefix + route.path)
        elif isinstance(route, Route):
            methods = sorted((route.methods or set()) - {"HEAD"}) or ["ANY"]
            yield route.endpoint, f"{','.join(methods)} {prefix}{route.path}", prefix + route.path


class MetricsPage:
    """GET /metrics, for this machine only: for everybody else there is nothing."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def show(self, request: Request) -> Reply:
        """The numbers as text; raises NotFoundError for whoever comes from elsewhere."""
        near = is_loopback(request.client.host if request.client else "")
        # A proxy on this machine is near as well, but speaks for somebody who is not.
        if not near or any(name in request.headers for name in _FORWARDED):
            raise NotFoundError("There is nothing at this address.")
        return Reply(200, [_PLAIN, NO_STORE], self._metrics.text().encode())

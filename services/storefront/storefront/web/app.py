"""The web application: routes to handlers, behind the front."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Mount, Route, Router

from storefront.domain.errors import ShopError
from storefront.wiring import Shop

from .api.openapi import PREFIX
from .api.operations import OPERATIONS, Operation
from .failures import Failures
from .front import Front
from .inputs import query
from .metrics import MetricsPage, RouteTable
from .office import BackOffice
from .page_cache import PageCache
from .pages import account, buying, catalogue, checkout, information, reviews
from .reply import Reply
from .site import Site

# Pages that are the same for everyone, most visited first.
_SHARED = (
    ("/c/{category}", catalogue.category),
    ("/p/{slug}", catalogue.product),
    ("/p/{slug}/reviews", reviews.all_reviews),
    ("/", catalogue.home),
    ("/search", catalogue.search),
)
_PERSONAL = (
    ("GET", "/cart", buying.show_cart),
    ("POST", "/cart/items", buying.add_item),
    ("POST", "/cart/items/{sku}", buying.change_item),
    ("GET", "/checkout", checkout.show_checkout),
    ("POST", "/checkout", checkout.send_checkout),
    ("GET", "/orders/{number}", buying.show_order),
    ("GET", "/p/{slug}/review", reviews.show_review),
    ("POST", "/p/{slug}/review", reviews.send_review),
    ("GET", "/account", account.show_account),
    ("GET", "/account/orders", account.show_orders),
    ("GET", "/login", account.show_login),
    ("POST", "/login", account.send_login),
    ("GET", "/register", account.show_register),
    ("POST", "/register", account.send_register),
    ("POST", "/logout", account.send_logout),
    ("GET", "/privacy", information.privacy),
    ("GET", "/openapi.json", information.openapi),
    ("GET", "/docs", information.docs),
    ("GET", "/robots.txt", information.robots),
    ("GET", "/sitemap.xml", information.sitemap),
    ("GET", "/favicon.ico", information.favicon),
)


def create_app(shop: Shop) -> Starlette:
    """The ASGI application for a shop; its health is watched while its lifespan lasts."""
    site = Site(shop)
    pages = PageCache(site)
    failures = Failures(site)
    office = BackOffice(site)
    routes = _routes(site, pages, office)
    table = RouteTable(shop.metrics, [*routes, *office.routes])

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with site.health.watching():
            yield

    app = Starlette(
        routes=routes,
        middleware=[Middleware(Front, site=site, pages=pages, failures=failures, table=table)],
        exception_handlers={HTTPException: failures.on_error, ShopError: failures.on_error},  # type: ignore[dict-item]
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.site = site
    return app


def _routes(site: Site, pages: PageCache, office: BackOffice) -> list[BaseRoute]:
    """All routes, the busiest first."""
    api = Router(
        [
            Route(operation.path, partial(_call, site, operation), methods=[operation.method])
            for operation in OPERATIONS
        ],
        redirect_slashes=False,
    )
    return [
        *(Route(path, partial(pages.serve, make)) for path, make in _SHARED),
        Mount(PREFIX, app=api),
        Route("/images/{key:path}", site.pictures.serve),
        Route("/static/{name}", site.assets.serve),
        Route("/healthz", site.health.live),
        Route("/readyz", site.health.ready),
        Route("/metrics", MetricsPage(site.shop.metrics).show),
        *(
            Route(path, partial(handler, site), methods=[method])
            for method, path, handler in _PERSONAL
        ),
        Route("/admin{rest:path}", office),
    ]


async def _call(site: Site, operation: Operation, request: Request) -> Reply:
    """An API call; parameters that it does not know are refused before anything happens."""
    query(request.scope, operation.query)
    return await operation.handler(site, request)

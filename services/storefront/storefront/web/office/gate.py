"""The door of the back office: whoever is not staff now finds nothing behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from storefront.domain.accounts import Caller
from storefront.domain.errors import ForbiddenError, NotFoundError, NotSignedInError
from storefront.usecases.accounts import require_staff
from storefront.web.reply import Reply
from storefront.web.site import Site

from . import orders, overview, products, reviews

Handler = Callable[[Site, Request, Caller], Awaitable[Reply | Response]]
_CALLER = "shop.staff"
PAGES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/admin", overview.show_overview),
    ("GET", "/admin/orders", orders.list_orders),
    ("GET", "/admin/orders.csv", orders.export_orders),
    ("GET", "/admin/orders/{number}", orders.show_order),
    ("GET", "/admin/products", products.list_products),
    ("GET", "/admin/products/{sku}", products.show_product),
    ("POST", "/admin/products/{sku}/price", products.send_price),
    ("POST", "/admin/products/{sku}/stock", products.send_stock),
    ("GET", "/admin/reviews", reviews.list_reviews),
    ("POST", "/admin/reviews/{id}/remove", reviews.remove_review),
)


class BackOffice:
    """An ASGI application for /admin and all below.

    Staff rights are looked up with every request, before anything else about it: also a method that
    does not exist, or a body that makes no sense, is "not found" to everybody else.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self.routes = [
            Route(path, self._made(page), methods=[method]) for method, path, page in PAGES
        ]
        self._router = Router(self.routes, redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let staff in; raises NotFoundError for everybody else."""
        visitor = await self._site.visitor(Request(scope))
        try:
            await require_staff(self._site.shop.accounts, visitor.caller)
        except (NotSignedInError, ForbiddenError):
            raise NotFoundError("There is nothing at this address.") from None
        scope[_CALLER] = visitor.caller
        await self._router(scope, receive, send)

    def _made(self, page: Handler) -> Callable[[Request], Awaitable[Reply | Response]]:
        async def call(request: Request) -> Reply | Response:
            return await page(self._site, request, request.scope[_CALLER])

        return call

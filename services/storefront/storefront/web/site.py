"""What the web layer is made of; built once a process, handed to every handler."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.types import Scope

from storefront.domain.accounts import Caller
from storefront.domain.catalogue import (
    Category,
    ProductPage,
    Query,
)
from storefront.domain.errors import UnavailableError
from storefront.settings import Settings
from storefront.usecases import accounts
from storefront.wiring import Shop

from .assets import Assets
from .cookies import NOTHING, CookieJar, Sent, new_token, visitor_id
from .headers import PRIVATE, public
from .health import Health
from .images import Pictures
from .lists import Lists
from .remember import Remembered
from .render import Page, Templates
from .reply import HTML, Reply
from .shelves import Shelves

_NAVIGATION_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sent a request, and the cookies that the answer should set."""

    caller: Caller
    token: str  # of the visitor cookie, new or old
    set_cookies: list[str]


class Site:
    """The parts of the web layer, with the few things that most handlers do."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.settings: Settings = shop.settings
        self.jar = CookieJar(secure=shop.settings.cookie_secure)
        self.assets = Assets(host=shop.settings.assets_url)
        self.templates = Templates(shop.settings, self.assets)
        self.lists = Lists(self.templates)
        self.health = Health(shop.checks, shop.started)
        self.shelves = Shelves(shop)
        self.pictures = Pictures(shop.images, for_any_site=bool(shop.settings.assets_url))
        # What may be some seconds or minutes old without anyone minding.
        self.counts: Remembered[Query, ProductPage] = Remembered(5.0, 1000)
        self.tiles: Remembered[Query, ProductPage] = Remembered(300.0, 200)
        self._navigation: Remembered[str, list[Category]] = Remembered(_NAVIGATION_SECONDS, 1)
        self._public = [HTML, *public(shop.settings.page_cache_seconds)]
        self._private = [HTML, *PRIVATE]

    async def categories(self) -> list[Category]:
        """The categories, some seconds old at most while the catalogue is up."""
        return await self._navigation.get("", self.shop.catalogue.categories)

    async def navigation(self) -> list[Category]:
        """As `categories`, and none rather than an error: for pages that can do without."""
        try:
            return await self.categories()
        except UnavailableError:
            return []

    async def visitor(self, request: Request, *, remember: bool = False) -> Visitor:
        """Who is asking; with ``remember`` a visitor without a cookie is given one."""
        sent = cookies_of(request.scope)
        token, new = sent.visitor, list[str]()
        if remember and not token:
            token = new_token()
            new.append(self.jar.visitor(token))
        caller = await accounts.identify(
            self.shop.sessions, visitor_id(token), sent.session or None
        )
        return Visitor(caller, token, new)

    def show(self, page: Page, sent: Sent, *, shared: bool, status: int = 200) -> Reply:
        """A page as an answer; only a ``shared`` one without any cookie of ours may be cached."""
        piece = self.templates.you(signed_in=bool(sent.session), cart_items=sent.cart_items)
        headers = self._public if shared and not sent.any_of_ours else self._private
        return Reply(status, list(headers), page.whole(piece))

    def show_with_cart(
        self, page: Page, request: Request, visitor: Visitor, count: int, *, status: int = 200
    ) -> Reply:
        """A personal page that has seen the cart: the number in the header is right again."""
        sent = cookies_of(request.scope)
        cookies = list(visitor.set_cookies)
        if min(count, 999) != sent.cart_items:
            cookies.append(self.jar.cart_items(count))
            sent = replace(sent, cart_items=min(count, 999))
        return self.show(page, sent, shared=False, status=status).cookies(cookies)


def cookies_of(scope: Scope) -> Sent:
    """The shop's cookies of a request, as the front has read them."""
    sent: Sent = scope.get("shop.cookies", NOTHING)
    return sent


def body_of(request: Request) -> bytes:
    """The body of a state-changing request, as the front has read it."""
    body: bytes = request.scope.get("shop.body", b"")
    return body

"""Signing in and out, the same for pages and programs: use cases, cookies and client address."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from starlette.requests import Request

from storefront.domain.accounts import Caller, Customer
from storefront.domain.errors import UnavailableError
from storefront.usecases import accounts, carts

from .cookies import visitor_id
from .site import Site, cookies_of


@dataclass(frozen=True, slots=True)
class Signed:
    """A customer who just signed in, and the cookies to set."""

    customer: Customer
    cookies: list[str]


async def register(site: Site, request: Request, *, email: str, password: str, name: str) -> Signed:
    """Register and sign in; raises what the use case raises."""
    shop, sent = site.shop, cookies_of(request.scope)
    customer, token = await accounts.register(
        shop.accounts,
        shop.sessions,
        shop.carts,
        shop.limiter,
        email=email,
        password=password,
        name=name,
        address=client_address(request),
        visitor_id=visitor_id(sent.visitor),
    )
    return await _signed(site, request, customer, token)


async def sign_in(site: Site, request: Request, *, email: str, password: str) -> Signed:
    """Sign in; raises what the use case raises."""
    shop, sent = site.shop, cookies_of(request.scope)
    customer, token = await accounts.sign_in(
        shop.accounts,
        shop.sessions,
        shop.carts,
        shop.limiter,
        email=email,
        password=password,
        address=client_address(request),
        visitor_id=visitor_id(sent.visitor),
    )
    return await _signed(site, request, customer, token)


async def sign_out(site: Site, request: Request) -> list[str]:
    """End the session; returns the cookies to set.

    The visitor's token goes too: whoever sits down next must not find the orders of this visit.
    """
    await accounts.sign_out(site.shop.sessions, cookies_of(request.scope).session)
    return [site.jar.session(""), site.jar.forget_visitor(), site.jar.cart_items(0)]


async def _signed(site: Site, request: Request, customer: Customer, token: str) -> Signed:
    """Cookies of a new session, with the number on the joined cart."""
    shop, sent = site.shop, cookies_of(request.scope)
    cookies = [site.jar.session(token)]
    try:
        caller = Caller(visitor_id(sent.visitor), customer)
        cart = await carts.view_cart(shop.catalogue, shop.carts, caller, site.settings.currency)
        cookies.append(site.jar.cart_items(cart.count))
    except UnavailableError:
        pass  # signed in all the same; the number comes right with the next look into the cart
    return Signed(customer, cookies)


def client_address(request: Request) -> str:
    """The visitor's network address, for counting attempts.

    What proxies say is believed only when the connection itself comes from inside (a load balancer
    or a proxy on the same machine). CloudFront names the viewer; other proxies append to
    X-Forwarded-For, so that its last entry from outside is the one a visitor cannot choose.
    """
    peer = request.client.host if request.client else ""
    if not _inside(peer):
        return peer
    viewer = request.headers.get("cloudfront-viewer-address", "").rpartition(":")[0].strip("[]")
    if _is_address(viewer):
        return viewer
    hops = request.headers.get("x-forwarded-for", "").split(",")
    for hop in map(str.strip, reversed(hops)):
        if _is_address(hop) and not _inside(hop):
            return hop
    return peer


def _inside(address: str) -> bool:
    return not _is_address(address) or ipaddress.ip_address(address).is_private


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

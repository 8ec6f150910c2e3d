"""Cart, checkout and orders for programs."""

from __future__ import annotations

from starlette.requests import Request

from storefront.domain.cart import PricedCart
from storefront.usecases import carts, checkout, orders
from storefront.web.inputs import json_body, json_object, require_json
from storefront.web.problems import BadRequestError
from storefront.web.reply import Reply, as_json
from storefront.web.site import Site, Visitor

from .schemas import OrdersOut, Quantity
from .views import cart_out, order_out

MAX_KEY = 255


async def show_cart(site: Site, request: Request) -> Reply:
    """The caller's cart at current prices."""
    visitor = await site.visitor(request)
    shop = site.shop
    cart = await carts.view_cart(shop.catalogue, shop.carts, visitor.caller, site.settings.currency)
    return as_json(cart_out(cart))


async def put_item(site: Site, request: Request) -> Reply:
    """Set how many of a product are in the cart; 0 removes it."""
    require_json(request)
    return await _set(site, request, json_body(request, Quantity).quantity)


async def delete_item(site: Site, request: Request) -> Reply:
    """Take a product out of the cart."""
    require_json(request)
    return await _set(site, request, 0)


async def _set(site: Site, request: Request, quantity: int) -> Reply:
    visitor = await site.visitor(request, remember=True)
    shop = site.shop
    cart = await carts.set_quantity(
        shop.catalogue,
        shop.carts,
        visitor.caller,
        request.path_params["sku"],
        quantity,
        site.settings.currency,
    )
    shop.metrics.count("CartsChanged")
    return as_json(cart_out(cart)).cookies(cart_cookies(site, visitor, cart))


def cart_cookies(site: Site, visitor: Visitor, cart: PricedCart) -> list[str]:
    """The cookies to set after a change of the cart."""
    return [*visitor.set_cookies, site.jar.cart_items(cart.count)]


async def place_order(site: Site, request: Request) -> Reply:
    """Buy what is in the cart, once for an idempotency key."""
    require_json(request)
    key = _key(request)
    wanted = await checkout.admit_rehearsal(json_object(request), site.shop.rehearsal)
    visitor = await site.visitor(request, remember=True)
    shop = site.shop
    placed = await checkout.place_order(
        catalogue=shop.catalogue,
        carts=shop.carts,
        checkouts=shop.checkouts,
        orders=shop.orders,
        payments=shop.payments,
        rules=site.settings.pricing,
        currency=site.settings.currency,
        caller=visitor.caller,
        key=key,
        request=wanted,
    )
    reply = as_json(order_out(placed.order), 201)
    reply.headers.append((b"location", f"/api/v1/orders/{placed.order.number}".encode()))
    if placed.replayed:
        reply.headers.append((b"idempotent-replayed", b"true"))
    return reply.cookies([*visitor.set_cookies, site.jar.cart_items(0)])


def _key(request: Request) -> str:
    """The Idempotency-Key header; raises BadRequestError."""
    key = request.headers.get("idempotency-key", "")
    if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
        raise BadRequestError(
            f"The header Idempotency-Key is needed: 1 to {MAX_KEY} printable ASCII characters."
        )
    return key


async def show_order(site: Site, request: Request) -> Reply:
    """An order of the caller's own."""
    visitor = await site.visitor(request)
    order = await orders.view_order(site.shop.orders, visitor.caller, request.path_params["number"])
    return as_json(order_out(order))


async def list_orders(site: Site, request: Request) -> Reply:
    """The signed-in customer's orders, newest first."""
    visitor = await site.visitor(request)
    found = await orders.order_history(site.shop.orders, visitor.caller)
    return as_json(OrdersOut([order_out(order) for order in found]))

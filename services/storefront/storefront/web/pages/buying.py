"""Cart and order pages."""

from __future__ import annotations

import re

from starlette.requests import Request

from storefront.domain.cart import MAX_QUANTITY, PricedCart
from storefront.domain.errors import InvalidInputError
from storefront.domain.pricing import SHIPPING_LABELS
from storefront.usecases import carts, orders
from storefront.web.inputs import form, typed
from storefront.web.reply import Reply, as_json, see_other
from storefront.web.site import Site, Visitor, cookies_of

from .countries import COUNTRY_NAMES

_AFTER = ("/cart", "/checkout")  # where a changed cart may lead


async def view(site: Site, visitor: Visitor) -> PricedCart:
    """The visitor's cart at current prices."""
    shop = site.shop
    return await carts.view_cart(shop.catalogue, shop.carts, visitor.caller, site.settings.currency)


async def show_cart(site: Site, request: Request) -> Reply:
    """The cart, with the number in the header set right."""
    visitor = await site.visitor(request)
    notice = "Added to your cart." if typed(request.scope).get("added") else ""
    return await _page(site, request, visitor, await view(site, visitor), notice=notice)


async def _page(
    site: Site,
    request: Request,
    visitor: Visitor,
    cart: PricedCart,
    *,
    notice: str = "",
    problem: str = "",
) -> Reply:
    standard = site.settings.pricing.shipping["standard"]
    free_from = standard.free_from
    skus = [line.sku for line in reversed(cart.lines)]  # the latest first
    page = site.templates.page(
        "cart.html",
        await site.navigation(),
        lines=cart.lines,
        count=cart.count,
        subtotal=cart.subtotal,
        shipping=standard.price,
        free_from=free_from,
        to_free=max(0, (free_from or 0) - cart.subtotal),
        notice=notice,
        problem=problem,
        most=MAX_QUANTITY,
        shelf=site.templates.shelf(
            "also-bought",
            await site.shelves.beside(skus),
            "Goes well with what is in your cart",
            about=skus,
        )
        if skus
        else site.templates.for_you(await site.shelves.for_you(visitor.caller)),
    )
    return site.show_with_cart(page, request, visitor, cart.count, status=422 if problem else 200)


async def add_item(site: Site, request: Request) -> Reply:
    """Put more of a product into the cart; the script asks for JSON and stays on its page."""
    fields = form(request)
    sku, more = fields.get("sku", ""), _quantity(fields.get("quantity", "1"), least=1)
    had_cart = bool(cookies_of(request.scope).visitor or cookies_of(request.scope).session)
    visitor = await site.visitor(request, remember=True)
    have = 0
    if had_cart:
        have = (await site.shop.carts.get(visitor.caller.cart_id)).items.get(sku, 0)
    quantity = min(MAX_QUANTITY, have + more)
    return await _set(site, request, visitor, sku, quantity, after="/cart?added=1")


async def change_item(site: Site, request: Request) -> Reply:
    """Set how many of a product are in the cart; 0 removes it."""
    fields = form(request)
    quantity = _quantity(fields.get("quantity", ""), least=0)
    visitor = await site.visitor(request, remember=True)
    after = fields.get("after", "/cart")
    return await _set(
        site,
        request,
        visitor,
        request.path_params["sku"],
        quantity,
        after=after if after in _AFTER else "/cart",
    )


async def _set(
    site: Site, request: Request, visitor: Visitor, sku: str, quantity: int, *, after: str
) -> Reply:
    shop = site.shop
    try:
        cart = await carts.set_quantity(
            shop.catalogue, shop.carts, visitor.caller, sku, quantity, site.settings.currency
        )
    except InvalidInputError as problem:
        message = "; ".join(f"{field} {text}" for field, text in problem.errors).capitalize()
        return await _page(site, request, visitor, await view(site, visitor), problem=f"{message}.")
    shop.metrics.count("CartsChanged")
    if "application/json" in request.headers.get("accept", ""):
        reply = as_json({"count": cart.count, "quantity": quantity})
    else:
        reply = see_other(after)
    return reply.cookies([*visitor.set_cookies, site.jar.cart_items(cart.count)])


def _quantity(text: str, *, least: int) -> int:
    """A quantity as typed; raises InvalidInputError."""
    if not re.fullmatch(r"\d{1,4}", text.strip(), re.ASCII) or not (
        least <= int(text) <= MAX_QUANTITY
    ):
        message = f"must be a whole number from {least} to {MAX_QUANTITY}"
        raise InvalidInputError([("quantity", message)])
    return int(text)


async def show_order(site: Site, request: Request) -> Reply:
    """An order of the caller's own: a thank-you at first, its state later."""
    visitor = await site.visitor(request)
    order = await orders.view_order(site.shop.orders, visitor.caller, request.path_params["number"])
    skus = [line.sku for line in order.lines]
    page = site.templates.page(
        "order.html",
        await site.navigation(),
        order=order,
        shipping=SHIPPING_LABELS[order.shipping_method],
        totals=order.totals,
        total=order.totals.total,
        thanks=bool(typed(request.scope).get("thanks")),
        again=bool(typed(request.scope).get("again")),
        day=f"{order.placed_at:%B} {order.placed_at.day}, {order.placed_at.year}",
        country=COUNTRY_NAMES.get(order.shipping_address.country, order.shipping_address.country),
        signed_in=visitor.caller.customer is not None,
        shelf=site.templates.shelf(
            "also-bought",
            await site.shelves.beside(skus),
            "Goes well with what you bought",
            about=skus,
        ),
    )
    return site.show(page, cookies_of(request.scope), shared=False)

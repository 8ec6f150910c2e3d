"""Products for staff: found, and their price and stock changed."""

from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import urlencode

from starlette.requests import Request

from storefront.domain.accounts import Caller
from storefront.domain.admin import ShelfSearch
from storefront.domain.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    ShopError,
    UnavailableError,
)
from storefront.usecases import administration
from storefront.web.inputs import form, typed
from storefront.web.problems import describe
from storefront.web.reply import Reply, see_other
from storefront.web.site import Site, cookies_of

_AMOUNT = re.compile(r"\d{1,9}(?:\.\d{1,2})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_SAVED = {"price": "The price is changed.", "stock": "The stock is changed."}


async def list_products(site: Site, request: Request, caller: Caller) -> Reply:
    """A page of the products that fit, by SKU."""
    given, shop = typed(request.scope), site.shop
    low = given.get("low") == "1"
    search = ShelfSearch(
        text=given.get("q", ""),
        most=administration.LOW_STOCK if low else None,
        after=given.get("after", ""),
    )
    found = await administration.find_products(shop.accounts, shop.administration, caller, search)
    chosen = {"q": search.text, "low": "1" if low else ""}
    kept = {name: value for name, value in chosen.items() if value}
    page = site.templates.page(
        "office_products.html",
        await site.navigation(),
        tab="products",
        text=search.text,
        only_low=low,
        low=administration.LOW_STOCK,
        items=found.items,
        first=f"/admin/products?{urlencode(kept)}" if search.after else "",
        next=f"/admin/products?{urlencode({**kept, 'after': found.after})}" if found.after else "",
    )
    return site.show(page, cookies_of(request.scope), shared=False)


async def show_product(site: Site, request: Request, caller: Caller) -> Reply:
    """A product with its price and stock to change; raises NotFoundError."""
    saved = _SAVED.get(typed(request.scope).get("saved", ""), "")
    return await _page(site, request, caller, {}, saved=saved)


async def send_price(site: Site, request: Request, caller: Caller) -> Reply:
    """Change the price, if it is still the one that the form has shown."""
    fields, shop, sku = form(request), site.shop, request.path_params["sku"]
    try:
        await administration.change_price(
            shop.accounts,
            shop.administration,
            caller,
            sku=sku,
            price=_price(fields.get("price", "")),
            expected=_shown(fields),
        )
    except ShopError as problem:
        return await _again(site, request, caller, fields, problem)
    return see_other(f"/admin/products/{sku}?saved=price")


async def send_stock(site: Site, request: Request, caller: Caller) -> Reply:
    """Change the stock, if it is still what the form has shown."""
    fields, shop, sku = form(request), site.shop, request.path_params["sku"]
    try:
        await administration.change_stock(
            shop.accounts,
            shop.administration,
            caller,
            sku=sku,
            available=_units(fields.get("available", "")),
            expected=_shown(fields),
        )
    except ShopError as problem:
        return await _again(site, request, caller, fields, problem)
    return see_other(f"/admin/products/{sku}?saved=stock")


def _price(text: str) -> int:
    """Minor units of a typed amount; raises InvalidInputError."""
    if not _AMOUNT.fullmatch(text.strip()):
        raise InvalidInputError([("price", "must be an amount such as 18.50")])
    return int(Decimal(text.strip()) * 100)


def _units(text: str) -> int:
    """A typed number of units; raises InvalidInputError."""
    if not _WHOLE.fullmatch(text.strip()):
        raise InvalidInputError([("available", "must be a whole number")])
    return int(text.strip())


def _shown(fields: dict[str, str]) -> int:
    """What the form has shown; nonsense is like a value that has changed."""
    text = fields.get("expected", "")
    return int(text) if _WHOLE.fullmatch(text) else -1


async def _again(
    site: Site, request: Request, caller: Caller, fields: dict[str, str], problem: ShopError
) -> Reply:
    """The form again with what was typed, what is wrong with it, and what the value is now."""
    if isinstance(problem, UnavailableError | NotFoundError):
        raise problem
    return await _page(site, request, caller, fields, problem=problem)


async def _page(
    site: Site,
    request: Request,
    caller: Caller,
    fields: dict[str, str],
    *,
    saved: str = "",
    problem: ShopError | None = None,
) -> Reply:
    shop = site.shop
    item = await administration.open_product(
        shop.accounts, shop.administration, caller, request.path_params["sku"]
    )
    price = f"{item.price // 100}.{item.price % 100:02}"
    told = describe(problem) if problem else None
    notice = "Please look at the marked field." if told and told.errors else ""
    if isinstance(problem, ConflictError):
        now = site.templates.money(item.price) if "price" in fields else str(item.available)
        notice = f"{'The price' if 'price' in fields else 'The stock'} has changed meanwhile: it "
        notice += f"is {now} now. Nothing was saved; check what you typed and save again."
    page = site.templates.page(
        "office_product.html",
        await site.navigation(),
        tab="products",
        item=item,
        currency=site.settings.currency,
        price=fields.get("price", price),
        available=fields.get("available", str(item.available)),
        errors=dict(told.errors) if told else {},
        saved=saved,
        problem=notice or (told.detail if told else ""),
        seconds=site.settings.page_cache_seconds,
    )
    status = told.status if told else 200
    return site.show(page, cookies_of(request.scope), shared=False, status=status)

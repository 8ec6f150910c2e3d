"""Looking into a cart and changing it."""

from __future__ import annotations

from storefront.domain.accounts import Caller
from storefront.domain.cart import MAX_QUANTITY, Cart, PricedCart
from storefront.domain.errors import InvalidInputError, NotFoundError
from storefront.domain.inputs import clean
from storefront.ports import Carts, Catalogue


async def view_cart(
    catalogue: Catalogue, carts: Carts, caller: Caller, currency: str
) -> PricedCart:
    """The caller's cart at the shop's current prices; empty for a caller without a cookie."""
    if not (caller.visitor_id or caller.customer):
        return PricedCart([], currency, 0)
    return await priced(catalogue, await carts.get(caller.cart_id), currency)


async def set_quantity(
    catalogue: Catalogue, carts: Carts, caller: Caller, sku: str, quantity: int, currency: str
) -> PricedCart:
    """Put ``quantity`` units into the cart, 0 to remove; returns the cart as it is now.

    Raises NotFoundError for an unknown SKU, InvalidInputError for a quantity outside 0..99 or a
    cart with too many lines.
    """
    if not (caller.visitor_id or caller.customer):
        raise InvalidInputError([("visitor", "cookies are needed to fill a cart")])
    if not 0 <= quantity <= MAX_QUANTITY:
        raise InvalidInputError([("quantity", f"must be a whole number from 0 to {MAX_QUANTITY}")])
    if not sku or len(sku) > 100 or not clean(sku):
        raise NotFoundError("There is no such product.")
    known = await catalogue.lines({sku: quantity or 1})
    # What left the catalogue can still be taken out of a cart that has it.
    if not known and (quantity or sku not in (await carts.get(caller.cart_id)).items):
        raise NotFoundError("There is no such product.")
    return await priced(
        catalogue, await carts.set_quantity(caller.cart_id, sku, quantity), currency
    )


async def priced(catalogue: Catalogue, cart: Cart, currency: str) -> PricedCart:
    """``cart`` with names, prices and stock; products that are gone are left out."""
    lines = await catalogue.lines(cart.items) if cart.items else []
    return PricedCart(lines, currency, cart.version)

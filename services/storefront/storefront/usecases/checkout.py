"""From a cart to a paid order, exactly once for an idempotency key, whatever crashes on the way.

An attempt reserves (stock and a pending order, one transaction), charges, and settles (one
transaction). A crash leaves a pending order whose claim runs out; then a retry with the same key or
the reconciler takes it over. Who may end it is decided by the gateway alone: a charge key either
was charged, and the order becomes paid, or is voided for ever before the stock goes back.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import hashlib
import json
import time
from collections.abc import Awaitable, Callable

from storefront.domain.accounts import Caller
from storefront.domain.cart import PricedCart
from storefront.domain.errors import CartOrderedError, InvalidInputError, UnavailableError
from storefront.domain.money import Money
from storefront.domain.orders import CheckoutRequest, Order, OrderLine
from storefront.domain.pricing import PricingRules, ShippingMethod, Totals, price_order
from storefront.ports import (
    Carts,
    Catalogue,
    Checkouts,
    InProgress,
    Orders,
    Outcome,
    Payments,
    PendingOrder,
    Placement,
    Sold,
)

from .carts import priced
from .checkout_form import admit_rehearsal, parse_checkout
from .paying import PATIENCE, Patience, Placed, Till, reconcile

__all__ = [
    "Patience",
    "Placed",
    "admit_rehearsal",
    "parse_checkout",
    "place_order",
    "quote",
    "reconcile",
]

State = PendingOrder | Outcome | InProgress | Sold | None  # of a key; None: not known yet

MAX_TOTAL = 1_000_000_00  # minor units; an order of more is a mistake, or a matter for a person


def quote(
    rules: PricingRules,
    cart: PricedCart,
    method: ShippingMethod,
    country: str,
    coupon_code: str | None,
) -> Totals:
    """What the cart costs; raises InvalidInputError for a coupon that does not hold, and for a
    cart that is worth more than MAX_TOTAL.
    """
    coupon = rules.coupons.get(coupon_code) if coupon_code else None
    if coupon_code and coupon is None:
        raise InvalidInputError([("coupon", "is not a coupon of this shop")])
    if coupon is not None and cart.subtotal < coupon.minimum:
        least = Money(coupon.minimum, cart.currency)
        raise InvalidInputError([("coupon", f"needs goods worth at least {least}")])
    totals = price_order(rules, cart.subtotal, method, country, coupon)
    if max(totals.subtotal, totals.total) > MAX_TOTAL:
        raise InvalidInputError([("cart", "is worth more than one order may be")])
    return totals


async def place_order(
    *,
    catalogue: Catalogue,
    carts: Carts,
    checkouts: Checkouts,
    orders: Orders,
    payments: Payments,
    rules: PricingRules,
    currency: str,
    caller: Caller,
    key: str,
    request: CheckoutRequest,
    patience: Patience = PATIENCE,
) -> Placed:
    """Buy what is in the caller's cart, once for ``key``; the same key gives the same answer.

    Raises InvalidInputError (an empty cart: field ``cart``; a coupon that does not hold),
    OutOfStockError, PaymentDeclinedError, KeyReusedError, CartOrderedError when what is in the cart
    was bought with another key meanwhile, and UnavailableError: then the same key may be sent again
    and finishes the same order.
    """
    scopes = _scopes(caller)
    if not scopes:
        raise InvalidInputError([_EMPTY_CART])
    shop = Till(carts, checkouts, orders, payments, patience)
    earlier = functools.partial(_earlier, checkouts, scopes, key, _fingerprint(request))
    state: State
    try:
        placement = await _placement(
            catalogue=catalogue,
            carts=carts,
            rules=rules,
            currency=currency,
            caller=caller,
            scope=scopes[0],
            key=key,
            request=request,
        )
    except InvalidInputError:
        # A finished checkout has emptied the cart: what the key stands for comes first.
        state = await earlier()
        if state is None:
            raise
    else:
        # Reserving notices a key of its own scope, but not one from before signing in.
        state = await _earlier(checkouts, scopes[1:], key, _fingerprint(request))
        if state is None:
            state = await _reserve(shop, placement)
            if isinstance(state, Outcome):
                return await shop.answer(state, replayed=False)
            if isinstance(state, PendingOrder) and (ended := await shop.pay(state)):
                if ended.kind == "paid":  # the usual way through: no need to read it again
                    return Placed(_as_placed(placement, state), replayed=False)
                return await shop.answer(ended, replayed=False)
            if not isinstance(state, Sold):
                state = await earlier()
    return await _follow(shop, earlier, state)


async def _reserve(shop: Till, placement: Placement) -> PendingOrder | Outcome | Sold | None:
    """Reserve, once nobody else is about to buy the same cart with another key."""
    deadline = time.monotonic() + shop.patience.others
    while isinstance(state := await shop.checkouts.reserve(placement), InProgress):
        if time.monotonic() >= deadline:
            raise UnavailableError("checkout")
        await asyncio.sleep(shop.patience.poll)
    return state


def _scopes(caller: Caller) -> list[str]:
    """Whose keys count: a customer's on every device, then those of the visit before signing in."""
    whose = [caller.cart_id] if caller.customer else []
    return [*whose, caller.visitor_id] if caller.visitor_id else whose


async def _earlier(checkouts: Checkouts, scopes: list[str], key: str, fingerprint: bytes) -> State:
    """What became of the key so far, wherever it is known."""
    for scope in scopes:
        if (state := await checkouts.resume(scope, key, fingerprint)) is not None:
            return state
    return None


_EMPTY_CART = ("cart", "is empty")


async def _placement(
    *,
    catalogue: Catalogue,
    carts: Carts,
    rules: PricingRules,
    currency: str,
    caller: Caller,
    scope: str,
    key: str,
    request: CheckoutRequest,
) -> Placement:
    """What the caller's cart is worth now; raises InvalidInputError."""
    cart = await carts.get(caller.cart_id)
    shown = await priced(catalogue, cart, currency)
    if not shown.lines:
        raise InvalidInputError([_EMPTY_CART])
    country = request.shipping_address.country
    return Placement(
        visitor_id=caller.visitor_id,
        customer_id=caller.customer.id if caller.customer else None,
        scope=scope,
        key=key,
        fingerprint=_fingerprint(request),
        request=request,
        cart_id=cart.id,
        cart_version=cart.version,
        cart_taken=cart.taken,
        lines=[
            OrderLine(line.sku, line.name, line.quantity, line.unit_price) for line in shown.lines
        ],
        currency=currency,
        totals=quote(rules, shown, request.shipping_method, country, request.coupon),
    )


async def _follow(
    shop: Till,
    earlier: Callable[[], Awaitable[State]],
    state: State,
) -> Placed:
    """Wait for whoever works on this key, finish what they left, and answer what came of it."""
    patience = shop.patience
    deadline = time.monotonic() + patience.others
    pause = patience.poll
    while True:
        if isinstance(state, Outcome):
            return await shop.answer(state, replayed=True)
        if isinstance(state, Sold):
            await shop.clear(state.order)
            raise CartOrderedError(state.order.number)
        if isinstance(state, PendingOrder) and (ended := await shop.pay(state)):
            return await shop.answer(ended, replayed=False)
        if time.monotonic() >= deadline:
            raise UnavailableError("checkout")
        if not isinstance(state, PendingOrder):
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 10 * patience.poll)
        state = await earlier()


def _as_placed(placement: Placement, pending: PendingOrder) -> Order:
    request = placement.request
    return Order(
        number=pending.number,
        status="paid",
        email=request.email,
        shipping_address=request.shipping_address,
        shipping_method=request.shipping_method,
        coupon=request.coupon,
        currency=placement.currency,
        lines=placement.lines,
        totals=placement.totals,
        placed_at=pending.placed_at,
    )


def _fingerprint(request: CheckoutRequest) -> bytes:
    """Equal for equal requests, however their JSON was laid out."""
    text = json.dumps(dataclasses.asdict(request), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()

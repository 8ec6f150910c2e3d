"""What a buyer may send to the checkout."""

from __future__ import annotations

import dataclasses
import hmac
from collections.abc import Awaitable, Callable
from typing import Any, cast

from storefront.domain.countries import COUNTRIES
from storefront.domain.inputs import Checker
from storefront.domain.orders import Address, CheckoutRequest
from storefront.domain.payments import REHEARSAL, TOKENS
from storefront.domain.pricing import SHIPPING_METHODS, ShippingMethod

_FIELDS = ("email", "shipping_address", "shipping_method", "payment_token", "coupon")
_ADDRESS_FIELDS = ("name", "line1", "line2", "city", "postal_code", "country")


async def admit_rehearsal(
    raw: dict[str, Any], secret: Callable[[], Awaitable[str]]
) -> CheckoutRequest:
    """The checked request of a program, which may hold the ``secret`` token of a rehearsal.

    Raises as `parse_checkout` does, and UnavailableError while the secret cannot be read.
    """
    token = raw.get("payment_token")
    if not isinstance(token, str) or token in TOKENS or not (known := await secret()):
        return parse_checkout(raw)
    # In the same time for every guess.
    if not hmac.compare_digest(token.encode(errors="replace"), known.encode()):
        return parse_checkout(raw)
    wanted = parse_checkout({**raw, "payment_token": next(iter(TOKENS))})
    return dataclasses.replace(wanted, payment_token=REHEARSAL)


def parse_checkout(raw: dict[str, Any]) -> CheckoutRequest:
    """A checked request; raises InvalidInputError naming all bad fields, nested ones with a dot."""
    given = Checker(raw, _FIELDS)
    email = given.email()
    method = cast(ShippingMethod, given.choice("shipping_method", SHIPPING_METHODS))
    token = given.text("payment_token", 100)
    if token and token not in TOKENS:
        given.problem("payment_token", "is not a payment token that this shop knows")
    coupon = given.text("coupon", 40, required=False).upper() or None
    address = _address(given)
    given.done()
    return CheckoutRequest(email, address, method, token, coupon)


def _address(given: Checker) -> Address:
    raw = given.raw.get("shipping_address")
    if not isinstance(raw, dict):
        given.problem("shipping_address", "is required" if raw is None else "must be an object")
        return Address("", "", "", "", "", "")
    part = Checker(raw, _ADDRESS_FIELDS, prefix="shipping_address.", errors=given.errors)
    country = part.text("country", 2).upper()
    if country and country not in COUNTRIES:
        part.problem("country", "must be a two-letter country code such as US")
    return Address(
        name=part.text("name", 100),
        line1=part.text("line1", 200),
        line2=part.text("line2", 200, required=False),
        city=part.text("city", 100),
        postal_code=part.text("postal_code", 20),
        country=country,
    )

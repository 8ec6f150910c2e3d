"""What an order costs: shipping, discount and tax from the shop's rules, in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .money import share

ShippingMethod = Literal["standard", "express"]


@dataclass(frozen=True, slots=True)
class ShippingLabel:
    """How a shipping method is called, and how long it takes, in the buyer's words."""

    name: str
    time: str


SHIPPING_LABELS: Mapping[ShippingMethod, ShippingLabel] = {
    "standard": ShippingLabel("Standard", "3 to 5 working days"),
    "express": ShippingLabel("Express", "1 to 2 working days"),
}
SHIPPING_METHODS: tuple[ShippingMethod, ...] = tuple(SHIPPING_LABELS)


@dataclass(frozen=True, slots=True)
class ShippingRate:
    """``price`` in minor units; free from a discounted subtotal of ``free_from``, if set."""

    price: int
    free_from: int | None = None


@dataclass(frozen=True, slots=True)
class Coupon:
    """Off a subtotal of at least ``minimum``: ``percent`` (1-100) and ``amount`` in minor units."""

    percent: int = 0
    amount: int = 0
    minimum: int = 0


@dataclass(frozen=True, slots=True)
class PricingRules:
    """The owner's rules; ``tax`` maps ISO 3166 alpha-2 country, or ``*``, to basis points."""

    shipping: Mapping[ShippingMethod, ShippingRate]
    tax: Mapping[str, int] = field(default_factory=dict)
    coupons: Mapping[str, Coupon] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Totals:
    """Parts of an order's price in minor units; ``total`` is what is charged."""

    subtotal: int
    discount: int
    shipping: int
    tax: int

    @property
    def total(self) -> int:
        """What the customer pays."""
        return self.subtotal - self.discount + self.shipping + self.tax


def price_order(
    rules: PricingRules, subtotal: int, method: ShippingMethod, country: str, coupon: Coupon | None
) -> Totals:
    """Totals for goods worth ``subtotal``; tax is on the goods after discount, not on shipping."""
    discount = 0
    if coupon is not None and subtotal >= coupon.minimum:
        discount = min(subtotal, coupon.amount + share(subtotal, coupon.percent * 100))
    goods = subtotal - discount
    rate = rules.shipping[method]
    free = rate.free_from is not None and goods >= rate.free_from
    tax = share(goods, rules.tax.get(country, rules.tax.get("*", 0)))
    return Totals(subtotal, discount, 0 if free else rate.price, tax)

"""Orders, from the request to the receipt."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from .pricing import ShippingMethod, Totals

OrderStatus = Literal["pending_payment", "paid", "fulfilled", "cancelled"]


@dataclass(frozen=True, slots=True)
class Address:
    """Where an order goes; ``country`` is ISO 3166 alpha-2, upper case."""

    name: str
    line1: str
    line2: str
    city: str
    postal_code: str
    country: str


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """What a buyer sends; nothing in it says what anything costs."""

    email: str
    shipping_address: Address
    shipping_method: ShippingMethod
    payment_token: str
    coupon: str | None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A sold line; prices in minor units, fixed when the order was placed."""

    sku: str
    name: str
    quantity: int
    unit_price: int

    @property
    def line_total(self) -> int:
        """Price of the whole line in minor units."""
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True)
class Order:
    """An order as its owner may see it; times are aware UTC."""

    number: str
    status: OrderStatus
    email: str
    shipping_address: Address
    shipping_method: ShippingMethod
    coupon: str | None
    currency: str
    lines: list[OrderLine]
    totals: Totals
    placed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Shortage:
    """A line that stock cannot serve; ``available`` is what is left, in units."""

    sku: str
    name: str
    requested: int
    available: int

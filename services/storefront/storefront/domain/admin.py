"""What staff look at, and what they may ask for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from .accounts import Customer
from .orders import Order, OrderStatus
from .reviews import Review


@dataclass(frozen=True, slots=True)
class Sales:
    """Paid orders of a span of time; ``revenue`` in minor units, tax and delivery included."""

    orders: int
    revenue: int


@dataclass(frozen=True, slots=True)
class ShelfItem:
    """A product as staff handle it; ``price`` in minor units, ``available`` in units."""

    sku: str
    slug: str
    name: str
    image_url: str
    price: int
    available: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The shop at a glance; days are days of UTC, week and month the last 7 and 30 of them.

    ``to_fulfil`` orders are paid and not yet on their way, ``to_pay`` wait for their payment;
    ``low_count`` products run low, of which ``low_stock`` names those with the least.
    """

    today: Sales
    week: Sales
    month: Sales
    to_fulfil: int
    to_pay: int
    recent: list[Order]
    low_stock: list[ShelfItem]
    low_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSearch:
    """``text`` is a whole order number or the beginning of an e-mail address; ``before`` is the
    number of the order after which to go on, towards older ones.
    """

    text: str = ""
    status: OrderStatus | None = None
    before: str = ""


@dataclass(frozen=True, slots=True)
class OrderFile:
    """An order with all that its buyer does not see; times are aware UTC."""

    order: Order
    customer: Customer | None
    paid_at: dt.datetime | None
    fulfilled_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfSearch:
    """``text`` is a part of a name or the beginning of a SKU, ``most`` the largest number of
    units; ``after`` is the SKU after which to go on.
    """

    text: str = ""
    most: int | None = None
    after: str = ""


@dataclass(frozen=True, slots=True)
class ReviewFile:
    """A review with what it is about; a larger ``id`` is newer."""

    id: int
    slug: str
    product: str
    review: Review

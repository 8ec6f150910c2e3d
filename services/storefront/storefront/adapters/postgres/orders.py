"""Orders, read."""

from __future__ import annotations

import uuid

import msgspec

from storefront.domain.errors import NotFoundError
from storefront.domain.orders import Address, Order, OrderLine
from storefront.domain.pricing import Totals

from .pool import Database, Record

MOST_ORDERS = 200  # of a customer's history, the newest

SELECT_ORDERS = """
    select o.number, o.status, o.visitor_id, o.customer_id, o.email, o.shipping_address,
        o.shipping_method, o.coupon, o.currency, o.subtotal, o.discount, o.shipping, o.tax,
        o.placed_at,
        (
            select jsonb_agg(
                jsonb_build_object(
                    'sku', l.sku, 'name', l.name, 'quantity', l.quantity,
                    'unit_price', l.unit_price
                ) order by l.line
            )
            from order_lines l where l.order_id = o.id
        ) as lines
    from orders o
"""
_GET = SELECT_ORDERS + "where o.number = $1"
# What was never paid for is no order to its buyer, only an attempt.
_HISTORY = f"""{SELECT_ORDERS}
    where o.customer_id = $1 and (o.status <> 'cancelled' or o.paid_at is not null)
    order by o.placed_at desc, o.id desc limit {MOST_ORDERS}
"""


class PostgresOrders:
    """The port `Orders`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, number: str) -> tuple[Order, str, str | None]:
        """See `Orders.get`."""
        row = await self._database.fetchrow(_GET, number)
        if row is None:
            raise NotFoundError("There is no such order.")
        customer = row["customer_id"]
        return to_order(row), row["visitor_id"], str(customer) if customer else None

    async def of_customer(self, customer_id: str) -> list[Order]:
        """See `Orders.of_customer`; at most the newest MOST_ORDERS."""
        rows = await self._database.fetch(_HISTORY, uuid.UUID(customer_id))
        return [to_order(row) for row in rows]


def to_order(row: Record) -> Order:
    """A row of `SELECT_ORDERS` as the shop knows it."""
    return Order(
        number=row["number"],
        status=row["status"],
        email=row["email"],
        shipping_address=msgspec.json.decode(row["shipping_address"], type=Address),
        shipping_method=row["shipping_method"],
        coupon=row["coupon"],
        currency=row["currency"],
        lines=msgspec.json.decode(row["lines"], type=list[OrderLine]),
        totals=Totals(row["subtotal"], row["discount"], row["shipping"], row["tax"]),
        placed_at=row["placed_at"],
    )

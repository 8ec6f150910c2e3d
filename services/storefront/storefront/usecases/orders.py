"""Reading orders: only what is the caller's own."""

from __future__ import annotations

from storefront.domain.accounts import Caller
from storefront.domain.errors import NotFoundError, NotSignedInError
from storefront.domain.inputs import clean
from storefront.domain.orders import Order
from storefront.ports import Orders


async def view_order(orders: Orders, caller: Caller, number: str) -> Order:
    """The order, for the visit or the customer that placed it.

    Raises NotFoundError, the same for an order of somebody else and for one that does not exist.
    """
    number = number.upper()
    if len(number) > 40 or not number.isascii() or not clean(number):
        raise NotFoundError("There is no such order.")
    order, visitor_id, customer_id = await orders.get(number)
    of_visit = bool(caller.visitor_id) and caller.visitor_id == visitor_id
    of_customer = caller.customer is not None and caller.customer.id == customer_id
    if not (of_visit or of_customer):
        raise NotFoundError("There is no such order.")
    return order


async def order_history(orders: Orders, caller: Caller) -> list[Order]:
    """The signed-in customer's orders, newest first; raises NotSignedInError."""
    if caller.customer is None:
        raise NotSignedInError("Sign in to see your orders.")
    return await orders.of_customer(caller.customer.id)

"""The back office; every use case makes sure that the caller is staff now.

All of them raise NotSignedInError or ForbiddenError for who is not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from storefront.domain.accounts import Caller
from storefront.domain.admin import (
    OrderFile,
    OrderSearch,
    Overview,
    ReviewFile,
    ShelfItem,
    ShelfSearch,
)
from storefront.domain.errors import InvalidInputError, NotFoundError
from storefront.domain.inputs import clean
from storefront.domain.orders import Order
from storefront.ports import Accounts, Administration, Charge, Payments

from .accounts import require_staff

RECENT_ORDERS = 8
LOW_STOCK = 5  # units
LOW_ITEMS = 8
PAGE_SIZE = 25
MAX_SEARCH = 254  # characters: an e-mail address
MOST_UNITS = 1_000_000
MOST_PRICE = 1_000_000_00  # minor units
_EXPORT_BATCH = 500


@dataclass(frozen=True, slots=True)
class OrderList:
    """A page of orders; ``after`` is where the next page begins, empty on the last."""

    items: list[Order]
    after: str


@dataclass(frozen=True, slots=True)
class ShelfList:
    """A page of products; ``after`` is where the next page begins, empty on the last."""

    items: list[ShelfItem]
    after: str


async def shop_overview(
    accounts: Accounts, administration: Administration, caller: Caller
) -> Overview:
    """The shop at a glance."""
    await require_staff(accounts, caller)
    return await administration.overview(
        recent=RECENT_ORDERS, low_stock=LOW_STOCK, low_items=LOW_ITEMS
    )


async def find_orders(
    accounts: Accounts, administration: Administration, caller: Caller, search: OrderSearch
) -> OrderList:
    """A page of the orders that fit, newest first."""
    await require_staff(accounts, caller)
    if not _askable(search.text) or not _askable(search.before):
        return OrderList([], "")
    found = await administration.orders(search, PAGE_SIZE + 1)
    more = len(found) > PAGE_SIZE
    return OrderList(found[:PAGE_SIZE], found[PAGE_SIZE - 1].number if more else "")


async def export_orders(
    accounts: Accounts, administration: Administration, caller: Caller, search: OrderSearch
) -> AsyncIterator[list[Order]]:
    """All orders that fit, newest first, a bounded number at a time."""
    await require_staff(accounts, caller)
    if not _askable(search.text):
        return
    while True:
        batch = await administration.orders(search, _EXPORT_BATCH)
        yield batch
        if len(batch) < _EXPORT_BATCH:
            return
        search = replace(search, before=batch[-1].number)


async def open_order(
    accounts: Accounts,
    administration: Administration,
    payments: Payments,
    caller: Caller,
    number: str,
) -> tuple[OrderFile, list[Charge]]:
    """Everything about an order, and every attempt to charge for it; raises NotFoundError."""
    await require_staff(accounts, caller)
    if not _askable(number):
        raise NotFoundError("There is no such order.")
    file = await administration.order(number.upper())
    return file, await payments.of_order(file.order.number)


async def find_products(
    accounts: Accounts, administration: Administration, caller: Caller, search: ShelfSearch
) -> ShelfList:
    """A page of the products that fit, by SKU."""
    await require_staff(accounts, caller)
    if not _askable(search.text) or not _askable(search.after):
        return ShelfList([], "")
    found = await administration.products(search, PAGE_SIZE + 1)
    more = len(found) > PAGE_SIZE
    return ShelfList(found[:PAGE_SIZE], found[PAGE_SIZE - 1].sku if more else "")


async def open_product(
    accounts: Accounts, administration: Administration, caller: Caller, sku: str
) -> ShelfItem:
    """One product; raises NotFoundError."""
    await require_staff(accounts, caller)
    if not _askable(sku):
        raise NotFoundError("There is no such product.")
    return await administration.product(sku)


async def change_stock(
    accounts: Accounts,
    administration: Administration,
    caller: Caller,
    *,
    sku: str,
    available: int,
    expected: int,
) -> None:
    """Set a product's units, if there are still ``expected`` of them.

    Raises InvalidInputError, NotFoundError, ConflictError.
    """
    await require_staff(accounts, caller)
    if not 0 <= available <= MOST_UNITS:
        raise InvalidInputError([("available", f"must be from 0 to {MOST_UNITS:,}")])
    await administration.set_stock(sku, available, expected=expected)


async def change_price(
    accounts: Accounts,
    administration: Administration,
    caller: Caller,
    *,
    sku: str,
    price: int,
    expected: int,
) -> None:
    """Set a product's price in minor units, if it is still ``expected``; what was ordered keeps
    its price.

    Raises InvalidInputError, NotFoundError, ConflictError.
    """
    await require_staff(accounts, caller)
    if not 1 <= price <= MOST_PRICE:
        raise InvalidInputError([("price", f"must be from 0.01 to {MOST_PRICE / 100:,.2f}")])
    await administration.set_price(sku, price, expected=expected)


async def newest_reviews(
    accounts: Accounts, administration: Administration, caller: Caller, before: int | None
) -> tuple[list[ReviewFile], int | None]:
    """A page of all reviews, newest first, and where the next page begins, if there is one."""
    await require_staff(accounts, caller)
    found = await administration.reviews(before, PAGE_SIZE + 1)
    more = len(found) > PAGE_SIZE
    return found[:PAGE_SIZE], found[PAGE_SIZE - 1].id if more else None


async def remove_review(
    accounts: Accounts, administration: Administration, caller: Caller, review_id: int
) -> None:
    """Take a review away for good; its author may write another."""
    await require_staff(accounts, caller)
    await administration.remove_review(review_id)


def _askable(text: str) -> bool:
    """Whether a text may be asked of the database; nothing that is kept there fits another."""
    return len(text) <= MAX_SEARCH and clean(text)

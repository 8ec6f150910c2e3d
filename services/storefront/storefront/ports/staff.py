"""The back office."""

from __future__ import annotations

from typing import Protocol

from storefront.domain.admin import (
    OrderFile,
    OrderSearch,
    Overview,
    ReviewFile,
    ShelfItem,
    ShelfSearch,
)
from storefront.domain.orders import Order


class Administration(Protocol):
    """What staff see and change; every list is bounded by what its caller asks for."""

    async def overview(self, *, recent: int, low_stock: int, low_items: int) -> Overview:
        """Sales, the ``recent`` newest orders, and at most ``low_items`` of the products with at
        most ``low_stock`` units.
        """

    async def orders(self, search: OrderSearch, limit: int) -> list[Order]:
        """Orders that fit, newest first; those after ``search.before`` to page on."""

    async def order(self, number: str) -> OrderFile:
        """Everything about an order, whoever placed it; raises NotFoundError."""

    async def products(self, search: ShelfSearch, limit: int) -> list[ShelfItem]:
        """Products that fit, by SKU; those after ``search.after`` to page on."""

    async def product(self, sku: str) -> ShelfItem:
        """One product; raises NotFoundError."""

    async def set_stock(self, sku: str, available: int, *, expected: int) -> None:
        """Set the units on the shelf; raises NotFoundError, and ConflictError when there are no
        longer ``expected`` units, as something was sold meanwhile.
        """

    async def set_price(self, sku: str, price: int, *, expected: int) -> None:
        """Set a price in minor units; raises NotFoundError, and ConflictError when it is no
        longer ``expected``.
        """

    async def reviews(self, before: int | None, limit: int) -> list[ReviewFile]:
        """Reviews of all products, newest first; those older than ``before`` to page on."""

    async def remove_review(self, review_id: int) -> None:
        """Take a review away and out of its product's sums, in one transaction; one that is gone
        already is no error.
        """

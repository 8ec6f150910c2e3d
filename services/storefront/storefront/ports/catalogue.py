"""What is for sale, how it looks, and what buyers say about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from storefront.domain.cart import CartLine
from storefront.domain.catalogue import (
    CatalogueRow,
    Category,
    Product,
    ProductPage,
    ProductSummary,
    Query,
    Recommendations,
    ShelfName,
)
from storefront.domain.reviews import Review, ReviewPage, Standing


class Catalogue(Protocol):
    """Products, searched and shown."""

    async def categories(self) -> list[Category]:
        """All categories with products, by name."""

    async def search(self, query: Query, *, facets: bool = True) -> ProductPage:
        """One page of hits; counts per category and price band when ``facets``."""

    async def product(self, slug: str) -> Product:
        """The product; raises NotFoundError."""

    async def lines(self, items: Mapping[str, int]) -> list[CartLine]:
        """Cart lines for SKU -> quantity at current prices; unknown SKUs are left out."""

    async def recommendations(self, slug: str, limit: int) -> Recommendations:
        """Products to show beside this one; raises NotFoundError for an unknown slug."""

    async def featured(self, limit: int) -> list[ProductSummary]:
        """Products for the home page: what sells, then what is new, in stock only."""

    async def import_rows(self, rows: Sequence[CatalogueRow]) -> tuple[int, int]:
        """Upsert by SKU in one transaction; returns (created, updated)."""

    async def note_refused_import(self) -> None:
        """Remember for who watches that an import was refused, until one goes through."""

    async def last_import_refused(self) -> bool | None:
        """Whether the last import was refused; None when there was none."""


class Shelves(Protocol):
    """What to show beside what; the order is the training's."""

    async def shelf(
        self, name: ShelfName, context: Sequence[str], excluded: Sequence[str], limit: int
    ) -> Recommendations:
        """At most ``limit`` products in stock, none of them in ``context`` or ``excluded``.

        Args:
            name: which shelf.
            context: SKUs that the shelf is about, the latest first: the product looked at, the
                cart, for "for-you" what was bought. Unknown ones are passed over.
            excluded: SKUs that must not be shown, such as what was bought.
            limit: how many products; fewer come only from a shop that has no more in stock.
        """

    async def bought(self, visitor_id: str, customer_id: str | None) -> list[str]:
        """SKUs that this visitor or this customer bought, the latest first."""

    async def products(self, skus: Sequence[str]) -> list[ProductSummary]:
        """These products in this order; unknown SKUs are left out."""


class Images(Protocol):
    """Product pictures, by content-addressed key."""

    async def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store; the same key has the same content."""

    async def get(self, key: str) -> tuple[bytes, str]:
        """Content and content type; raises NotFoundError."""


class Reviews(Protocol):
    """What buyers say about products."""

    async def add(
        self, customer_id: str, slug: str, *, rating: int, title: str, text: str
    ) -> Review:
        """Store a review and count it for its product, in one transaction.

        Raises NotFoundError for an unknown product, ForbiddenError for who has not bought it, and
        ConflictError for a second review.
        """

    async def standing(self, customer_id: str, slug: str) -> Standing:
        """What a customer has to do with a product; raises NotFoundError."""

    async def of_product(self, slug: str, page: int, page_size: int) -> ReviewPage:
        """One page of the product's reviews, newest first, with their sums; raises
        NotFoundError. A page after the last is empty.
        """

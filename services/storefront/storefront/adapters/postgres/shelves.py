"""Shelves from PostgreSQL: the function `shelf_products` ranks, here its answer is only dressed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from storefront.domain.catalogue import ProductSummary, Recommendations, ShelfName

from .pool import Database

# The columns of a ProductSummary, in the order of its fields.
_SUMMARY = """p.sku, p.slug, p.name, p.category, p.price, p.currency, p.image_url, p.in_stock,
    p.rating::float8"""
_SHELF = f"""
    select {_SUMMARY}, f.source
    from shelf_products($1, $2, $3, $4) f join product_summaries p using (sku) order by f.place
"""
_PRODUCTS = f"""
    select {_SUMMARY}
    from unnest($1::text[]) with ordinality as f (sku, place) join product_summaries p using (sku)
    order by f.place
"""


class PostgresShelves:
    """Implements `ports.Shelves`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def shelf(
        self, name: ShelfName, context: Sequence[str], excluded: Sequence[str], limit: int
    ) -> Recommendations:
        """See `Shelves.shelf`; the source is "co-purchase" when the first product came so."""
        rows = await self._database.fetch(_SHELF, name, list(context), list(excluded), limit)
        together = bool(rows) and rows[0][9] == "co-purchase"
        return Recommendations(
            [ProductSummary(*row[:9]) for row in rows], "co-purchase" if together else "popular"
        )

    async def bought(self, visitor_id: str, customer_id: str | None) -> list[str]:
        """See `Shelves.bought`."""
        customer = UUID(customer_id) if customer_id else None
        rows = await self._database.fetch(
            "select sku from bought_skus($1, $2)", visitor_id, customer
        )
        return [row[0] for row in rows]

    async def products(self, skus: Sequence[str]) -> list[ProductSummary]:
        """See `Shelves.products`."""
        return [ProductSummary(*row) for row in await self._database.fetch(_PRODUCTS, list(skus))]

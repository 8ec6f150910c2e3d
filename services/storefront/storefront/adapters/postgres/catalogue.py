"""The catalogue in PostgreSQL: pages of products, their facets, and one product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from storefront.domain.cart import CartLine
from storefront.domain.catalogue import (
    CatalogueRow,
    Category,
    CategoryCount,
    PriceBand,
    Product,
    ProductPage,
    ProductSummary,
    Query,
    Recommendations,
    ReviewSummary,
)
from storefront.domain.errors import NotFoundError

from . import catalogue_import
from .catalogue_search import SUMMARY, Search
from .pool import Database, Record
from .shelves import PostgresShelves

_CATEGORIES = """
    select c.slug, c.name, count(*)
    from categories c join products p on p.category_id = c.id
    group by c.id order by c.name collate "C"
"""
_PRODUCT = f"""
    select {SUMMARY}, c.name, p.description, p.attributes, s.available, p.review_count
    from products p join categories c on c.id = p.category_id join stock s using (sku)
    where p.slug = $1
"""
_LINES = """
    select p.sku, p.slug, p.name, p.image_url, p.price, s.available
    from products p join stock s using (sku) where p.sku = any($1)
"""
_NOTE_IMPORT = """
    insert into last_import (refused) values ($1)
    on conflict (only_one) do update set refused = excluded.refused, at = now()
"""


class PostgresCatalogue:
    """Implements `ports.Catalogue`; ``currency`` is the shop's only one."""

    def __init__(self, database: Database, currency: str) -> None:
        self._database = database
        self._currency = currency
        self._shelves = PostgresShelves(database)

    async def categories(self) -> list[Category]:
        """All categories with products, by name."""
        return [Category(*row) for row in await self._database.fetch(_CATEGORIES)]

    async def search(self, query: Query, *, facets: bool = True) -> ProductPage:
        """One page of hits; where no word is found as typed, what is spelt like it."""
        search = Search(query)
        rows = await self._fetch(search.page())
        if query.text and rows[0][0] == 0:
            search = Search(query, misspelt=True)
            rows = await self._fetch(search.page())
        page = ProductPage(
            items=[ProductSummary(*row[1:]) for row in rows if row[1] is not None],
            total=rows[0][0],
            page=query.page,
            page_size=query.page_size,
        )
        if facets:
            for kind, slug, name, low, high, count in await self._fetch(search.facets()):
                if kind == "category":
                    page.categories.append(CategoryCount(slug, name, count))
                else:
                    page.prices.append(PriceBand(low, high, count))
            if len(page.prices) == 1:  # all cost about the same: nothing to choose from
                page.prices.clear()
        return page

    async def _fetch(self, statement: tuple[str, list[object]]) -> list[Record]:
        sql, args = statement
        return await self._database.fetch(sql, *args)

    async def product(self, slug: str) -> Product:
        """The product; raises NotFoundError."""
        row = await self._database.fetchrow(_PRODUCT, slug)
        if row is None:
            raise NotFoundError("There is no such product.")
        category_name, description, attributes, available, reviews = row[9:]
        return Product(
            summary=ProductSummary(*row[:9]),
            category_name=category_name,
            description=description,
            attributes=msgspec.json.decode(attributes, type=dict[str, str]),
            available=available,
            reviews=ReviewSummary(reviews, row[8]),
        )

    async def lines(self, items: Mapping[str, int]) -> list[CartLine]:
        """Cart lines for SKU -> quantity at current prices, in that order."""
        if not items:
            return []
        found = {row[0]: row for row in await self._database.fetch(_LINES, list(items))}
        return [
            CartLine(row[0], row[1], row[2], row[3], quantity, unit_price=row[4], available=row[5])
            for sku, quantity in items.items()
            if (row := found.get(sku)) is not None
        ]

    async def recommendations(self, slug: str, limit: int) -> Recommendations:
        """Bought together, else popular; in stock only, and never the product itself."""
        sku = await self._database.fetchval("select sku from products where slug = $1", slug)
        if sku is None:
            raise NotFoundError("There is no such product.")
        return await self._shelves.shelf("also-bought", [sku], [], limit)

    async def featured(self, limit: int) -> list[ProductSummary]:
        """What sells, then what is new in each category, in stock only."""
        return (await self._shelves.shelf("popular", [], [], limit)).items

    async def import_rows(self, rows: Sequence[CatalogueRow]) -> tuple[int, int]:
        """Upsert by SKU in one transaction; returns (created, updated). See `catalogue_import`."""
        async with self._database.transaction() as connection:
            done = await catalogue_import.upsert(connection, rows)
            await connection.execute(_NOTE_IMPORT, False)
            return done

    async def note_refused_import(self) -> None:
        """See `ports.Catalogue`."""
        await self._database.execute(_NOTE_IMPORT, True)

    async def last_import_refused(self) -> bool | None:
        """See `ports.Catalogue`."""
        row = await self._database.fetchrow("select refused from last_import")
        return None if row is None else bool(row["refused"])

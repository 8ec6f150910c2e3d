"""The catalogue in PostgreSQL: pages of products, their facets, and what goes with what."""

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
# What sells: units over the last lines sold, a bounded number of them however long the shop runs.
_SOLD = """
    select l.sku, sum(l.quantity) as sold
    from (
        select order_id, sku, quantity from order_lines order by order_id desc, line limit 5000
    ) l
    join orders o on o.id = l.order_id and o.status in ('paid', 'fulfilled')
    group by l.sku
"""
# Best sellers, then the newest of every category in turn.
_FEATURED = f"""
    with sold as materialized ({_SOLD}),
    best as (
        select p.id, 0 as tier, -s.sold as place
        from sold s join products p using (sku) join stock k using (sku)
        where k.available > 0 order by s.sold desc, p.id limit $1
    ),
    fresh as (
        select f.id, 1, f.place
        from categories c cross join lateral (
            select p.id, row_number() over (order by p.created_at desc, p.id) as place
            from (
                select id, sku, created_at from products
                where category_id = c.id order by id desc limit 200
            ) p join stock k using (sku)
            where k.available > 0 order by place limit $1
        ) f
    ),
    picked as (
        select distinct on (id) id, tier, place from (table best union all table fresh) both_kinds
        order by id, tier
    )
    select {SUMMARY}
    from picked join products p using (id) join categories c on c.id = p.category_id
    join stock s using (sku)
    order by picked.tier, picked.place, p.id limit $1
"""
# Bought together most often (in the last thousand orders with this product), then what sells in the
# same category, then what costs about the same there.
_TOGETHER = f"""
    with this as materialized (select id, sku, category_id, price from products where slug = $1),
    together as (
        select other.sku, count(*) as times
        from (
            select order_id from order_lines
            where sku = (select sku from this) order by order_id desc limit 1000
        ) mine
        join orders o on o.id = mine.order_id and o.status in ('paid', 'fulfilled')
        join order_lines other on other.order_id = mine.order_id
        where other.sku <> (select sku from this)
        group by other.sku
    ),
    sold as materialized ({_SOLD}),
    near as (
        (select sku from products
        where category_id = (select category_id from this) and price >= (select price from this)
        order by price, id limit 4 * $2)
        union all
        (select sku from products
        where category_id = (select category_id from this) and price < (select price from this)
        order by price desc, id desc limit 4 * $2)
    ),
    picked as (
        select sku, max(times) as times, max(sold) as sold
        from (
            select sku, times, 0 as sold from together
            union all
            select s.sku, 0, s.sold
            from sold s join products p using (sku) join this on this.category_id = p.category_id
            union all
            select sku, 0, 0 from near
        ) candidates
        group by sku
    )
    select {SUMMARY}, picked.times > 0
    from picked join products p using (sku) join categories c on c.id = p.category_id
    join stock s using (sku) cross join this
    where p.id <> this.id and s.available > 0
    order by picked.times desc, picked.sold desc, abs(p.price - this.price), p.id
    limit $2
"""


class PostgresCatalogue:
    """Implements `ports.Catalogue`; ``currency`` is the shop's only one."""

    def __init__(self, database: Database, currency: str) -> None:
        self._database = database
        self._currency = currency

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
        rows = await self._database.fetch(_TOGETHER, slug, limit)
        items = [ProductSummary(*row[:9]) for row in rows]
        if len(items) < limit:  # a small category, or no such product
            if not rows:
                await self.product(slug)
            seen = {slug, *(item.slug for item in items)}
            more = await self.featured(limit + len(seen))
            items += [item for item in more if item.slug not in seen]
        together = bool(rows) and rows[0][9]
        return Recommendations(items[:limit], "co-purchase" if together else "popular")

    async def featured(self, limit: int) -> list[ProductSummary]:
        """What sells, then what is new in each category, in stock only."""
        return [ProductSummary(*row) for row in await self._database.fetch(_FEATURED, limit)]

    async def import_rows(self, rows: Sequence[CatalogueRow]) -> tuple[int, int]:
        """Upsert by SKU in one transaction; returns (created, updated). See `catalogue_import`."""
        async with self._database.transaction() as connection:
            return await catalogue_import.upsert(connection, rows)

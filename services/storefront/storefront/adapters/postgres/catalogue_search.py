"""SQL for a page of the catalogue and its facets, put together from what a visitor asks."""

from __future__ import annotations

import re

from storefront.domain.catalogue import Query, Sort

# The columns of a ProductSummary, in the order of its fields; wants p, c and s.
SUMMARY = """p.sku, p.slug, p.name, c.slug as category, p.price, p.currency, p.image_url,
    s.available > 0 as in_stock, p.rating::float8 as rating"""

# Every order ends with the id, so that no product is on two pages or on none.
_ORDER: dict[Sort, str] = {
    "relevance": "p.id",  # without text: as in the catalogue file
    "price": "p.price, p.id",
    "-price": "p.price desc, p.id desc",
    "name": 'lower(p.name) collate "C", p.id',
    "newest": "p.created_at desc, p.id desc",
    "rating": "p.rating desc nulls last, p.review_count desc, p.id",
}
_LIKE_SKU = re.compile(r"[A-Za-z0-9]+[0-9._-][A-Za-z0-9._-]*")
_LAST_WORD = re.compile(r"(.*?)([^\W_]+)\Z", re.DOTALL)


class Search:
    """Statements and their arguments for one query.

    The text is read as web search engines do ("quoted phrase", or, -not), and its last word also
    as the beginning of a word. ``misspelt`` compares with the letters of names instead.
    """

    def __init__(self, query: Query, *, misspelt: bool = False) -> None:
        self._query = query
        self._args: list[object] = []
        self._rank = ""
        wanted = [] if not query.text else [self._misspelt() if misspelt else self._words()]
        if query.in_stock:
            wanted.append("s.available > 0")
        price = []
        if query.min_price is not None:
            price.append(f"p.price >= {self._arg(query.min_price)}")
        if query.max_price is not None:
            price.append(f"p.price <= {self._arg(query.max_price)}")
        category = []
        if query.category is not None:
            slug = self._arg(query.category)
            category.append(f"p.category_id = (select id from categories where slug = {slug})")
        self._wanted, self._price, self._category = wanted, price, category
        self._tables = "products p"
        if query.in_stock:
            self._tables += " join stock s using (sku)"

    def page(self) -> tuple[str, list[object]]:
        """SQL and arguments; rows are the total and a ProductSummary's fields, null for no hit."""
        query = self._query
        ranked = query.text and query.sort == "relevance"
        order = "p.rank desc, p.id" if ranked else _ORDER[query.sort]
        where = _where([*self._wanted, *self._price, *self._category])
        limit, offset = len(self._args) + 1, len(self._args) + 2
        # The page is cut out before anything is joined to it; sorting twenty rows again is cheap.
        sql = f"""
            select t.total, i.*
            from (select count(*) as total from {self._tables} {where}) t
            left join lateral (
                select {SUMMARY}
                from (
                    select p.*{f", {self._rank} as rank" if ranked else ""}
                    from {self._tables} {where}
                    order by {order.replace("p.rank", "rank")}
                    limit ${limit}::int offset ${offset}::bigint
                ) p
                join stock s on s.sku = p.sku join categories c on c.id = p.category_id
                order by {order}
            ) i on true"""
        return sql, [*self._args, query.page_size, (query.page - 1) * query.page_size]

    def facets(self) -> tuple[str, list[object]]:
        """SQL and arguments; rows are kind, slug, name, lowest and highest price, count.

        A category counts what it would show if it were chosen, so its own restriction does not
        apply to it; nor does the price range to the bands. The bands are quarters of the hits, cut
        at round prices.
        """
        sql = f"""
            with hits as materialized (
                select p.category_id, p.price,
                    {" and ".join(self._category) or "true"} as in_category,
                    {" and ".join(self._price) or "true"} as in_price
                from {self._tables} {_where(self._wanted)}
            ),
            quarters as (
                select unnest(percentile_disc(array[0.25, 0.5, 0.75])
                    within group (order by price)) as price
                from hits where in_category
            ),
            cuts as (
                select array_agg(distinct cut order by cut) as cuts
                from quarters, lateral (select power(10, floor(log(price))) / 2 as step) s,
                    lateral (select (round(price / step) * step)::int as cut) r
            ),
            bands as (
                select width_bucket(price, cuts) as band, count(*) as count
                from hits, cuts where in_category group by 1
            )
            select 'category', c.slug, c.name, null::int, null::int, count(*)
            from hits h join categories c on c.id = h.category_id
            where h.in_price group by c.id
            union all
            select 'price', null, null, coalesce(cuts[band], 0), cuts[band + 1] - 1, count
            from bands, cuts
            order by 1, 4, 6 desc, 3"""
        return sql, self._args

    def _words(self) -> str:
        whole = self._arg(self._query.text)
        terms = f"websearch_to_tsquery('english', {whole})"
        match = _LAST_WORD.match(self._query.text)
        if match is not None and '"' not in match[1] and not match[1].endswith("-"):
            begins = f"to_tsquery('simple', {self._arg(match[2] + ':*')})"
            if match[1].strip():
                begins = f"websearch_to_tsquery('english', {self._arg(match[1])}) && {begins}"
            terms = f"({terms} || ({begins}))"
        self._rank = f"ts_rank(p.search, {terms}, 1)"
        matches = f"p.search @@ {terms}"
        if _LIKE_SKU.fullmatch(self._query.text):
            sku = f"p.sku in ({whole}, upper({whole}))"
            self._rank = f"({sku})::int + {self._rank}"
            matches = f"({matches} or {sku})"
        return matches

    def _misspelt(self) -> str:
        text = self._arg(self._query.text)
        self._rank = f"word_similarity({text}, p.name)"
        return f"{text} <% p.name"

    def _arg(self, value: object) -> str:
        self._args.append(value)
        return f"${len(self._args)}"


def _where(conditions: list[str]) -> str:
    return "where " + " and ".join(conditions) if conditions else ""

"""Reviews: one a customer and product."""

from __future__ import annotations

import uuid

from storefront.domain.errors import ConflictError, ForbiddenError, NotFoundError
from storefront.domain.reviews import Review, ReviewPage, Standing, shown_name

from .pool import Database, Record

_BOUGHT = """
    select from orders o join order_lines l on l.order_id = o.id
    where o.customer_id = $2 and l.sku = p.sku and o.status in ('paid', 'fulfilled')
"""
# The sums are counted up, not computed, so that two reviews at the same time both count.
_ADD = f"""
    with product as (select id, sku from products where slug = $1),
    bought as (select p.id from product p where exists ({_BOUGHT})),
    added as (
        insert into reviews (product_id, customer_id, stars, title, body)
        select id, $2, $3::int, $4, $5 from bought
        on conflict do nothing
        returning product_id, stars, written_at
    ),
    counted as (
        update products p set review_count = review_count + 1, rating_sum = rating_sum + a.stars
        from added a where a.product_id = p.id
    )
    select exists (select from product) as known, exists (select from bought) as bought,
        (select written_at from added) as written_at,
        (select name from customers where id = $2) as name
"""
_STANDING = f"""
    select exists ({_BOUGHT}) as bought, c.name, r.stars, r.title, r.body, r.written_at
    from products p
    left join reviews r on r.product_id = p.id and r.customer_id = $2
    left join customers c on c.id = r.customer_id
    where p.slug = $1
"""
_SUMS = """
    select p.id, p.review_count, p.rating::float8, r.one, r.two, r.three, r.four, r.five
    from products p cross join lateral (
        select count(*) filter (where stars = 1) as one, count(*) filter (where stars = 2) as two,
            count(*) filter (where stars = 3) as three,
            count(*) filter (where stars = 4) as four, count(*) filter (where stars = 5) as five
        from reviews where product_id = p.id
    ) r
    where p.slug = $1
"""
_LIST = """
    select c.name, r.stars, r.title, r.body, r.written_at
    from reviews r join customers c on c.id = r.customer_id
    where r.product_id = $1
    order by r.written_at desc, r.customer_id limit $2 offset $3
"""


class PostgresReviews:
    """The port `Reviews`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, customer_id: str, slug: str, *, rating: int, title: str, text: str
    ) -> Review:
        """See `Reviews.add`."""
        customer = uuid.UUID(customer_id)
        row = await self._database.fetchrow(_ADD, slug, customer, rating, title, text)
        assert row is not None
        if not row["known"]:
            raise NotFoundError("There is no such product.")
        if not row["bought"]:
            raise ForbiddenError("Only who has bought a product may review it.")
        if not row["written_at"]:
            raise ConflictError("You have reviewed this product already.")
        return Review(shown_name(row["name"]), rating, title, text, row["written_at"])

    async def standing(self, customer_id: str, slug: str) -> Standing:
        """See `Reviews.standing`."""
        row = await self._database.fetchrow(_STANDING, slug, uuid.UUID(customer_id))
        if row is None:
            raise NotFoundError("There is no such product.")
        return Standing(row["bought"], _review(row) if row["written_at"] else None)

    async def of_product(self, slug: str, page: int, page_size: int) -> ReviewPage:
        """See `Reviews.of_product`."""
        sums = await self._database.fetchrow(_SUMS, slug)
        if sums is None:
            raise NotFoundError("There is no such product.")
        product_id, count, average, *stars = sums
        rows: list[Record] = []
        if count:
            rows = await self._database.fetch(_LIST, product_id, page_size, (page - 1) * page_size)
        one, two, three, four, five = stars
        return ReviewPage(
            items=[_review(row) for row in rows],
            page=page,
            page_size=page_size,
            count=count,
            average=average,
            distribution=(one, two, three, four, five),
        )


def _review(row: Record) -> Review:
    return Review(
        shown_name(row["name"]), row["stars"], row["title"], row["body"], row["written_at"]
    )

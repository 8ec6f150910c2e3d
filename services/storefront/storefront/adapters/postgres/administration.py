"""The back office's view of the shop."""

from __future__ import annotations

from storefront.domain.accounts import Customer
from storefront.domain.admin import (
    OrderFile,
    OrderSearch,
    Overview,
    ReviewFile,
    Sales,
    ShelfItem,
    ShelfSearch,
)
from storefront.domain.errors import ConflictError, NotFoundError
from storefront.domain.orders import Order
from storefront.domain.reviews import Review, shown_name

from .checkouts_sql import REAL
from .orders import SELECT_ORDERS, to_order
from .pool import Database, Record

_SALES = f"""
    with span as (select date_trunc('day', now(), 'UTC') as today)
    select
        count(*) filter (where paid_at >= today),
        coalesce(sum(total) filter (where paid_at >= today), 0),
        count(*) filter (where paid_at >= today - interval '6 days'),
        coalesce(sum(total) filter (where paid_at >= today - interval '6 days'), 0),
        count(*), coalesce(sum(total), 0),
        (select count(*) from orders where status = 'paid' and {REAL}),
        (select count(*) from orders where status = 'pending_payment' and {REAL})
    from orders, span
    where paid_at >= today - interval '29 days' and status in ('paid', 'fulfilled')
        and {REAL}
"""
_ITEM = """
    select p.sku, p.slug, p.name, p.image_url, p.price, s.available
    from products p join stock s using (sku)
"""
# Stock has no index by units: it would be written with every order. A whole look is some ms.
_LOW = """
    select p.sku, p.slug, p.name, p.image_url, p.price, s.available, s.count
    from (
        select sku, available, count(*) over () as count from stock where available <= $1
        order by available, sku limit $2
    ) s join products p using (sku)
    order by s.available, p.sku
"""
_ORDER = """
    select c.id, c.email, c.name, c.is_staff, o.paid_at, o.fulfilled_at
    from orders o left join customers c on c.id = o.customer_id where o.number = $1
"""
_PLACE = ("placed_at", "id")  # what orders are listed by, newest first
_SET_STOCK = """
    with before as (select available from stock where sku = $1 for update),
    done as (
        update stock set available = $2 from before
        where sku = $1 and before.available = $3 returning sku
    )
    select exists (select from before) as known, exists (select from done) as done
"""
_SET_PRICE = """
    with before as (select price from products where sku = $1 for update),
    done as (
        update products p set price = $2, updated_at = now() from before
        where p.sku = $1 and before.price = $3 returning sku
    )
    select exists (select from before) as known, exists (select from done) as done
"""

_REVIEWS = """
    select r.id, p.slug, p.name as product, c.name, r.stars, r.title, r.body, r.written_at
    from reviews r join products p on p.id = r.product_id join customers c on c.id = r.customer_id
    where r.id < $1 order by r.id desc limit $2
"""
_REMOVE_REVIEW = """
    with gone as (delete from reviews where id = $1 returning product_id, stars)
    update products p set review_count = review_count - 1, rating_sum = rating_sum - g.stars
    from gone g where p.id = g.product_id
"""
_LARGEST = 2**63 - 1


class PostgresAdministration:
    """The port `Administration`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def overview(self, *, recent: int, low_stock: int, low_items: int) -> Overview:
        """See `Administration.overview`."""
        sales = await self._database.fetchrow(_SALES)
        assert sales is not None
        low = await self._database.fetch(_LOW, low_stock, low_items)
        return Overview(
            today=Sales(sales[0], sales[1]),
            week=Sales(sales[2], sales[3]),
            month=Sales(sales[4], sales[5]),
            to_fulfil=sales[6],
            to_pay=sales[7],
            recent=await self.orders(OrderSearch(), recent),
            low_stock=[ShelfItem(*row[:6]) for row in low],
            low_count=low[0]["count"] if low else 0,
        )

    async def orders(self, search: OrderSearch, limit: int) -> list[Order]:
        """See `Administration.orders`."""
        where = _Where()
        if not search.text:  # whoever looks for a rehearsal's finds it
            where.of(f"o.{REAL}")
        if search.text:
            number, email = where.add(search.text.upper()), where.add(_begins(search.text.lower()))
            where.of(f"(o.number = {number} or lower(o.email) like {email})")
        if search.status:
            where.of(f"o.status = {where.add(search.status)}")
        if search.before:
            last = where.add(search.before)
            place = (f"(select {column} from orders where number = {last})" for column in _PLACE)
            where.of(f"(o.placed_at, o.id) < ({', '.join(place)})")
        order = f"order by o.placed_at desc, o.id desc limit {where.add(limit)}"
        rows = await self._database.fetch(f"{SELECT_ORDERS} {where} {order}", *where.values)
        return [to_order(row) for row in rows]

    async def order(self, number: str) -> OrderFile:
        """See `Administration.order`."""
        row = await self._database.fetchrow(f"{SELECT_ORDERS} where o.number = $1", number)
        more = await self._database.fetchrow(_ORDER, number)
        if row is None or more is None:
            raise NotFoundError("There is no such order.")
        customer = Customer(str(more[0]), more[1], more[2], more[3]) if more[0] else None
        return OrderFile(to_order(row), customer, more["paid_at"], more["fulfilled_at"])

    async def products(self, search: ShelfSearch, limit: int) -> list[ShelfItem]:
        """See `Administration.products`."""
        where = _Where()
        if search.text:
            part, begin = where.add(f"%{_begins(search.text)}"), where.add(_begins(search.text))
            where.of(f"(p.name ilike {part} or p.sku ilike {begin})")
        if search.most is not None:
            where.of(f"s.available <= {where.add(search.most)}")
        if search.after:
            where.of(f"p.sku > {where.add(search.after)}")
        order = f"order by p.sku limit {where.add(limit)}"
        rows = await self._database.fetch(f"{_ITEM} {where} {order}", *where.values)
        return [ShelfItem(*row) for row in rows]

    async def product(self, sku: str) -> ShelfItem:
        """See `Administration.product`."""
        row = await self._database.fetchrow(f"{_ITEM} where p.sku = $1", sku)
        if row is None:
            raise NotFoundError("There is no such product.")
        return ShelfItem(*row)

    async def set_stock(self, sku: str, available: int, *, expected: int) -> None:
        """See `Administration.set_stock`."""
        row = await self._database.fetchrow(_SET_STOCK, sku, available, expected)
        _judge(row, "The stock has changed meanwhile. Look again, then set it.")

    async def set_price(self, sku: str, price: int, *, expected: int) -> None:
        """See `Administration.set_price`."""
        row = await self._database.fetchrow(_SET_PRICE, sku, price, expected)
        _judge(row, "The price has changed meanwhile. Look again, then set it.")

    async def reviews(self, before: int | None, limit: int) -> list[ReviewFile]:
        """See `Administration.reviews`."""
        last = _LARGEST if before is None else min(before, _LARGEST)
        return [
            ReviewFile(
                row["id"],
                row["slug"],
                row["product"],
                Review(
                    shown_name(row["name"]),
                    row["stars"],
                    row["title"],
                    row["body"],
                    row["written_at"],
                ),
            )
            for row in await self._database.fetch(_REVIEWS, last, limit)
        ]

    async def remove_review(self, review_id: int) -> None:
        """See `Administration.remove_review`."""
        await self._database.execute(_REMOVE_REVIEW, review_id)


class _Where:
    """Conditions with numbered parameters; without any, nothing."""

    def __init__(self) -> None:
        self.values: list[object] = []
        self._conditions: list[str] = []

    def add(self, value: object) -> str:
        """The name of a new parameter."""
        self.values.append(value)
        return f"${len(self.values)}"

    def of(self, condition: str) -> None:
        """One more condition that all rows fulfil."""
        self._conditions.append(condition)

    def __str__(self) -> str:
        return "where " + " and ".join(self._conditions) if self._conditions else ""


def _begins(text: str) -> str:
    """A pattern for what begins with exactly this text."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return f"{text}%"


def _judge(row: Record | None, conflict: str) -> None:
    """Raise what a change that did not happen means."""
    assert row is not None
    if not row["known"]:
        raise NotFoundError("There is no such product.")
    if not row["done"]:
        raise ConflictError(conflict)

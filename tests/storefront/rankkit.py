"""Tools of the tests around shelves: sales as they stand in the tables, and trainings on demand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from storefront.adapters.postgres.pool import Database
from storefront.adapters.postgres.ranking import PostgresRanking
from storefront.adapters.postgres.shelves import PostgresShelves
from storefront.usecases.ranking import train


async def sell(
    owner: Any,
    *skus: str,
    times: int = 1,
    days_ago: int = 0,
    visitor: str = "",
    customer: str | None = None,
    status: str = "paid",
) -> None:
    """Orders of these products, as checkout leaves them."""
    for _ in range(times):
        identity = await owner.fetchval(
            """
            insert into orders (number, status, visitor_id, customer_id, email, shipping_address,
                shipping_method, currency, subtotal, discount, shipping, tax, total, payment_token,
                cart_id, cart_version, claimed_until, placed_at, paid_at)
            values ($1, $2, $3, $4, 'a@b.test', '{}', 'standard', 'USD', 1, 0, 0, 0, 1, 't', 'c',
                1, now(), now() - make_interval(days => $5), now() - make_interval(days => $5))
            returning id
            """,
            uuid4().hex, status, visitor or uuid4().hex, customer, days_ago,
        )  # fmt: skip
        await owner.executemany(
            "insert into order_lines (order_id, line, sku, name, quantity, unit_price)"
            " values ($1, $2, $3, $3, 1, 1)",
            [(identity, line, sku) for line, sku in enumerate(skus)],
        )


async def retrain(database: Database, owner: Any) -> None:
    """Learn now, whenever the last training was."""
    await owner.execute("delete from trainings")
    assert await train(PostgresRanking(database))


async def shelf(
    database: Database,
    name: Any,
    context: Iterable[str] = (),
    excluded: Iterable[str] = (),
    limit: int = 8,
) -> list[str]:
    """The SKUs on a shelf."""
    found = await PostgresShelves(database).shelf(name, list(context), list(excluded), limit)
    return [item.sku for item in found.items]

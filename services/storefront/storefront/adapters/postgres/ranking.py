"""Training data and its result in PostgreSQL; see migration 0005."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from operator import itemgetter

from storefront.ports import Basket, Lesson, Look

from .checkouts_sql import REAL
from .pool import Connection, Database, Record

MAX_LINES = 2_000_000  # of orders, and as many interactions: what bounds the training's memory
WINDOW = "90 days"  # in which visits say something
_LOCK = 7_360_451_291  # one training at a time
_SECONDS = 300.0  # for any one statement
_BATCH = 5000

# Firehose writes its files in the order of their names, give or take some minutes.
_AFTER = "select max(key) from event_files where read_at < now() - interval '1 day'"
_UNREAD = """
    select key from unnest($1::text[]) with ordinality as f (key, place)
    where not exists (select from event_files e where e.key = f.key) order by place
"""
_STORE = f"""
    insert into interactions (id, type, sku, session, happened_at)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
        as i (id, type, sku, session, happened_at)
    where exists (select from products p where p.sku = i.sku)
        and happened_at between now() - interval '{WINDOW}' and now() + interval '1 hour'
    on conflict do nothing returning 1
"""
_TIDY = (
    f"delete from interactions where happened_at < now() - interval '{WINDOW}'",
    f"delete from event_files where read_at < now() - interval '{WINDOW}'",
    "delete from trainings where trained_at < now() - interval '30 days'",
)

# Also the day: what is popular ages though nothing happens.
_SEEN = f"""
    select concat_ws(' ', count(*), max(paid_at),
        (select coalesce(sum(events), 0) from event_files), current_date)
    from orders where status in ('paid', 'fulfilled') and {REAL}
"""
_DUE = f"""
    with now as (select ({_SEEN}) as seen),
    last as (select seen, trained_at, seconds from trainings order by id desc limit 1)
    select now.seen from now left join last on true
    where last.seen is null or now.seen <> last.seen
        and last.trained_at + make_interval(secs => 10 * last.seconds) < now()
"""
_ORDERS = f"""
    select o.id, l.sku, greatest(0, current_date - coalesce(o.paid_at, o.placed_at)::date),
        coalesce(o.customer_id::text, o.visitor_id)
    from orders o join order_lines l on l.order_id = o.id
    where o.status in ('paid', 'fulfilled') and o.{REAL} order by o.id desc limit $1
"""
# What one visitor did on one day belongs together, however often the page was opened.
_VISITS = """
    select session, sku, age, bool_or(cart)
    from (
        select session, sku, greatest(0, current_date - happened_at::date) as age,
            type = 'AddToCart' as cart
        from interactions order by happened_at desc limit $1
    ) latest
    group by age, session, sku order by age, session, sku
"""
_INCOMING = """
    create temporary table learned (
        sku text not null, neighbour text not null, score real not null
    ) on commit drop;
    create temporary table popular (sku text not null, score real not null) on commit drop;
"""
# Only what differs is written: within a day that is little.
_MERGE = (
    """
    delete from product_neighbours n where not exists (
        select from learned l where l.sku = n.sku and l.neighbour = n.neighbour)
    """,
    """
    insert into product_neighbours as n select * from learned on conflict (sku, neighbour)
    do update set score = excluded.score where n.score <> excluded.score
    """,
    """
    delete from product_popularity p where not exists (select from popular l where l.sku = p.sku)
    """,
    """
    insert into product_popularity as p select * from popular on conflict (sku)
    do update set score = excluded.score where p.score <> excluded.score
    """,
)


class PostgresInteractions:
    """Implements `ports.Interactions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unread_after(self) -> str:
        """See `Interactions.unread_after`."""
        return await self._database.fetchval(_AFTER) or ""

    async def unread(self, keys: Sequence[str]) -> list[str]:
        """See `Interactions.unread`."""
        return [row[0] for row in await self._database.fetch(_UNREAD, list(keys))]

    async def store(self, key: str, looks: AsyncIterator[Look | None]) -> tuple[int, int] | None:
        """See `Interactions.store`; a second reader of the file waits here for the first."""
        async with self._database.transaction() as connection:
            mine = await connection.fetchval(
                "insert into event_files (key, events, skipped) values ($1, 0, 0)"
                " on conflict do nothing returning 1",
                key,
            )
            if mine is None:
                return None
            lines = stored = 0
            batch: list[Look] = []
            async for look in looks:
                lines += 1
                if look is not None:
                    batch.append(look)
                if len(batch) == _BATCH:
                    stored += await _store(connection, batch)
                    batch = []
            stored += await _store(connection, batch)
            await connection.execute(
                "update event_files set events = $2, skipped = $3 where key = $1",
                key,
                stored,
                lines - stored,
            )
        return stored, lines - stored

    async def tidy(self) -> int:
        """See `Interactions.tidy`."""
        tags = [await self._database.execute(sql) for sql in _TIDY]
        return sum(int(tag.rsplit(" ", 1)[1]) for tag in tags)


async def _store(connection: Connection, looks: Sequence[Look]) -> int:
    columns = ("id", "type", "sku", "session", "happened_at")
    values = [[getattr(look, column) for look in looks] for column in columns]
    return len(await connection.fetch(_STORE, *values))


class PostgresRanking:
    """Implements `ports.Ranking`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self) -> bool:
        """See `Ranking.due`."""
        return await self._database.fetchval(_DUE) is not None

    @asynccontextmanager
    async def lesson(self) -> AsyncIterator[Lesson | None]:
        """See `Ranking.lesson`; all of it is one transaction."""
        async with self._database.transaction() as connection:
            await connection.execute(f"set local statement_timeout = {int(_SECONDS * 1000)}")
            await connection.execute("set local idle_in_transaction_session_timeout = 0")
            if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", _LOCK):
                yield None
                return
            seen = await connection.fetchval(_DUE, timeout=_SECONDS)
            yield None if seen is None else _PostgresLesson(connection, seen)


class _PostgresLesson:
    """Implements `ports.Lesson`."""

    def __init__(self, connection: Connection, seen: str) -> None:
        self._connection = connection
        self._seen = seen
        self._began = time.monotonic()
        self._lines = self._events = 0

    async def baskets(self) -> AsyncIterator[Basket]:
        """See `Lesson.baskets`: orders, then what each visitor did on a day."""
        async for rows in _groups(self._connection, _ORDERS, itemgetter(0)):
            self._lines += len(rows)
            yield Basket("purchase", [row[1] for row in rows], rows[0][2], rows[0][3])
        async for rows in _groups(self._connection, _VISITS, itemgetter(2, 0)):
            self._events += len(rows)
            yield Basket("view", [row[1] for row in rows], rows[0][2], rows[0][0])
            if cart := [row[1] for row in rows if row[3]]:
                yield Basket("cart", cart, rows[0][2], rows[0][0])

    async def write(
        self,
        neighbours: Iterable[tuple[str, str, float]],
        popularity: Iterable[tuple[str, float]],
    ) -> int:
        """See `Lesson.write`; readers go on with the old rows until the transaction ends."""
        connection = self._connection
        await connection.execute(_INCOMING)
        for table, records in (("learned", neighbours), ("popular", popularity)):
            await connection.copy_records_to_table(table, records=records, timeout=_SECONDS)
            await connection.execute(f"analyze {table}", timeout=_SECONDS)
        for sql in _MERGE:
            await connection.execute(sql, timeout=_SECONDS)
        count: int = await connection.fetchval("select count(*) from learned")
        await connection.execute(
            "insert into trainings (seen, lines, events, neighbours, seconds)"
            " values ($1, $2, $3, $4, $5)",
            self._seen,
            self._lines,
            self._events,
            count,
            time.monotonic() - self._began,
        )
        return count


async def _groups(
    connection: Connection, sql: str, key: itemgetter[object]
) -> AsyncIterator[list[Record]]:
    """Rows of ``sql`` that follow each other with the same key, never all in memory."""
    cursor = await connection.cursor(sql, MAX_LINES, timeout=_SECONDS)
    group: list[Record] = []
    while rows := await cursor.fetch(_BATCH, timeout=_SECONDS):
        for row in rows:
            if group and key(row) != key(group[0]):
                yield group
                group = []
            group.append(row)
    if group:
        yield group

"""The outbox: events are rows of the transaction they tell of, and are sent from here."""

from __future__ import annotations

from contextlib import ExitStack

import msgspec

from storefront.ports import Event, Queue
from storefront.tracing import NOWHERE, SpanKind, Tracer, header, inside, start

from .pool import Database, Record

# Two workers take different rows; one that dies gives its rows back by losing its locks.
_WAITING = """
    select id, event_id, type, payload, happened_at, traceparent from outbox
    where sent_at is null order by id limit $1 for update skip locked
"""

_AGE = """
    select coalesce((
        select extract(epoch from clock_timestamp() - happened_at) from outbox
        where sent_at is null order by id limit 1
    ), 0)
"""

_REQUEUE = """
    with lost as (
        select o.number from orders o
        where o.status = 'paid' and o.paid_at < now() - make_interval(secs => $1)
        order by o.paid_at limit 500
    )
    update outbox e set sent_at = null
    from lost
    where e.order_number = lost.number and e.type = 'order.paid'
        and e.sent_at < now() - make_interval(secs => $1)
"""

_TIDY = (
    "delete from outbox where sent_at < now() - make_interval(days => $1)",
    "delete from handled_events where handled_at < now() - make_interval(days => $1)",
    "delete from mails where sent_at < now() - make_interval(days => $1)",
    # A key without an outcome belongs to a pending or an abandoned order; the pending ones stay.
    """
    delete from checkouts c using orders o
    where c.created_at < now() - make_interval(days => $1) and o.number = c.order_number
        and o.status <> 'pending_payment'
    """,
    """
    delete from checkouts
    where created_at < now() - make_interval(days => $1) and order_number is null
    """,
)


class PostgresOutbox:
    """The port `Outbox`; a span of each traced event covers its wait and its sending."""

    def __init__(self, database: Database, tracer: Tracer = NOWHERE) -> None:
        self._database = database
        self._tracer = tracer

    async def relay(self, queue: Queue, limit: int) -> int:
        """See `Outbox.relay`; a crash after sending sends again, which consumers must bear."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_WAITING, limit)
            if rows:
                with ExitStack() as spans:
                    await queue.send([self._event(row, spans) for row in rows])
                await connection.execute(
                    "update outbox set sent_at = now() where id = any($1)",
                    [row["id"] for row in rows],
                )
        return len(rows)

    def _event(self, row: Record, spans: ExitStack) -> Event:
        parent: str | None = row["traceparent"]
        if parent is not None:
            name = f"send {row['type']}"
            about = {"messaging.message.id": str(row["event_id"])}
            span = start(
                self._tracer, name, SpanKind.PRODUCER, parent, about, since=row["happened_at"]
            )
            spans.enter_context(inside(span))
            parent = header(span) or parent
        payload = msgspec.json.decode(row["payload"])
        return Event(str(row["event_id"]), row["type"], payload, row["happened_at"], parent)

    async def age(self) -> float:
        """See `Outbox.age`."""
        return float(await self._database.fetchval(_AGE))

    async def requeue_unfulfilled(self, older_than_seconds: float) -> int:
        """See `Outbox.requeue_unfulfilled`."""
        return _count(await self._database.execute(_REQUEUE, older_than_seconds))

    async def tidy(self, older_than_days: int) -> int:
        """See `Outbox.tidy`."""
        return sum([_count(await self._database.execute(sql, older_than_days)) for sql in _TIDY])


def _count(tag: str) -> int:
    """The number in a command tag such as ``UPDATE 3``."""
    return int(tag.rsplit(" ", 1)[1])

"""Fulfilment: what the worker does with events, once each, and the mail that it owes."""

from __future__ import annotations

import uuid

from storefront import tracing
from storefront.ports import Event, Mail

from .pool import Database

RETRY_SECONDS = 60.0  # until an unsent mail is tried again; doubles with every attempt
MOST_ATTEMPTS = 16  # about three days

# Parameters 1-6: event id, then the mail.
_ONCE = """
    fresh as (
        insert into handled_events (event_id) values ($1) on conflict do nothing returning event_id
    ),
    mail as (
        insert into mails (id, recipient, subject, body_text, body_html)
        select $2, $3, $4, $5, $6 from fresh on conflict do nothing
    )
"""

_FULFIL = f"""
    with {_ONCE},
    done as (
        update orders set status = 'fulfilled', fulfilled_at = now()
        where number = $7 and status = 'paid' and exists (select from fresh)
        returning number
    ),
    told as (
        insert into outbox (type, order_number, traceparent, payload)
        select 'order.fulfilled', number, $8::text, jsonb_build_object('number', number) from done
    )
    select exists (select from fresh)
"""

_QUEUE_MAIL = f"with {_ONCE} select exists (select from fresh)"

_TAKE_MAIL = f"""
    with due as materialized (
        select id from mails
        where sent_at is null and due_at <= now() and attempts < {MOST_ATTEMPTS}
        order by due_at limit $1 for update skip locked
    ),
    taken as (
        update mails m set attempts = attempts + 1,
            due_at = now() + make_interval(secs => least($2 * 2 ^ m.attempts, 6 * 3600))
        from due where due.id = m.id
        returning m.id, recipient, subject, body_text, body_html, created_at
    )
    select * from taken order by created_at
"""

_MARK_LATE = """
    update mails set is_late = true
    where sent_at is null and not is_late and created_at < now() - make_interval(secs => $1)
    returning id
"""


class PostgresFulfilment:
    """The port `Fulfilment`; ``retry_seconds`` is the first pause before mail is tried again."""

    def __init__(self, database: Database, *, retry_seconds: float = RETRY_SECONDS) -> None:
        self._database = database
        self._retry = retry_seconds

    async def fulfil(self, event: Event, mail: Mail) -> bool:
        """See `Fulfilment.fulfil`."""
        number = event.payload["number"]
        trace = tracing.current()
        return bool(await self._database.fetchval(_FULFIL, *_once(event, mail), number, trace))

    async def queue_mail(self, event: Event, mail: Mail) -> bool:
        """See `Fulfilment.queue_mail`."""
        return bool(await self._database.fetchval(_QUEUE_MAIL, *_once(event, mail)))

    async def take_mail(self, limit: int) -> list[Mail]:
        """See `Fulfilment.take_mail`; gives up on a mail after MOST_ATTEMPTS."""
        rows = await self._database.fetch(_TAKE_MAIL, limit, self._retry)
        return [
            Mail(row["id"], row["recipient"], row["subject"], row["body_text"], row["body_html"])
            for row in rows
        ]

    async def mark_sent(self, mail_id: str) -> None:
        """See `Fulfilment.mark_sent`."""
        await self._database.fetch("update mails set sent_at = now() where id = $1", mail_id)

    async def mark_late(self, older_than_seconds: float) -> int:
        """See `Fulfilment.mark_late`."""
        return len(await self._database.fetch(_MARK_LATE, older_than_seconds))


def _once(event: Event, mail: Mail) -> tuple[object, ...]:
    return (uuid.UUID(event.id), mail.id, mail.to, mail.subject, mail.text, mail.html)

"""What happens after an order: events, their queue, and what the worker does with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .mail import Mail


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; ``id`` is unique, ``payload`` is plain JSON.

    ``traceparent`` is the W3C trace context in which it did, if it is known.
    """

    id: str
    type: str
    payload: dict[str, Any]
    happened_at: dt.datetime
    traceparent: str | None = None


class Outbox(Protocol):
    """Events written with the change they tell of, waiting to be sent."""

    async def relay(self, queue: Queue, limit: int) -> int:
        """Send up to ``limit`` waiting events and mark them sent; returns how many."""

    async def age(self) -> float:
        """How long the oldest waiting event has waited, in seconds; 0 when none waits."""

    async def requeue_unfulfilled(self, older_than_seconds: float) -> int:
        """Send again the events of paid orders that nobody fulfilled (a queue that lost them)."""

    async def tidy(self, older_than_days: int) -> int:
        """Forget sent events, handled ids, sent mail and checkout keys of that age; returns how
        many rows went. Orders stay.
        """


@dataclass(frozen=True, slots=True)
class Delivery:
    """A received event with the handle that acknowledges it."""

    event: Event
    receipt: str


class Queue(Protocol):
    """At-least-once delivery of events."""

    async def send(self, events: Sequence[Event]) -> None:
        """Send all or raise."""

    async def receive(self, wait_seconds: int) -> list[Delivery]:
        """Up to ten events; those that cannot be read are left for the dead-letter queue."""

    async def acknowledge(self, delivery: Delivery) -> None:
        """Remove a handled event."""


class Fulfilment(Protocol):
    """What the worker does with events, each exactly once."""

    async def fulfil(self, event: Event, mail: Mail) -> bool:
        """Mark the order of an ``order.paid`` event fulfilled, queue its mail and an
        ``order.fulfilled`` event, in one transaction; False if done before.
        """

    async def queue_mail(self, event: Event, mail: Mail) -> bool:
        """Queue the mail that this event asks for; False if done before."""

    async def take_mail(self, limit: int) -> list[Mail]:
        """Mail that is due, oldest first; what is not marked sent comes again, ever later."""

    async def mark_sent(self, mail_id: str) -> None:
        """Remember that this mail went out."""

    async def mark_late(self, older_than_seconds: float) -> int:
        """Mark mail that has waited so long; returns how many are newly late, each only once."""

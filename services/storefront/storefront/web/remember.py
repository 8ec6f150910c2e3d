"""Answers remembered for some seconds: one flight at a time, stale rather than nothing, bounded."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from storefront.domain.errors import UnavailableError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_PATIENCE = 0.25  # seconds to wait for a new answer while an old one is at hand
_PAUSE = 1.0  # seconds to leave a failed source alone while an old answer is at hand
_STALE_LIMIT = 3600.0  # seconds after which an old answer is no answer


@dataclass(slots=True)
class _Entry(Generic[V]):
    value: V
    made_at: float
    fresh_until: float


class Remembered(Generic[K, V]):
    """At most ``limit`` answers by key, each fresh for ``seconds``.

    Callers that ask for the same key at the same time share one call. When the source is
    unavailable, or slow, an answer of up to an hour ago is given instead. With ``seconds`` 0 every
    call goes to the source and nothing is kept.
    """

    def __init__(self, seconds: float, limit: int) -> None:
        self._seconds = seconds
        self._limit = limit
        self._entries: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._flights: dict[K, asyncio.Task[V]] = {}

    def fresh(self, key: K) -> V | None:
        """The answer at hand if it is fresh, without asking anyone."""
        entry = self._entries.get(key)
        if entry is None or entry.fresh_until <= time.monotonic():
            return None
        self._entries.move_to_end(key)
        return entry.value

    def at_hand(self, key: K) -> V | None:
        """The answer at hand, of up to an hour ago, without asking anyone."""
        entry = self._entries.get(key)
        if entry is None or time.monotonic() - entry.made_at > _STALE_LIMIT:
            return None
        return entry.value

    async def get(self, key: K, make: Callable[[], Awaitable[V]]) -> V:
        """The answer, from ``make()`` if need be; raises what it raises, if no old one will do."""
        if self._seconds <= 0:
            return await make()
        value = self.fresh(key)
        if value is not None:
            return value
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(self._fly(key, make))
            flight.add_done_callback(observe)
        entry = self._entries.get(key)
        if entry is None or time.monotonic() - entry.made_at > _STALE_LIMIT:
            # Shielded: one visitor who leaves must not take the answer from the others.
            return await asyncio.shield(flight)
        await asyncio.wait({flight}, timeout=_PATIENCE)
        if not flight.done():
            return entry.value
        if isinstance(flight.exception(), UnavailableError):
            entry.fresh_until = time.monotonic() + _PAUSE
            return entry.value
        return flight.result()

    async def _fly(self, key: K, make: Callable[[], Awaitable[V]]) -> V:
        try:
            value = await make()
        except Exception as problem:
            # A thing that is gone must not come back as stale.
            if not isinstance(problem, UnavailableError):
                self._entries.pop(key, None)
            raise
        finally:
            del self._flights[key]
        now = time.monotonic()
        self._entries[key] = _Entry(value, now, now + self._seconds)
        self._entries.move_to_end(key)
        while len(self._entries) > self._limit:
            self._entries.popitem(last=False)
        return value


def observe(flight: asyncio.Task[object]) -> None:
    """Everyone who waited may have left; an error nobody sees is not a warning."""
    if not flight.cancelled():
        flight.exception()

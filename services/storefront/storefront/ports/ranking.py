"""What shelves are learned from, and where the result is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Look:
    """Something a visitor did with a product; ``type`` is View, Click or AddToCart."""

    id: str
    type: str
    sku: str
    session: str  # the visitor, signed in or not
    happened_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Basket:
    """Products that came together; ``kind`` is purchase, cart or view, ``age`` in whole days.

    ``who`` is a customer's id, or a visitor's.
    """

    kind: str
    skus: Sequence[str]
    age: int
    who: str


class Records(Protocol):
    """What visitors did, as the events function recorded it: files of JSON lines."""

    def after(self, key: str) -> AsyncIterator[str]:
        """Keys of files that sort behind ``key``, in order; an empty one for all."""

    def lines(self, key: str) -> AsyncIterator[bytes]:
        """The lines of a file."""


class Interactions(Protocol):
    """The part of the records that shelves learn from."""

    async def unread_after(self) -> str:
        """A key such that no file before it can be new; empty when nothing was read yet."""

    async def unread(self, keys: Sequence[str]) -> list[str]:
        """Those of these files that nobody has read, in the same order."""

    async def store(self, key: str, looks: AsyncIterator[Look | None]) -> tuple[int, int] | None:
        """Store what a file tells, once whoever else reads it; None stands for a bad line.

        Returns:
            How many events were new, and how many lines were passed over: bad ones, doubles,
            outdated ones, and those of products that are not in the catalogue. None when the file
            was read before.
        """

    async def tidy(self) -> int:
        """Forget what is too old to be learned from; returns how many rows went."""


class Lesson(Protocol):
    """One training; it writes all or nothing."""

    def baskets(self) -> AsyncIterator[Basket]:
        """What to learn from, the newest first, a bounded number of lines."""

    async def write(
        self,
        neighbours: Iterable[tuple[str, str, float]],
        popularity: Iterable[tuple[str, float]],
    ) -> int:
        """Put these in place of what was there, for all readers at once.

        Returns:
            How many neighbours there are now.
        """


class Ranking(Protocol):
    """What goes with what, and what sells."""

    async def due(self) -> bool:
        """Whether there is anything new to learn, and the last training is not too recent.

        The longer trainings take, the longer the pause between them.
        """

    def lesson(self) -> AbstractAsyncContextManager[Lesson | None]:
        """A training that ends with the block; None when it is not due or somebody else is at it.

        Leaving by an exception, or dying, leaves everything as it was.
        """

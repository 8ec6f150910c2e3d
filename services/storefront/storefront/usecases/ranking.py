"""Learning what to show from what was bought and looked at."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import AsyncIterator
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from storefront.domain.ranking import Baskets
from storefront.ports import Interactions, Look, Ranking, Records

log = logging.getLogger(__name__)

# What visits say beside a purchase. Judgement, not measured: the public set has only purchases.
WEIGHTS = {"purchase": 1.0, "cart": 0.3, "view": 0.1}
FILES = 100  # read in one go


# PostgreSQL holds no NUL, and one such line must not stop its file for ever.
_TEXT = r"^[^\x00]+$"


class _Record(msgspec.Struct):
    """A line of a record; what else it says is of no use here."""

    id: UUID
    type: Literal["View", "Click", "AddToCart"]
    sku: Annotated[str, msgspec.Meta(pattern=_TEXT, max_length=64)]
    session: Annotated[str, msgspec.Meta(pattern=_TEXT, max_length=128)]
    at: Annotated[int, msgspec.Meta(ge=0, le=2**42)]  # milliseconds


_decoder = msgspec.json.Decoder(_Record)


async def read_records(records: Records, interactions: Interactions) -> bool:
    """Store what is new in the records; returns whether there is more to read at once.

    Any number of workers may do so at the same time. A line that is no event is counted and passed
    over; a file comes again until it was read to its end.
    """
    unread: list[str] = []
    keys: list[str] = []
    async for key in records.after(await interactions.unread_after()):
        keys.append(key)
        if len(keys) == 1000:
            unread += await interactions.unread(keys)
            keys = []
        if len(unread) >= FILES:
            break
    unread = (unread + await interactions.unread(keys))[:FILES]
    for key in unread:
        stored = await interactions.store(key, _looks(records.lines(key)))
        if stored is not None:
            log.info(
                "read what visitors did", extra={"key": key, "new": stored[0], "passed": stored[1]}
            )
    return len(unread) == FILES


async def _looks(lines: AsyncIterator[bytes]) -> AsyncIterator[Look | None]:
    async for line in lines:
        try:
            record = _decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            yield None
            continue
        at = dt.datetime.fromtimestamp(record.at / 1000, dt.UTC)
        yield Look(str(record.id), record.type, record.sku, record.session, at)


async def train(ranking: Ranking) -> str:
    """Learn from everything there is; returns what was done, empty when there was nothing to do.

    Keeps a core busy for seconds: not for a process that serves others.
    """
    began = time.monotonic()
    async with ranking.lesson() as lesson:
        if lesson is None:
            return ""
        baskets, count = Baskets(), 0
        async for basket in lesson.baskets():
            baskets.add(basket.skus, basket.age, WEIGHTS[basket.kind], basket.who)
            count += 1
        neighbours = await lesson.write(baskets.neighbours(), baskets.popularity())
    seconds = time.monotonic() - began
    done = f"learned {neighbours} neighbours from {count} baskets in {seconds:.1f} s"
    log.info("%s", done)
    return done

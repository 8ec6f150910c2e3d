"""Answers that the edge keeps for a while, as cache policies and Cache-Control say.

An answer with Set-Cookie, or one that is private or not to be stored, is never kept. Only whole
answers 200 to GET are; what CloudFront also does (serving stale answers, keeping errors) is not.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from .link import Answer
from .plan import Caching

MOST = 64 * 2**20  # bytes of all answers
LARGEST = 2**20  # bytes of one answer
_NEVER = re.compile(rb"(?:^|[,\s])(?:private|no-store|no-cache)(?:$|[=,\s])", re.IGNORECASE)
_SHARED = re.compile(rb"(?:^|[,\s])s-maxage=\"?(\d+)", re.IGNORECASE)
_AGE = re.compile(rb"(?:^|[,\s])max-age=\"?(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Kept:
    """An answer: its header lines as in `link.Answer`, its body, and until when it is fresh."""

    block: bytes
    etag: bytes
    body: bytes
    since: float
    until: float


class Store:
    """Kept answers, the least used ones given up when there are too many."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._bytes = 0

    def fresh(self, key: Hashable) -> Kept | None:
        """The answer under a key, if it may still be served."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= time.monotonic():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept

    def keep(self, key: Hashable, kept: Kept) -> None:
        """Keep an answer."""
        self._drop(key)
        self._kept[key] = kept
        self._bytes += len(kept.body)
        while self._bytes > MOST:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        if (old := self._kept.pop(key, None)) is not None:
            self._bytes -= len(old.body)


def seconds(answer: Answer, caching: Caching) -> int:
    """How long an answer may be kept; 0 is not at all."""
    control = answer.field(b"cache-control") or b""
    if _NEVER.search(control) or b"set-cookie" in answer.fields:
        return 0
    if answer.field(b"vary") == b"*":
        return 0
    told = _SHARED.search(control) or _AGE.search(control)
    if told is None and b"expires" in answer.fields:
        return 0  # nobody here sends it without Cache-Control
    wanted = caching.default if told is None else int(told[1])
    return min(max(wanted, caching.shortest), caching.longest)

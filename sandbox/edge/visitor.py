"""A connection from outside: requests in, one after the other, answers out."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import httptools

from sandbox.telemetry.emf import Sender

from . import local
from .counts import Counts
from .exchange import KEEP, Exchange
from .heads import Request
from .link import Link
from .plan import BARE, ErrorPage
from .ways import Ways


class Pods:
    """Ready pods, taken in turn."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        self._next = 0

    def pick(self, without: set[int]) -> int | None:
        """The next ready port that has not been tried."""
        left = [port for port in self.ports if port not in without]
        self._next += 1
        return left[self._next % len(left)] if left else None


@dataclass(slots=True)
class Door:
    """What all visitors share."""

    pods: Pods = field(default_factory=Pods)
    ways: Ways = field(default_factory=lambda: Ways(BARE))
    visitors: set[Visitor] = field(default_factory=set)
    counts: Counts = field(default_factory=lambda: Counts(Sender.here()))


class Visitor(asyncio.Protocol):
    """One connection. `links` are idle links to origins, by the origin's name."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.transport: Any = None
        self.peer = ("", 0)
        self.links: dict[str, Link] = {}
        self.exchange: Exchange | None = None
        self._coming: Request | None = None  # not all of it is here
        self._waiting: deque[Request] = deque()
        self._holds: set[str] = set()
        self._head = b""  # of an answer, sent with the first piece of its body
        self._page: asyncio.Task[None] | None = None
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: Any) -> None:
        """The visitor is here."""
        self.transport = transport
        self.peer = transport.get_extra_info("peername")[:2]
        self.door.visitors.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        """The visitor has left."""
        self.door.visitors.discard(self)
        self._waiting.clear()
        if self._page is not None:
            self._page.cancel()
        if self.exchange is not None:
            self.exchange.drop()
            self.exchange = None
        for link in self.links.values():
            link.drop()

    def on_message_begin(self) -> None:
        """A request starts (this and the next ones are called by the parser)."""
        self._coming = Request()

    def on_url(self, url: bytes) -> None:
        """A piece of its target."""
        assert self._coming is not None
        self._coming.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header line."""
        assert self._coming is not None
        self._coming.header(name, value)

    def on_headers_complete(self) -> None:
        """Its head is here."""
        assert self._coming is not None
        parser = self._parser
        self._coming.begin(parser.get_method(), close=not parser.should_keep_alive())
        self._waiting.append(self._coming)

    def on_body(self, data: bytes) -> None:
        """A piece of its body."""
        request = self._coming
        if request is None or request.ignored:
            return
        request.fresh.append(data)
        if request.kept and len(request.body) <= KEEP:
            request.body += data
        else:
            request.kept = False

    def on_message_complete(self) -> None:
        """It is all here."""
        if self._coming is not None:
            self._coming.complete = True
            self._coming = None

    def data_received(self, data: bytes) -> None:
        """Bytes of requests."""
        while data:
            try:
                self._parser.feed_data(data)
                data = b""
            except httptools.HttpParserUpgrade as upgrade:  # to what nobody here speaks
                self._parser = httptools.HttpRequestParser(self)
                data = data[upgrade.args[0] :]
            except httptools.HttpParserError:
                self._waiting.clear()
                if self.exchange is None:
                    self.transport.write(local.bad_request(self.door.ways.all[-1]))
                self.transport.close()
                return
        if self.exchange is not None:
            self.exchange.more()
            if self._waiting:  # one after the other
                self.hold("pipeline", on=True)
        else:
            self._proceed()

    def _proceed(self) -> None:
        while self.exchange is None and self._waiting:
            self.exchange = Exchange(self, self._waiting.popleft())
            self.exchange.start()
        if self._holds and not self._waiting:
            self.hold("pipeline", on=False)

    def write(self, data: bytes, *, more: bool = False) -> None:
        """Pass a piece of an answer on; with ``more`` to follow at once it waits for that."""
        if more:
            self._head = data
        elif self._head:
            self.transport.writelines((self._head, data))
            self._head = b""
        else:
            self.transport.write(data)

    def answered(self, exchange: Exchange, *, close: bool) -> None:
        """An answer is complete; go on with the next request."""
        if exchange is not self.exchange:
            return
        request = exchange.request
        request.ignored = True
        request.fresh.clear()
        request.body.clear()
        self.exchange = None
        if self._holds:
            self.hold("origin", on=False)
        if close:
            self.transport.close()
        elif self._waiting:
            asyncio.get_running_loop().call_soon(self._proceed)

    def tell_page(self, exchange: Exchange, page: ErrorPage) -> None:
        """Answer with a page that an origin keeps for this case."""
        exchange.request.ignored = True

        async def fetch() -> None:
            told = await local.error_page(page, self.door.ways, exchange.request, exchange.way)
            if self.exchange is exchange:
                exchange.tell(*told)

        self._page = asyncio.get_running_loop().create_task(fetch())

    def hold(self, reason: str, *, on: bool) -> None:
        """Read no more from the visitor while there is a reason."""
        before = bool(self._holds)
        if on:
            self._holds.add(reason)
        else:
            self._holds.discard(reason)
        if bool(self._holds) == before or self.transport.is_closing():
            return
        if self._holds:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def pause_writing(self) -> None:
        """The visitor reads slowly."""
        if self.exchange is not None and self.exchange.link is not None:
            self.exchange.link.hold(on=True)

    def resume_writing(self) -> None:
        """The visitor has caught up."""
        if self.exchange is not None and self.exchange.link is not None:
            self.exchange.link.hold(on=False)

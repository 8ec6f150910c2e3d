"""`python -m sandbox.frontdoor PORT`: the Service in front of the web pods.

Each visitor's connection is bound to one ready pod and its bytes are passed on untouched; parsers
only watch where messages end. So a pod can go away between two requests unnoticed, and a request
that got no answer is sent to another pod when sending it twice does no harm. Ports of ready pods
arrive on standard input, one JSON list a line; the end of input is the end of the front door.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from functools import partial
from typing import Any

import httptools

from .frontpage import unavailable
from .part import HOST

IDLE = 2.0  # seconds; a pod may close a link that was idle for longer at any moment
KEEP = 1_048_576  # bytes of a request that are kept to send it again
_SAFE = (b"GET ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS ")


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


class Visitor(asyncio.Protocol):
    """A connection from outside."""

    def __init__(self, pods: Pods) -> None:
        self.pods = pods
        self.transport: Any = None
        self.link: Link | None = None
        self.request = bytearray()  # what has come of the current request
        self.kept = True  # `request` is all of it
        self.open = 0  # requests begun and not answered
        self.receiving = False  # the current request is not all here yet
        self.begun = False  # the answer has begun
        self.raw = False  # not HTTP/1.1 as we know it: only pass on
        self.tried: set[int] = set()
        self.connecting: asyncio.Task[None] | None = None
        self.parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: Any) -> None:
        """The visitor is here."""
        self.transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        """The visitor has left."""
        if self.connecting is not None:
            self.connecting.cancel()
        if self.link is not None:
            self.link.drop()

    def on_message_begin(self) -> None:
        """A request starts (called by the parser)."""
        if self.open:  # pipelined: nothing can be sent twice any more
            self.kept = False
        else:
            self.request.clear()
            self.tried.clear()
            self.kept, self.begun = True, False
        self.open += 1
        self.receiving = True

    def on_message_complete(self) -> None:
        """A request ends (called by the parser)."""
        self.receiving = False

    def data_received(self, data: bytes) -> None:
        """Bytes of a request."""
        if not self.raw:
            try:
                self.parser.feed_data(data)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade):
                self.raw, self.open = True, 1
        if self.kept and len(self.request) + len(data) <= KEEP:
            self.request += data
        else:
            self.kept = False
        link = self.link
        if link is not None and link.made and (len(self.request) > len(data) or link.usable()):
            link.transport.write(data)
        elif self.connecting is None:
            if not self.kept:
                self.transport.close()
                return
            self.connect()

    def connect(self) -> None:
        """Find a pod and send it what we have."""
        if self.link is not None:
            self.link.drop()
            self.link = None
        self.transport.pause_reading()
        self.connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        while (port := self.pods.pick(self.tried)) is not None:
            self.tried.add(port)
            try:
                _, link = await loop.create_connection(partial(Link, self, port), HOST, port)
            except OSError:
                continue
            self.connecting, self.link = None, link
            link.transport.write(bytes(self.request))
            self.transport.resume_reading()
            return
        self.connecting = None
        self.refuse()

    def refuse(self) -> None:
        """No pod can take this request."""
        self.open = 0
        self.transport.write(unavailable(bytes(self.request[:8192])))
        self.transport.close()

    def answered(self) -> None:
        """One answer is complete."""
        self.open = max(0, self.open - 1)
        self.begun = False

    def link_lost(self) -> None:
        """The pod has closed; between requests nobody needs to know."""
        self.link = None
        if self.transport.is_closing():
            return
        if not (self.open or self.raw):
            if self.receiving:  # answered early, such as a body that is too large
                self.transport.close()
            return
        head = bytes(self.request[:8192]).partition(b"\r\n\r\n")[0].lower()
        harmless = self.request.startswith(_SAFE) or b"\r\nidempotency-key:" in head
        if self.begun or self.raw:
            self.transport.close()
        elif self.kept and harmless:
            self.connect()
        else:
            self.refuse()

    def pause_writing(self) -> None:
        """The visitor reads slowly."""
        if self.link is not None:
            self.link.transport.pause_reading()

    def resume_writing(self) -> None:
        """The visitor has caught up."""
        if self.link is not None:
            self.link.transport.resume_reading()


class Link(asyncio.Protocol):
    """A connection to a pod, for one visitor."""

    def __init__(self, visitor: Visitor, port: int) -> None:
        self.visitor: Visitor | None = visitor
        self.port = port
        self.transport: Any = None
        self.made = False
        self.last = time.monotonic()
        self.parser = httptools.HttpResponseParser(self)

    def usable(self) -> bool:
        """Whether a new request may go here."""
        visitor = self.visitor
        if visitor is None or self.transport.is_closing():
            return False
        return self.port in visitor.pods.ports and time.monotonic() - self.last < IDLE

    def connection_made(self, transport: Any) -> None:
        """The pod accepts."""
        self.transport, self.made = transport, True

    def data_received(self, data: bytes) -> None:
        """Bytes of an answer."""
        visitor = self.visitor
        if visitor is None:
            return
        visitor.transport.write(data)
        visitor.begun = True
        self.last = time.monotonic()
        if not visitor.raw:
            try:
                self.parser.feed_data(data)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade):
                visitor.raw = True

    def on_headers_complete(self) -> None:
        """The answer to HEAD ends here, whatever length it tells."""
        visitor = self.visitor
        if visitor is not None and visitor.request.startswith(b"HEAD "):
            visitor.answered()
            self.parser = httptools.HttpResponseParser(self)

    def on_message_complete(self) -> None:
        """An answer ends; an interim one (100 Continue) does not count."""
        visitor = self.visitor
        if (
            visitor is not None
            and not visitor.request.startswith(b"HEAD ")
            and self.parser.get_status_code() >= 200
        ):
            visitor.answered()

    def connection_lost(self, _: Exception | None) -> None:
        """The pod has closed."""
        if self.visitor is not None:
            visitor, self.visitor = self.visitor, None
            visitor.link_lost()

    def pause_writing(self) -> None:
        """The pod reads slowly."""
        if self.visitor is not None:
            self.visitor.transport.pause_reading()

    def resume_writing(self) -> None:
        """The pod has caught up."""
        if self.visitor is not None:
            self.visitor.transport.resume_reading()

    def drop(self) -> None:
        """This link is not wanted any more."""
        self.visitor = None
        if self.transport is not None:
            self.transport.close()


async def serve(port: int) -> None:
    """Serve until input ends or SIGTERM."""
    loop = asyncio.get_running_loop()
    pods, over = Pods(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)

    def told() -> None:
        line = sys.stdin.buffer.readline()
        if line:
            pods.ports = json.loads(line)
        else:
            loop.remove_reader(sys.stdin.fileno())
            over.set()

    server = await loop.create_server(lambda: Visitor(pods), HOST, port, backlog=1024)
    loop.add_reader(sys.stdin.fileno(), told)
    await over.wait()
    server.close()


def main() -> None:
    """Run on uvloop where there is one."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        asyncio.run(serve(int(sys.argv[1])))
    else:
        uvloop.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()

"""A connection to an origin, kept by one visitor; parses heads and passes bodies on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Set
from typing import Any, Protocol

import httptools

IDLE = 2.0  # seconds; an origin may close a link that was idle for longer at any moment
_LONGEST_HEAD = 256 * 1024
_BODILESS = (204, 304)


class BadAnswerError(Exception):
    """An origin sent what is no HTTP."""


class Answer:
    """The head of an answer, which is passed on as one piece.

    ``block`` has the header lines, each after a line end, without those between neighbours;
    ``fields`` are their values by lower-case name, the last one's of several.
    """

    __slots__ = ("block", "fields", "last", "length", "status", "top")

    def __init__(self, head: bytes, method: bytes) -> None:
        """Read it; ``length`` is of the body: -1 is chunked, -2 until the link closes."""
        line, *rest = head.split(b"\r\n")
        self.block = head[len(line) :]
        self.top = b"HTTP/1.1" + line[8:]
        try:
            self.status = int(line[9:12])
        except ValueError as problem:
            raise BadAnswerError from problem
        self.fields: dict[bytes, bytes] = {
            name.lower(): value for name, _, value in [each.partition(b":") for each in rest]
        }
        self.last = not line.startswith(b"HTTP/1.1")
        if (told := self.field(b"connection")) is not None:
            self.last = b"close" in told.lower()
            self.take({b"connection", b"keep-alive"})
        if method == b"HEAD" or self.status in _BODILESS or self.status < 200:
            self.length = 0
        elif b"transfer-encoding" in self.fields:
            self.length = -1
        elif (told := self.field(b"content-length")) is not None:
            if not told.isdigit():
                raise BadAnswerError
            self.length = int(told)
        else:
            self.length, self.last = -2, True

    def field(self, name: bytes) -> bytes | None:
        """The value of a header, by its lower-case name."""
        value = self.fields.get(name)
        return value if value is None else value.strip()

    def take(self, names: Set[bytes]) -> None:
        """Take the lines with these lower-case names away."""
        lines = self.block.split(b"\r\n")
        kept = [line for line in lines if line.partition(b":")[0].lower() not in names]
        self.block = b"\r\n".join(kept)
        for name in names:
            self.fields.pop(name, None)


class Receiver(Protocol):
    """Who sent the request that this link carries."""

    def head(self, answer: Answer, link: Link, *, more: bool) -> None:
        """The answer begins, with ``more`` at hand; it may be given up by dropping the link."""

    def body(self, data: bytes) -> None:
        """A piece of the answer's body, as it is on the wire."""

    def end(self) -> None:
        """The answer is complete."""

    def lost(self) -> None:
        """The origin has closed before that."""

    def hold(self, *, on: bool) -> None:
        """Whether the origin reads slowly."""


class Link(asyncio.Protocol):
    """Carries one exchange after the other."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.transport: Any = None
        self.receiver: Receiver | None = None
        self._method = b""
        self._last = time.monotonic()
        self._head = b""
        self._left = 0  # of the body; as `Answer.length`
        self._inside = False  # the answer's head is over
        self._closes = False
        self._held = False
        self._whole = False  # the last chunk is here
        self._chunks: httptools.HttpResponseParser | None = None

    @property
    def usable(self) -> bool:
        """Whether another request may go here."""
        return (
            self.receiver is None
            and not self.transport.is_closing()
            and time.monotonic() - self._last < IDLE
        )

    def hold(self, *, on: bool) -> None:
        """Read no more of the answer for a while: its visitor reads slowly."""
        if on != self._held and not self.transport.is_closing():
            self._held = on
            (self.transport.pause_reading if on else self.transport.resume_reading)()

    def carry(self, receiver: Receiver, method: bytes, data: bytes) -> None:
        """Send the beginning of a request; the answer goes to ``receiver``."""
        self.receiver, self._method = receiver, method
        self.transport.write(data)

    def connection_made(self, transport: Any) -> None:
        """The origin accepts."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes of an answer."""
        if self.receiver is None:  # nobody asked
            self.drop()
            return
        try:
            if self._inside:
                self._body(data)
            else:
                self._begin(self._head + data if self._head else data)
        except (BadAnswerError, httptools.HttpParserError):
            self.transport.abort()

    def _begin(self, data: bytes) -> None:
        split = data.find(b"\r\n\r\n")
        receiver = self.receiver
        if split < 0 or receiver is None:
            self._head = data
            if len(data) > _LONGEST_HEAD:
                raise BadAnswerError
            return
        self._head = b""
        answer = Answer(data[:split], self._method)
        rest = data[split + 4 :]
        if answer.status >= 200:
            self._inside, self._left, self._closes = True, answer.length, answer.last
            if answer.length == -1:
                self._chunks = httptools.HttpResponseParser(self)
                self._chunks.feed_data(data[: split + 4])
        receiver.head(answer, self, more=bool(rest) and answer.length != 0)
        if self.receiver is not receiver:  # it was given up
            return
        if answer.status < 200:  # 100 Continue: the answer itself comes later
            if rest:
                self._begin(rest)
        elif rest or answer.length == 0:
            self._body(rest)

    def _body(self, data: bytes) -> None:
        receiver = self.receiver
        if receiver is None:
            return
        if self._left >= 0:
            if len(data) > self._left:
                data = data[: self._left]
                self._closes = True  # more than it said: not to be trusted again
            self._left -= len(data)
            if data:
                receiver.body(data)
            if self._left == 0:
                self._finish()
        else:
            receiver.body(data)
            if self._chunks is not None:
                self._chunks.feed_data(data)
                if self._whole:
                    self._finish()

    def on_message_complete(self) -> None:
        """The last chunk is here (called by the parser)."""
        self._whole = True

    def _finish(self) -> None:
        receiver, self.receiver = self.receiver, None
        self._inside, self._whole, self._chunks = False, False, None
        self._last = time.monotonic()
        self.hold(on=False)
        if self._closes:
            self.transport.close()
        if receiver is not None:
            receiver.end()

    def connection_lost(self, _: Exception | None) -> None:
        """The origin has closed."""
        if self.receiver is not None and self._inside and self._left == -2:
            self._finish()
        elif self.receiver is not None:
            receiver, self.receiver = self.receiver, None
            receiver.lost()

    def pause_writing(self) -> None:
        """The origin reads slowly."""
        if self.receiver is not None:
            self.receiver.hold(on=True)

    def resume_writing(self) -> None:
        """The origin has caught up."""
        if self.receiver is not None:
            self.receiver.hold(on=False)

    def drop(self) -> None:
        """This link is not wanted any more."""
        self.receiver = None
        if self.transport is not None:
            self.transport.close()

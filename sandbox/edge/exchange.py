"""One request on its way: firewall, behaviour, cache, origins, and back with the headers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from functools import partial
from typing import TYPE_CHECKING

from . import local, store
from .heads import Request, key_of, onward
from .link import Answer, Link
from .plan import Origin
from .ways import Way, Ways

if TYPE_CHECKING:
    from .visitor import Visitor

KEEP = 1_048_576  # bytes of a request that are kept to send it again
_READING = (b"GET", b"HEAD", b"OPTIONS")  # what origin groups stand in for
BAD_GATEWAY, TIMED_OUT = 502, 504


class Exchange:
    """Made for one request of a visitor; `link.Receiver` of its answer."""

    def __init__(self, visitor: Visitor, request: Request) -> None:
        self.visitor, self.request = visitor, request
        self.ways: Ways = visitor.door.ways
        self.way: Way = self.ways.of(request.path)
        self.link: Link | None = None
        self.last = time.monotonic()  # when something came from the origin
        self.connecting: asyncio.Task[None] | None = None
        self._origins = list(self.way.origins)
        self._tried: set[int] = set()
        self._sent = False  # all of the request
        self._begun = False  # the visitor has got the head of an answer
        self._key: Hashable = None
        self._keeping: tuple[bytes, bytes, int] | None = None  # header lines, ETag, seconds
        self._body: list[bytes] = []
        self._size = 0
        self._cut = False  # the visitor learns the end of the body by the connection's

    @property
    def origin(self) -> Origin:
        """Who is asked now."""
        return self._origins[0]

    def start(self) -> None:
        """Answer at once, or ask an origin."""
        request, way = self.request, self.way
        if self.ways.guarded:
            status = self.ways.firewall.judge(self.visitor.peer[0], request.part)
            if status:
                self.visitor.door.counts.blocked()
                self.tell(*local.refusal(status, way))
                return
        if request.method not in way.methods:
            self.tell(*local.refusal(403, way))
            return
        if way.keeps and request.method in (b"GET", b"HEAD") and b"range" not in request.fields:
            self._key = key_of(request, way)
            if (kept := self.ways.store.fresh(self._key)) is not None:
                self.tell(*local.hit(kept, request))
                return
        self._ask()

    def more(self) -> None:
        """More of the request is here."""
        request = self.request
        if self.link is None or request.ignored or self._sent:
            return
        pieces, request.fresh = request.fresh, []
        self._sent = request.complete
        data = b"".join([_framed(piece, request) for piece in pieces]) + _end(request)
        if data:
            self.link.transport.write(data)

    def _ask(self) -> None:
        """Send the request to the origin, on a link that is there or on a new one."""
        self.last = time.monotonic()
        self.hold(on=False)  # whoever read slowly is not asked any more
        origin = self.origin
        link = self.visitor.links.pop(origin.name, None)
        if link is not None:
            if link.usable and (origin.kind != "pods" or link.port in self.visitor.door.pods.ports):
                self._send(link)
                return
            link.drop()
        self.visitor.hold("connecting", on=True)
        self.connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        while (address := self._address()) is not None:
            self._tried.add(address[1])
            try:
                _, link = await loop.create_connection(partial(Link, address[1]), *address)
            except OSError:
                continue
            self.connecting = None
            self.visitor.hold("connecting", on=False)
            self._send(link)
            return
        self.connecting = None
        self.visitor.hold("connecting", on=False)
        self.failed(BAD_GATEWAY)

    def _address(self) -> tuple[str, int] | None:
        origin = self.origin
        if origin.kind == "pods":
            port = self.visitor.door.pods.pick(self._tried)
            return None if port is None else ("127.0.0.1", port)
        away = origin.kind == "away" or origin.address[1] in self._tried
        return None if away else origin.address

    def _send(self, link: Link) -> None:
        self.link = link
        request = self.request
        head = onward(request, self.way, self.origin, self.visitor.peer)
        if request.body:
            head += _framed(bytes(request.body), request)
        request.fresh.clear()
        self._sent = request.complete
        link.carry(self, request.method, head + _end(request))

    def head(self, answer: Answer, link: Link, *, more: bool) -> None:
        """The answer's head: pass it on, or ask somebody else."""
        before, self.last = self.last, time.monotonic()
        request, way, counts = self.request, self.way, self.visitor.door.counts
        if answer.status < 200:
            self.visitor.transport.write(answer.top + b"\r\n\r\n")
            return
        if self.origin.kind == "pods":
            counts.target(answer.status, self.last - before)
        if self._stand_in(answer.status) or self._replace(answer.status):
            link.drop()
            return
        self._begun = True
        counts.answered(answer.status)
        if way.dropped:
            answer.take(way.dropped)
        block = answer.block + way.dress(answer.fields)
        marks = b""
        if way.keeps:
            self._prepare(answer, block)
            marks = b"\r\nX-Cache: Miss from edge"
        self._cut = answer.length == -2
        if request.close or self._cut:
            marks += b"\r\nConnection: close"
        self.visitor.write(b"%b%b%b\r\n\r\n" % (answer.top, block, marks), more=more)

    def _prepare(self, answer: Answer, block: bytes) -> None:
        request = self.request
        if self._key is None or request.method != b"GET" or answer.status != 200:
            return
        if answer.length < 0 or answer.length > store.LARGEST or b"authorization" in request.fields:
            return
        told = store.seconds(answer, self.way.behaviour.caching)
        if told > 0:
            self._keeping = block, answer.field(b"etag") or b"", told

    def _stand_in(self, status: int) -> bool:
        """Ask the second origin of a group, if this is a case for it."""
        more = len(self._origins) > 1 and self.request.method in _READING
        if not more or status not in self.way.failover:
            return False
        self.link = None
        self._origins.pop(0)
        self._tried.clear()
        self._ask()
        return True

    def _replace(self, status: int) -> bool:
        """Send the declared page instead, if there is one for this status."""
        page = self.ways.errors.get(status)
        if page is None:
            return False
        self.link = None
        self.visitor.tell_page(self, page)
        return True

    def body(self, data: bytes) -> None:
        """A piece of the body."""
        self.last = time.monotonic()
        if self._keeping is not None:
            self._body.append(data)
        self.visitor.write(data)

    def end(self) -> None:
        """The answer is complete."""
        if self._keeping is not None:
            block, etag, seconds = self._keeping
            now = time.monotonic()
            kept = store.Kept(block, etag, b"".join(self._body), now, now + seconds)
            self.ways.store.keep(self._key, kept)
        link, self.link = self.link, None
        if link is not None and not link.transport.is_closing():
            if self.request.complete:
                self.visitor.links[self.origin.name] = link
            else:  # answered early: the rest of the request would be taken for another one
                link.drop()
        self.visitor.answered(self, close=self.request.close or self._cut)

    def lost(self) -> None:
        """The origin closed before the answer was complete."""
        self.link = None
        if self._begun:
            self.visitor.transport.close()
        elif self.request.harmless and self.request.kept:
            if self.origin.kind != "pods" and len(self._tried) > 0:
                self.failed(BAD_GATEWAY)
            else:
                self._ask()
        else:
            self.failed(BAD_GATEWAY)

    def failed(self, status: int) -> None:
        """No answer comes from this origin."""
        if self.origin.kind == "pods":
            self.visitor.door.counts.unanswered()
        if self._begun:
            self.visitor.transport.close()
        elif not self._stand_in(status) and not self._replace(status):
            self.tell(*local.unavailable(self.request, self.way))

    def check(self, now: float) -> None:
        """Give up an origin that takes too long."""
        if now - self.last > self.origin.read_seconds and self.connecting is None:
            if self.link is not None:
                self.link.drop()
                self.link = None
            self.failed(TIMED_OUT)

    def hold(self, *, on: bool) -> None:
        """The origin reads slowly, or has caught up."""
        self.visitor.hold("origin", on=on)

    def drop(self) -> None:
        """The visitor has left."""
        if self.connecting is not None:
            self.connecting.cancel()
        if self.link is not None:
            self.link.drop()
            self.link = None

    def tell(self, head: bytes, body: bytes) -> None:
        """Answer by ourselves; ``head`` lacks its end."""
        self._begun = True
        self.visitor.door.counts.answered(int(head[9:12]))
        close = self.request.close
        end = b"\r\nConnection: close\r\n\r\n" if close else b"\r\n\r\n"
        sent = b"" if self.request.method == b"HEAD" else body
        self.visitor.transport.write(head + end + sent)
        self.visitor.answered(self, close=close)


def _framed(data: bytes, request: Request) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if request.chunked and data else data


def _end(request: Request) -> bytes:
    return b"0\r\n\r\n" if request.chunked and request.complete else b""

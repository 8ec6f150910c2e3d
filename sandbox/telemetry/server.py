"""`python -m sandbox.telemetry.server FILE`: collects, judges and shows.

One port takes spans (OTLP over HTTP) and serves the page; by the same number in UDP come documents
in embedded metric format. FILE is written by `part`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import logging
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from sandbox.part import HOST

from . import emf, spans, views
from .declared import Declared
from .logs import Tail
from .probes import Probes
from .watch import Watch

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_log = logging.getLogger("sandbox.telemetry")
_LARGEST = 8 * 1024 * 1024  # bytes of spans at once
_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; img-src data:"),
]


class Documents(asyncio.DatagramProtocol):
    """Takes documents of whoever writes no log."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """One document."""
        del addr
        self._watch.take(emf.read(data))


class Server:
    """The ASGI application, and what runs beside it."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self.watch = Watch(declared, time.time())
        self._tail = Tail(Path(declared.places.state) / "logs")
        self._probes = Probes(declared, self.watch)
        self._first: int | None = None  # minute to judge: before, nobody can have said anything
        self._tasks: list[asyncio.Task[None]] = []
        self._views = views.Views(declared, self.watch, self.read)

    def read(self) -> None:
        """Take what is new in logs; who was killed reads again what was there before."""
        if not self.watch.open:
            return
        for line in self._tail.lines():
            self.watch.take(emf.read(line))

    async def _sampling(self) -> None:
        """Once the shop is up; twice a declared minute: alarms look at single ones."""
        while not self._probes.is_up():  # noqa: ASYNC110 - a file tells
            await asyncio.sleep(0.25)
        self.watch.open = True
        self._first = self.watch.clock.minute(time.time()) + 2
        await self._probes.run(min(max(self.watch.clock.minute_seconds / 2, 0.1), 15))

    async def _judging(self) -> None:
        """After each declared minute, a little later: what is told about it must be here."""
        clock = self.watch.clock
        while True:
            now = time.time()
            late = min(0.3 * clock.minute_seconds, 2.0)
            minute = clock.minute(now - late)
            await asyncio.sleep((minute + 1) * clock.minute_seconds + late - now)
            self.read()
            if self._first is not None and minute >= self._first:
                self.watch.judge(minute, time.time())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; see the ASGI specification."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            if scope["method"] == "POST" and scope["path"] == "/v1/traces":
                status, kind, body = await self._take_spans(scope, receive)
            else:
                status, kind, body = self._show(scope)
            headers = [
                *_HEADERS,
                (b"content-type", kind.encode()),
                (b"content-length", str(len(body)).encode()),
            ]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    def _show(self, scope: Scope) -> views.Answer:
        asked = dict(scope["headers"]).get(b"host", b"").decode("latin-1").rpartition(":")[0]
        if asked not in (HOST, "localhost"):  # a page of somewhere else must not read this one
            return 421, "text/plain", b"this is 127.0.0.1\n"
        if scope["method"] not in ("GET", "HEAD"):
            return 405, "text/plain", b"GET only\n"
        return self._views.answer(scope["path"])

    async def _take_spans(self, scope: Scope, receive: Receive) -> views.Answer:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > _LARGEST:
                return 413, "text/plain", b"too large\n"
            if not message.get("more_body"):
                break
        try:
            if dict(scope["headers"]).get(b"content-encoding") == b"gzip":
                body = gzip.decompress(body)
            for span in spans.decode(body):
                self.watch.traces.add(span)
        except (ValueError, OSError, EOFError) as problem:
            return 400, "text/plain", f"{problem}\n".encode()
        return 200, "application/x-protobuf", b""

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                loop = asyncio.get_running_loop()
                await loop.create_datagram_endpoint(
                    lambda: Documents(self.watch), (HOST, self._declared.port)
                )
                for run in (self._sampling, self._judging):
                    task = asyncio.create_task(run())
                    task.add_done_callback(_ended)
                    self._tasks.append(task)
            else:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


def _ended(task: asyncio.Task[None]) -> None:
    """Half of a watchman is none: the supervisor starts a whole one."""
    if not task.cancelled():
        _log.error("stopping after an unexpected error", exc_info=task.exception())
        raise SystemExit(1)


def main() -> None:
    """Serve until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    declared = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Declared)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.run(
            Server(declared),
            host=HOST,
            port=declared.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )


if __name__ == "__main__":
    main()

"""A steady load of shoppers: pages and cart changes, on old connections and on new ones."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import threading
import time
import uuid
from collections import Counter

SHOPPERS = 16


class Load:
    """Runs in a thread of its own between `start` and `stop`; nothing is sent twice.

    `failures` says what was not answered as it should be; `waiting` is how many requests are under
    way now; `rate`, in requests a second of all shoppers together, may be changed meanwhile.
    """

    def __init__(self, port: int, paths: list[str], sku: str, rate: float) -> None:
        self.port, self.paths, self.sku, self.rate = port, paths, sku, rate
        self.answered: Counter[int] = Counter()
        self.failures: list[str] = []
        self.waiting = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    @property
    def total(self) -> int:
        return sum(self.answered.values()) + len(self.failures)

    def start(self) -> Load:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._over.set()
        self._thread.join(60)

    async def _run(self) -> None:
        await asyncio.gather(*(self._shop(number) for number in range(SHOPPERS)))

    async def _shop(self, number: int) -> None:
        """Every fifth request changes the cart, every tenth comes on a connection of its own."""
        cookie = f"visitor={uuid.uuid4().hex}{uuid.uuid4().hex}"
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        due = time.monotonic() + number / self.rate
        for turn in itertools.count(number):
            if self._over.is_set():
                break
            await asyncio.sleep(due - time.monotonic())
            due = max(
                due + SHOPPERS / self.rate, time.monotonic() - 1
            )  # a pause is not made up for at once
            request, good = self._request(turn, cookie)
            self.waiting += 1
            try:
                if streams is None:
                    streams = await asyncio.open_connection("127.0.0.1", self.port)
                status = await _exchange(streams, request)
            except (OSError, EOFError, ValueError) as problem:
                self.failures.append(f"{request[:40]!r}: {problem!r}")
                streams = await _hang_up(streams)
                continue
            finally:
                self.waiting -= 1
            if status in good:
                self.answered[status] += 1
            else:
                self.failures.append(f"{request[:40]!r}: {status}")
            if turn % 10 == 0:
                streams = await _hang_up(streams)
        await _hang_up(streams)

    def _request(self, turn: int, cookie: str) -> tuple[bytes, tuple[int, ...]]:
        if turn % 10 == 3:
            body = json.dumps({"quantity": 1 + turn % 3}).encode()
            return _made("PUT", f"/api/v1/cart/items/{self.sku}", cookie, body, "json"), (200,)
        if turn % 10 == 8:
            form = b"quantity=%d" % (1 + turn % 3)
            path = f"/cart/items/{self.sku}"
            return _made("POST", path, cookie, form, "x-www-form-urlencoded"), (303,)
        path = self.paths[turn % len(self.paths)]
        return _made("GET", path, cookie if turn % 3 else "", b"", ""), (200,)


def _made(method: str, path: str, cookie: str, body: bytes, kind: str) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: shop\r\n"
    head += f"Cookie: {cookie}\r\n" if cookie else ""
    if kind:
        head += f"Content-Type: application/{kind}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


async def _hang_up(streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None) -> None:
    if streams is not None:
        streams[1].close()
        with contextlib.suppress(OSError):
            await streams[1].wait_closed()


async def _exchange(
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes
) -> int:
    """The status of the whole answer."""
    reader, writer = streams
    async with asyncio.timeout(20):
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
    return int(head[9:12])

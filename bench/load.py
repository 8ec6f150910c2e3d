"""A small closed-loop HTTP/1.1 client: N connections, each sends its next request when answered.

It does as little as possible in each step, so that one core of it saturates one core of server.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast


@dataclass
class Result:
    """What a run saw; latencies in seconds, one for each answered request."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    last_body: bytes = b""

    def add(self, other: Result) -> None:
        """Count another run in."""
        self.seconds += other.seconds
        self.latencies += other.latencies
        for status, number in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + number
        self.last_body = other.last_body

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency (milliseconds) that ``share`` of the requests stayed within."""
        ranked = sorted(self.latencies)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1000


# Called with the connection's number and the last answer's head; None ends the connection.
Next = Callable[[int, bytes], bytes | None]


class _Connection(asyncio.Protocol):
    def __init__(self, number: int, next_request: Next, result: Result, end: float) -> None:
        self.number, self.next_request, self.result, self.end = number, next_request, result, end
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.expected = -1
        self.head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._send(b"")

    def _send(self, head: bytes) -> None:
        self.began = time.perf_counter()
        request = self.next_request(self.number, head) if self.began < self.end else None
        if request is None:
            self.transport.close()
        else:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        if self.expected < 0:
            split = self.buffer.find(b"\r\n\r\n")
            if split < 0:
                return
            self.head = self.buffer[:split]
            self.expected = split + 4 + _content_length(self.head)
        if len(self.buffer) < self.expected:
            return
        self.result.latencies.append(time.perf_counter() - self.began)
        status = int(self.head[9:12])
        self.result.statuses[status] = self.result.statuses.get(status, 0) + 1
        self.result.last_body = self.buffer[len(self.head) + 4 :]
        self.buffer, self.expected = b"", -1
        self._send(self.head)

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(exc)


def _content_length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at < 0:
        raise ValueError(f"an answer without Content-Length: {head!r}")
    end = lower.find(b"\r\n", at)
    return int(lower[at + 15 : end if end >= 0 else None])


async def run(
    port: int, next_request: Next, *, connections: int = 16, seconds: float = 3.0
) -> Result:
    """Load 127.0.0.1:port until the time is over or every connection has no next request."""
    result = Result()
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    protocols = []
    for number in range(connections):
        _, protocol = await loop.create_connection(
            lambda n=number: _Connection(n, next_request, result, began + seconds),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
        protocols.append(protocol)
    await asyncio.gather(*(protocol.done for protocol in protocols))
    result.seconds = time.perf_counter() - began
    return result


def get(path: str, cookie: str = "") -> bytes:
    """A GET request, ready to be sent again and again."""
    extra = f"Cookie: {cookie}\r\n" if cookie else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{extra}\r\n".encode()


def send(method: str, path: str, body: bytes, cookie: str = "", extra: str = "") -> bytes:
    """A JSON request; ``extra`` is whole header lines."""
    cookies = f"Cookie: {cookie}\r\n" if cookie else ""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n{cookies}{extra}\r\n"
    )
    return head.encode() + body

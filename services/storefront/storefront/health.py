"""A health endpoint for processes that serve nothing else: GET /healthz and GET /readyz."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_REQUEST_SECONDS = 5.0
_LONGEST_LINE = 8 * 1024


@asynccontextmanager
async def health_server(
    port: int,
    ready: Callable[[], bool],
    *,
    metrics: Callable[[], str] = str,
    host: str | None = None,
) -> AsyncIterator[int]:
    """Answer probes while inside, on all addresses unless ``host``; yields the port, also for 0.

    /healthz is 200 while the process lives, /readyz 200 or 503 as ``ready()`` says. /metrics is the
    text of ``metrics()``, for whoever asks from this machine.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                words = (await reader.readline()).split()
                path = words[1].split(b"?")[0] if len(words) == 3 else b""
                while (await reader.readline()).strip():  # the rest of the head
                    pass
                status, text = {
                    b"/healthz": (200, "ok"),
                    b"/readyz": (200, "ready") if ready() else (503, "not ready"),
                }.get(path, (404, "not found"))
                kind, body = b"application/json", json.dumps({"status": text}).encode()
                if path == b"/metrics" and is_loopback(writer.get_extra_info("peername")[0]):
                    status, text = 200, "ok"
                    kind, body = b"text/plain; version=0.0.4", metrics().encode()
                writer.write(
                    b"HTTP/1.1 %d %s\r\ncontent-type: %s\r\ncache-control: no-store"
                    b"\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
                    % (status, text.title().encode(), kind, len(body))
                )
                if words[0] != b"HEAD":
                    writer.write(body)
                await writer.drain()
        except (OSError, ValueError, IndexError):
            pass  # a probe that went away, or no HTTP
        finally:
            writer.close()

    server = await asyncio.start_server(answer, host, port, limit=_LONGEST_LINE)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback

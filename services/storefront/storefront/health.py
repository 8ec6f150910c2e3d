"""A health endpoint for processes that serve nothing else: GET /healthz and GET /readyz."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_REQUEST_SECONDS = 5.0
_LONGEST_LINE = 8 * 1024


@asynccontextmanager
async def health_server(
    port: int, ready: Callable[[], bool], *, host: str | None = None
) -> AsyncIterator[int]:
    """Answer probes while inside, on all addresses unless ``host``; yields the port, also for 0.

    /healthz is 200 while the process lives, /readyz 200 or 503 as ``ready()`` says.
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
                body = json.dumps({"status": text}).encode()
                writer.write(
                    b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncache-control: no-store"
                    b"\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
                    % (status, text.title().encode(), len(body))
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

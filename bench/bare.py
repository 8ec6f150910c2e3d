"""The yardstick: an ASGI application that answers one fixed body, served like the shop."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import uvicorn
import uvloop


def app(body: bytes) -> Any:
    """Answers ``body`` to everything."""
    head = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        del receive
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})

    return answer


def main() -> None:
    """``python -m bench.bare PORT FILE``."""
    config = uvicorn.Config(
        app(Path(sys.argv[2]).read_bytes()),
        port=int(sys.argv[1]),
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()

"""`python -m sandbox.functions.server FILE`: every HTTP API on its port, Invoke on another one.

FILE is written by `parts`: functions with the environment and folders they get, APIs with ports.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import uvicorn

from sandbox.part import HOST

from .declared import api_from, function_from
from .gateway import BODY_LIMIT, Gateway
from .invoke import Invoker
from .payload import Answer, Request
from .pool import Pool

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_HOP = (b"content-length", b"transfer-encoding", b"connection")  # of one connection only


class Server:
    """The ASGI application; what it does depends on the port that a request came to."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        logs = Path(told["logs"])
        self._pools = {
            entry["function"]["name"]: Pool(
                function_from(entry["function"]),
                entry["environment"],
                logs / f"{entry['function']['name']}.log",
            )
            for entry in told["functions"]
        }
        self.apps: dict[int, Callable[[Request], Awaitable[Answer]]] = {
            int(told["port"]): Invoker(self._pools)
        }
        for entry in told["apis"]:
            api = api_from(entry["api"])
            self.apps[int(entry["port"])] = Gateway(api, self._pools, logs / "functions.log")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; see the ASGI specification."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            answer = await self.apps[scope["server"][1]](await _request(scope, receive))
            headers = [(name.encode("latin-1"), value.encode("latin-1", "replace"))
                       for name, value in answer.headers]  # fmt: skip
            headers = [(name, value) for name, value in headers if name not in _HOP]
            if answer.status not in (204, 304):
                headers.append((b"content-length", str(len(answer.body)).encode()))
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                for pool in self._pools.values():
                    await pool.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


async def _request(scope: Scope, receive: Receive) -> Request:
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        if size <= BODY_LIMIT:  # else it is refused unread
            chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    raw = scope.get("raw_path") or scope["path"].encode()
    return Request(
        method=scope["method"],
        path=raw.decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=[(n.decode("latin-1"), v.decode("latin-1")) for n, v in scope["headers"]],
        body=b"".join(chunks),
        size=size,
        peer=(scope.get("client") or ("127.0.0.1", 0))[0],
        version=scope["http_version"],
    )


def main() -> None:
    """Serve until told to stop."""
    server = Server(json.loads(Path(sys.argv[1]).read_text()))
    config = uvicorn.Config(
        server,
        host=HOST,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the peer is who connects, whatever it says
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
    )
    sockets = []
    for port in server.apps:
        config.port = port
        sockets.append(config.bind_socket())
    uvicorn.Server(config).run(sockets=sockets)


if __name__ == "__main__":
    main()

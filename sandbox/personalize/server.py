"""`python -m sandbox.personalize.server DIRECTORY PORT`: the protocols of Personalize over HTTP.

A protocol is a module with ``handlers``: what it answers, by method and path. The control
plane (`control.py`) has everything behind ``POST /``; the runtime and the events have paths.
``POST /_sandbox/faults`` takes a `Fault`, ``DELETE`` heals, ``GET /_sandbox/events`` tells events.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from . import control, events, runtime
from .store import Fault, PersonalizeError, Store

HOST = "127.0.0.1"
_log = logging.getLogger("sandbox.personalize")


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """The body; raises PersonalizeError when it is no JSON object."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError as problem:
            raise PersonalizeError("SerializationException", str(problem)) from problem
        if not isinstance(found, dict):
            raise PersonalizeError("SerializationException", "the body is no JSON object")
        return found


Handler = Callable[[Request], Mapping[str, Any]]
Handlers = Mapping[str, Handler]  # "POST /recommendations" -> what answers it


def all_handlers(store: Store, events_file: Path | None = None) -> dict[str, Handler]:
    """Every protocol that is there, over one store."""
    plane = control.plane(store)
    kept = events.Events(store, events_file)
    recommending = runtime.Runtime(store, plane.rows, kept)
    threading.Thread(target=_warm, args=(recommending,), daemon=True).start()
    return {
        **control.handlers(plane),
        **runtime.handlers(recommending),
        **events.handlers(kept),
        "GET /_sandbox/health": lambda _request: {"status": "ok"},
        "POST /_sandbox/faults": lambda request: _script(store, request),
        "DELETE /_sandbox/faults": lambda _request: _heal(store),
    }


def _warm(recommending: runtime.Runtime) -> None:
    try:
        recommending.warm()
    except Exception:  # noqa: BLE001 - whoever asks will see it
        _log.exception("imported data could not be read again")


def _nowhere(request: Request) -> dict[str, Any]:
    raise PersonalizeError("UnknownOperationException", f"{request.path} is not here")


def _script(store: Store, request: Request) -> dict[str, Any]:
    """Make something go wrong from now on; the body has the fields of `Fault`."""
    store.script(Fault(**request.json()))
    return {}


def _heal(store: Store) -> dict[str, Any]:
    store.heal()
    return {}


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else an answer's body waits 40 ms for the client's ACK
    server: Server

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        target = urllib.parse.urlsplit(self.path)
        request = Request(
            self.command,
            target.path,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            dict(urllib.parse.parse_qsl(target.query)),
        )
        handler = self.server.handlers.get(f"{request.method} {request.path}", _nowhere)
        try:
            self._send(200, handler(request))
        except PersonalizeError as refused:
            self._send(refused.status, {"__type": refused.code, "message": str(refused)})
        except Exception:  # noqa: BLE001 - a server goes on
            _log.exception("%s %s", request.method, request.path)
            self._send(500, {"__type": "InternalServerException", "message": "see the log"})

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the base class's names

    def _send(self, status: int, content: Mapping[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(body)))
        if "__type" in content:
            self.send_header("x-amzn-errortype", str(content["__type"]))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        del format, args  # a line a request says nothing


class Server(ThreadingHTTPServer):
    """A thread a connection; handlers guard what they share (the store has a lock)."""

    daemon_threads = True

    def __init__(self, handlers: Handlers, port: int = 0) -> None:
        """Listen on loopback; port 0 chooses a free one."""
        super().__init__((HOST, port), _Answering)
        self.handlers = handlers

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://{HOST}:{self.server_address[1]}"


@contextmanager
def serving(handlers: Handlers) -> Iterator[str]:
    """A server in a thread of this process, for as long as the block lasts; gives its address."""
    server = Server(handlers)
    thread = threading.Thread(target=lambda: server.serve_forever(0.05), daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main() -> None:
    """Serve until told to stop."""
    directory, port = Path(sys.argv[1]), int(sys.argv[2])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    store = Store(directory / "personalize.json")
    Server(all_handlers(store, directory / "events.jsonl"), port).serve_forever()


if __name__ == "__main__":
    main()

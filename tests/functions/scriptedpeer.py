"""An HTTP server on loopback that does what a test tells it to: answer, hang, trickle, break."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Exchange"], None]


@dataclass(frozen=True)
class Call:
    """What one request said."""

    path: str
    content: bytes

    @property
    def json(self) -> Any:
        """The request's body."""
        return json.loads(self.content)


class Exchange(BaseHTTPRequestHandler):
    """One request; behaviours call the methods below."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Note the request, then behave."""
        size = int(self.headers.get("content-length", 0))
        self.call = Call(self.path, self.rfile.read(size))
        peer = self.server.peer
        with peer.lock:
            peer.requests.append(self.call)
        if peer.tell_arrival:
            peer.arrived.set()
        try:
            peer.behaviour(self)
        except OSError:  # the caller hung up first, which is the point of some tests
            self.close_connection = True

    def raw(self, status: int, content: bytes, **headers: str) -> None:
        """Answer with any content."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def answer(self, body: object, status: int = 200, **headers: str) -> None:
        """Answer with JSON."""
        self.raw(status, json.dumps(body).encode(), content_type="application/json", **headers)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    peer: Peer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no error here."""


class Peer:
    """Runs until closed; ``behaviour`` may be exchanged at any time."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.requests: list[Call] = []
        self.arrived = threading.Event()
        self.tell_arrival = True  # else the behaviour says when
        self.released = threading.Event()  # ends `hang` and `trickle`
        self.lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), Exchange)
        self._server.peer = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop serving and let go of everybody."""
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def hang(self, exchange: Exchange) -> None:
        """Take the request and never answer."""
        self.released.wait(30)
        exchange.close_connection = True

    def trickle(self, exchange: Exchange) -> None:
        """Answer a byte at a time, always too soon for a read timeout, and never come to an end."""
        exchange.send_response(200)
        exchange.send_header("content-type", "application/json")
        exchange.send_header("content-length", "100000")
        exchange.end_headers()
        while not self.released.wait(0.02):
            exchange.wfile.write(b" ")
            exchange.wfile.flush()

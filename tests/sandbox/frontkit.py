"""A front door under test, and small pods behind it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
from boxkit import ROOT, eventually

from sandbox.edge.plan import Plan
from sandbox.part import free_port, port_is_free
from sandbox.process import Child, Command


class Pod(ThreadingHTTPServer):
    """A pod that tells who it is and what it got, and dies in the middle when asked to."""

    daemon_threads = True

    def __init__(self, name: str) -> None:
        self.name = name
        self.requests: list[str] = []
        super().__init__(("127.0.0.1", 0), Answers)
        self.port = self.server_address[1]
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self.thread.start()

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join()


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Pod

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        keyed = " keyed" if self.headers.get("Idempotency-Key") else ""
        self.server.requests.append(f"{self.command} {self.path}{keyed}")
        if self.path == f"/hang-up/{self.server.name}":
            self.close_connection = True
            return
        told = {"pod": self.server.name, "got": len(body)}
        content = json.dumps(told).encode() + b" " * (500_000 if self.path == "/big" else 0)
        self.send_response(200)
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content))
            return
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        return


class Door:
    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self.child = Child(
            Command(
                name="frontdoor",
                argv=[sys.executable, "-m", "sandbox.frontdoor", str(self.port)],
                env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
                log=log,
                stdin=True,
            )
        )
        eventually(lambda: not port_is_free(self.port))

    def work_by(self, plan: Plan) -> None:
        self.child.write(msgspec.json.encode(plan) + b"\n")

    def tell(self, *pods: Pod) -> None:
        self.child.write(json.dumps([pod.port for pod in pods]).encode() + b"\n")

    @contextlib.contextmanager
    def visitor(self, address: str = "127.0.0.1") -> Iterator[http.client.HTTPConnection]:
        link = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=10, source_address=(address, 0)
        )
        try:
            yield link
        finally:
            link.close()


def ask(
    link: http.client.HTTPConnection,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    **headers: str,
) -> tuple[int, Any]:
    link.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
    answer = link.getresponse()
    content = answer.read()
    return answer.status, json.loads(content) if content[:1] == b"{" else content


def serve(door: Door, *pods: Pod) -> None:
    """Tell the door, and wait until it has heard."""
    door.tell(*pods)

    def heard() -> bool:
        with door.visitor() as link:
            return ask(link, "/")[0] == (200 if pods else 503)

    eventually(heard)

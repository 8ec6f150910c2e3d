"""The front door: passes bytes on, hides pods that come and go, refuses politely."""

from __future__ import annotations

import asyncio
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

import pytest
from boxkit import ROOT, eventually

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

    def tell(self, *pods: Pod) -> None:
        self.child.write(json.dumps([pod.port for pod in pods]).encode() + b"\n")

    @contextlib.contextmanager
    def visitor(self) -> Iterator[http.client.HTTPConnection]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
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


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path / "door.log")
    yield made
    made.child.stop_now()


@pytest.fixture
def pods() -> Iterator[tuple[Pod, Pod]]:
    made = Pod("a"), Pod("b")
    yield made
    for pod in made:
        with contextlib.suppress(OSError):
            pod.end()


def serve(door: Door, *pods: Pod) -> None:
    """Tell the door, and wait until it has heard."""
    door.tell(*pods)

    def heard() -> bool:
        with door.visitor() as link:
            return ask(link, "/")[0] == (200 if pods else 503)

    eventually(heard)


def test_visitors_are_spread_and_answers_are_whole(door: Door, pods: tuple[Pod, Pod]) -> None:
    serve(door, *pods)
    seen = set()
    for _ in range(4):
        with door.visitor() as link:
            seen.add(ask(link, "/")[1]["pod"])
            assert ask(link, "/", "HEAD")[0] == 200
            assert ask(link, "/chunked")[1]["got"] == 0
            assert ask(link, "/", "POST", b"x" * 3_000_000)[1]["got"] == 3_000_000
            assert ask(link, "/big")[0] == 200
            assert ask(link, "/")[0] == 200
    assert seen == {"a", "b"}


def test_a_pod_that_went_away_between_requests_is_not_noticed(
    door: Door, pods: tuple[Pod, Pod]
) -> None:
    serve(door, pods[0])
    with door.visitor() as link:
        assert ask(link, "/")[1]["pod"] == "a"
        door.tell(pods[1])
        eventually(lambda: ask(link, "/")[1]["pod"] == "b")  # on the same connection


def test_a_pod_that_refuses_is_passed_over(door: Door, pods: tuple[Pod, Pod]) -> None:
    serve(door, *pods)
    pods[0].end()
    for _ in range(6):
        with door.visitor() as link:
            assert ask(link, "/", "POST", b"x")[1]["pod"] == "b"


def test_only_harmless_requests_are_sent_again(door: Door, pods: tuple[Pod, Pod]) -> None:
    serve(door, *pods)
    for _ in range(4):
        with door.visitor() as link:
            assert ask(link, "/hang-up/a")[1]["pod"] == "b"
            assert ask(link, "/hang-up/a", "PUT", b"x")[1] == {"pod": "b", "got": 1}
            assert ask(link, "/hang-up/a", "POST", b"x", Idempotency_Key="k")[1]["pod"] == "b"
    statuses = []
    for _ in range(4):
        with door.visitor() as link:
            statuses.append(ask(link, "/hang-up/a", "POST", b"x")[0])
    assert set(statuses) == {200, 503}
    assert sum(pod.requests.count("POST /hang-up/a") for pod in pods) == 4


def test_nobody_ready(door: Door) -> None:
    with door.visitor() as link:
        status, page = ask(link, "/")
    assert status == 503
    assert b"Back in a moment" in page
    with door.visitor() as link:
        status, problem = ask(link, "/api/v1/cart")
    assert (status, problem["status"]) == (503, 503)
    with door.visitor() as link:
        assert ask(link, "/", "HEAD") == (503, b"")


def test_nonsense_does_not_hurt(door: Door, pods: tuple[Pod, Pod]) -> None:
    serve(door, *pods)

    async def send(raw: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(raw)
        writer.write_eof()
        try:
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()

    for raw in (b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"", b"GET"):
        asyncio.run(send(raw))
    with door.visitor() as link:
        assert ask(link, "/")[0] == 200


def test_it_ends_with_its_input(door: Door) -> None:
    door.child.close_stdin()
    eventually(lambda: door.child.returncode == 0)

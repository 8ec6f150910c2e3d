"""The front door: passes bytes on, hides pods that come and go, refuses politely."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from boxkit import eventually
from frontkit import Door, Pod, ask, serve


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

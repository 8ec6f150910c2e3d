"""The web process itself: a real socket, real signals, and the small parts around it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from storefront.domain.errors import NotFoundError, UnavailableError
from storefront.web.cookies import CookieJar
from storefront.web.health import Health
from storefront.web.remember import Remembered
from storefront.web.signing import client_address

ROOT = Path(__file__).parents[3] / "services" / "storefront"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def process(environment: dict[str, str]) -> AsyncIterator[tuple[Any, str]]:
    """A web process that is ready, and its address."""
    port = free_port()
    web = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "storefront", "web", cwd=ROOT,
        env={**os.environ, **environment, "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(30), httpx.AsyncClient() as client:
            while True:
                try:
                    if (await client.get(f"{url}/readyz")).status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)
        yield web, url
    finally:
        if web.returncode is None:
            web.kill()
        await web.wait()


async def test_a_stop_finishes_what_has_begun(environment: dict[str, str]) -> None:
    async with process(environment) as (web, url), httpx.AsyncClient(base_url=url) as client:
        # A body that is still on its way when the signal comes.
        gate = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield b'{"quantity"'
            await gate.wait()
            yield b": 1}"

        headers = {"content-type": "application/json"}
        begun = asyncio.create_task(
            client.put("/api/v1/cart/items/NOTHING", content=body(), headers=headers)
        )
        assert (await client.get("/healthz")).status_code == 200
        web.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            while (ready := await client.get("/readyz")).status_code != 503:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert ready.json()["status"] == "draining"
        assert ready.headers["connection"] == "close"
        gate.set()
        answer = await begun
        assert answer.status_code == 404  # no such product, but it was answered
        async with asyncio.timeout(10):
            assert await web.wait() == 0
        lines = (await web.stdout.read()).decode().splitlines()
        assert all(isinstance(json.loads(line), dict) for line in lines)


async def test_an_interrupt_stops_at_once(environment: dict[str, str]) -> None:
    async with process(environment) as (web, url), httpx.AsyncClient(base_url=url) as client:
        assert (await client.get("/")).status_code == 200
        web.send_signal(signal.SIGINT)
        async with asyncio.timeout(5):
            assert await web.wait() == 0


async def test_large_bodies_over_a_real_socket(environment: dict[str, str]) -> None:
    async with process(environment) as (_, url), httpx.AsyncClient(base_url=url) as client:

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b"a" * 65536

        headers = {"content-type": "application/json"}
        for content in (b"a" * 5_000_000, pieces()):
            answer = await client.put("/api/v1/cart/items/X", content=content, headers=headers)
            assert answer.status_code == 413
            assert answer.headers["content-type"] == "application/problem+json"
        assert (await client.get("/healthz")).status_code == 200


async def test_probes_never_wait_for_a_dependency() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    health = Health({"database": hang}, lambda: True)
    async with health.watching():
        await asyncio.sleep(0)
        began = time.perf_counter()
        answer: Any = await health.ready(None)  # type: ignore[arg-type]
        assert time.perf_counter() - began < 0.2
        assert answer.status == 200
        assert json.loads(answer.body)["dependencies"] == {"database": "unknown"}


class _Source:
    def __init__(self) -> None:
        self.calls = 0
        self.problem: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def __call__(self) -> int:
        self.calls += 1
        if self.gate:
            await self.gate.wait()
        if self.problem:
            raise self.problem
        return self.calls


async def test_remembering_asks_once_and_keeps_its_bounds() -> None:
    source, kept = _Source(), Remembered[str, int](60, 2)
    assert set(await asyncio.gather(*(kept.get("a", source) for _ in range(9)))) == {1}
    assert kept.fresh("a") == 1
    await kept.get("b", source)
    await kept.get("c", source)
    assert (kept.fresh("a"), kept.fresh("b"), kept.fresh("c")) == (None, 2, 3)
    assert await Remembered[str, int](0, 9).get("a", source) == 4


async def test_remembering_gives_old_answers_when_the_source_is_down_or_slow() -> None:
    source, kept = _Source(), Remembered[str, int](0.01, 9)
    assert await kept.get("a", source) == 1
    await _until_stale(kept)
    source.problem = UnavailableError("source")
    assert await kept.get("a", source) == 1
    calls = source.calls
    assert await kept.get("a", source) == 1
    assert source.calls == calls  # left alone for a moment
    with pytest.raises(UnavailableError):
        await kept.get("other", source)


async def test_remembering_does_not_wait_long_for_a_slow_source() -> None:
    source, kept = _Source(), Remembered[str, int](0.01, 9)
    assert await kept.get("a", source) == 1
    await _until_stale(kept)
    source.gate = asyncio.Event()
    began = time.perf_counter()
    assert await kept.get("a", source) == 1
    assert time.perf_counter() - began < 2
    source.gate.set()
    assert await kept.get("a", source) == 2  # the slow answer came in after all


async def test_what_is_gone_does_not_come_back() -> None:
    source, kept = _Source(), Remembered[str, int](0.01, 9)
    await kept.get("a", source)
    await _until_stale(kept)
    source.problem = NotFoundError("gone")
    with pytest.raises(NotFoundError):
        await kept.get("a", source)
    source.problem = UnavailableError("source")
    with pytest.raises(UnavailableError):
        await kept.get("a", source)


async def test_one_who_leaves_does_not_take_the_answer_along() -> None:
    source, kept = _Source(), Remembered[str, int](60, 9)
    source.gate = asyncio.Event()
    first = asyncio.create_task(kept.get("a", source))
    second = asyncio.create_task(kept.get("a", source))
    await asyncio.sleep(0)
    first.cancel()
    source.gate.set()
    assert await second == 1


async def _until_stale(kept: Remembered[str, int]) -> None:
    async with asyncio.timeout(5):
        while kept.fresh("a") is not None:  # noqa: ASYNC110 - only time can tell
            await asyncio.sleep(0.005)


def test_cookies_are_read_back_as_written() -> None:
    for secure in (True, False):
        jar = CookieJar(secure=secure)
        written = [jar.visitor("v" * 43), jar.session("s" * 43), jar.cart_items(12)]
        sent = jar.read("; ".join(cookie.partition(";")[0] for cookie in written))
        assert (sent.visitor, sent.session, sent.cart_items) == ("v" * 43, "s" * 43, 12)
        assert sent.any_of_ours


async def test_half_a_request_does_nothing(environment: dict[str, str]) -> None:
    async with process(environment) as (_, url), httpx.AsyncClient(base_url=url) as client:
        host, port = url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"POST /logout HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n3\r\na=b\r\n"
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    ("peer", "headers", "address"),
    [
        ("93.184.216.34", {"x-forwarded-for": "81.2.69.1"}, "93.184.216.34"),  # no proxy of ours
        ("10.0.3.4", {}, "10.0.3.4"),
        ("10.0.3.4", {"x-forwarded-for": "1.2.3.4, 81.2.69.7, 10.0.9.9"}, "81.2.69.7"),
        ("10.0.3.4", {"x-forwarded-for": "nonsense, <script>"}, "10.0.3.4"),
        ("10.0.3.4", {"cloudfront-viewer-address": "81.2.69.8:4711"}, "81.2.69.8"),
        ("10.0.3.4", {"cloudfront-viewer-address": "[2606:4700::1111]:4711"}, "2606:4700::1111"),
        ("93.184.216.34", {"cloudfront-viewer-address": "1.1.1.1:1"}, "93.184.216.34"),
    ],
)
def test_addresses_are_believed_only_from_inside(
    peer: str, headers: dict[str, str], address: str
) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "client": (peer, 1), "headers": raw})
    assert client_address(request) == address

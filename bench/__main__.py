"""Measures the storefront: one worker on one core, everything else on the other.

For each scenario the same bytes are also served by a bare ASGI route under the same server; what
counts is the ratio of the two, taken in the same run.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvloop

from . import load

ROOT = Path(__file__).resolve().parent.parent
SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
CONNECTIONS = 16
SKU = "BENCH-1"
CATALOGUE = (
    "sku,name,description,category,price,currency,stock,image_url\n"
    f"{SKU},Bench test piece,Measured rather than sold.,Workshop,12.00,USD,1000000,\n"
)
ADDRESS = {
    "name": "Ada Bench",
    "line1": "1 Loop Road",
    "city": "Springfield",
    "postal_code": "12345",
    "country": "US",
}


@dataclass(frozen=True)
class Row:
    """One line of the table; ``bare`` is the bare route's rate for the same bytes."""

    name: str
    result: load.Result
    bare: float | None = None
    note: str = ""

    def text(self) -> str:
        """The line as printed."""
        ratio = f"{self.result.rate / self.bare:6.1%}" if self.bare else "     -"
        size = f"{len(self.result.last_body) / 1000:7.1f}"
        return (
            f"{self.name:<44} {size} {self.result.rate:9,.0f} {self.result.percentile(0.5):8.2f}"
            f" {self.result.percentile(0.99):8.2f} {self.bare or 0:9,.0f} {ratio}  {self.note}"
        )


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _pin(core: int) -> None:
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {core})


class Bench:
    """A sandbox of its own, with one more web process that is measured."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.environment = {**os.environ, "SANDBOX_STATE": str(state), "PORT": str(free_port())}

    def sandbox(self, *words: str) -> None:
        """Run a sandbox command, on the core that is not measured."""
        subprocess.run(  # the noise goes to the other core
            [sys.executable, "-m", "sandbox", *words],
            cwd=ROOT,
            env=self.environment,
            check=True,
            preexec_fn=lambda: _pin(1),
            stdout=subprocess.DEVNULL,
        )

    def storefront(self, *words: str) -> None:
        """Run a storefront command on the sandbox."""
        self.sandbox("run", "--", sys.executable, "-m", "storefront", *words)

    @contextlib.contextmanager
    def web(self, *, cache: bool, memory_carts: bool = False) -> Iterator[int]:
        """One web process on core 0; yields its port."""
        port = free_port()
        setting = f"PAGE_CACHE_SECONDS={60 if cache else 0}"
        words = [sys.executable, "-m", "sandbox", "run", "--", "env", f"PORT={port}", setting]
        words += [sys.executable, "-m", "bench.server"]
        with _process(words + (["--memory-carts"] if memory_carts else []), port, self.environment):
            yield port


@contextlib.contextmanager
def _process(words: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env=environment,
        preexec_fn=lambda: _pin(0),  # noqa: PLW1509 - there are no other threads here
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{' '.join(words)} did not come up")
            time.sleep(0.02)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def measure(port: int, next_request: load.Next, seconds: float = SECONDS) -> load.Result:
    """Warm up for a quarter of the time, then measure."""

    async def both() -> load.Result:
        await load.run(port, next_request, connections=CONNECTIONS, seconds=seconds / 4)
        return await load.run(port, next_request, connections=CONNECTIONS, seconds=seconds)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(both())
    bad = {status: n for status, n in result.statuses.items() if status not in (200, 201)}
    if bad:
        raise SystemExit(f"unexpected answers {bad}: {result.last_body[:300]!r}")
    return result


def bare(body: bytes, state: Path) -> float:
    """Requests a second of the bare route with this body."""
    file, port = state / "bare-body", free_port()
    file.write_bytes(body)
    with _process([sys.executable, "-m", "bench.bare", str(port), str(file)], port, {**os.environ}):
        return measure(port, lambda _, __: load.get("/")).rate


def rotating(paths: list[str], cookie: str = "") -> load.Next:
    """GET these in turn."""
    requests = itertools.cycle([load.get(path, cookie) for path in paths])
    return lambda _, __: next(requests)


async def api(port: int, path: str) -> object:
    """One JSON answer."""
    found = await load.run(
        port, lambda _, head: None if head else load.get(path), connections=1, seconds=10
    )
    return json.loads(found.last_body)


def catalogue_paths(port: int) -> tuple[list[str], list[str]]:
    """Category and product page paths of the shop."""
    categories = asyncio.run(api(port, "/api/v1/categories"))
    products = asyncio.run(api(port, "/api/v1/products?page_size=100"))
    assert isinstance(categories, dict)
    assert isinstance(products, dict)
    return (
        [f"/c/{c['slug']}" for c in categories["items"] if c["product_count"] >= 20],
        [f"/p/{p['slug']}" for p in products["items"]],
    )


def adding(_: int, __: bytes) -> bytes:
    """Each a new visitor's first item."""
    cookie = f"visitor={uuid.uuid4().hex}{uuid.uuid4().hex}"
    return load.send("PUT", f"/api/v1/cart/items/{SKU}", b'{"quantity": 1}', cookie)


def prepared_carts(port: int, count: int) -> list[str]:
    """Cookies of visitors who have something in the cart."""
    visitors = [f"visitor={uuid.uuid4().hex}{uuid.uuid4().hex}" for _ in range(count)]
    left = iter(visitors)

    def fill(_: int, __: bytes) -> bytes | None:
        cookie = next(left, None)
        path = f"/api/v1/cart/items/{SKU}"
        return load.send("PUT", path, b'{"quantity": 1}', cookie) if cookie else None

    result = asyncio.run(load.run(port, fill, connections=CONNECTIONS, seconds=300))
    assert set(result.statuses) == {200}, (result.statuses, result.last_body)
    return visitors


def checkouts(port: int, count: int) -> load.Result:
    """As many checkouts as there are carts, 16 at a time."""
    left = iter(prepared_carts(port, count))
    body = json.dumps(
        {
            "email": "ada@example.com",
            "shipping_address": ADDRESS,
            "shipping_method": "standard",
            "payment_token": "tok_visa",
        }
    ).encode()

    def buy(_: int, __: bytes) -> bytes | None:
        cookie = next(left, None)
        key = f"Idempotency-Key: {uuid.uuid4()}\r\n"
        return load.send("POST", "/api/v1/checkout", body, cookie, key) if cookie else None

    result = asyncio.run(load.run(port, buy, connections=CONNECTIONS, seconds=300))
    assert set(result.statuses) == {201}, (result.statuses, result.last_body)
    return result


def pages(bench: Bench) -> Iterator[Row]:
    """What visitors look at."""
    for cache in (False, True):
        kind = "cached" if cache else "from the database"
        with bench.web(cache=cache) as port:
            categories, products = catalogue_paths(port)
            searches = [f"/search?q={word}" for word in ("oak", "linen", "blue+mug", "lamp")]
            results = [
                (f"category page of 20, {kind}", measure(port, rotating(categories))),
                (f"product page, {kind}", measure(port, rotating(products))),
                (f"search page, {kind}", measure(port, rotating(searches))),
            ]
            if cache:
                seen = rotating(categories, "visitor=" + "a" * 64 + "; cart_items=3")
                results.append(("category page, cached, with a cart", measure(port, seen)))
            else:
                found = rotating(["/api/v1/products?page_size=20"])
                results.append(("JSON: 20 products with facets", measure(port, found)))
        for name, result in results:
            yield Row(name, result, bare(result.last_body, bench.state))


def buying(bench: Bench) -> Iterator[Row]:
    """What makes a sale, with the emulator's carts and without."""
    for memory in (False, True):
        note = "carts in memory" if memory else "carts in the AWS emulator"
        with bench.web(cache=False, memory_carts=memory) as port:
            added = measure(port, adding)
            bought = checkouts(port, int(SECONDS * 200))
        yield Row("add to cart", added, bare(added.last_body, bench.state), note)
        yield Row("checkout to paid order", bought, bare(bought.last_body, bench.state), note)


def main() -> None:
    """Print the table."""
    _pin(1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the sandbox stops with us
    state = Path(tempfile.mkdtemp(prefix="bench-"))
    state.chmod(0o755)
    bench = Bench(state / "sandbox")
    bench.state.mkdir()
    try:
        bench.sandbox("up", "--detach")
        file = state / "bench.csv"
        file.write_text(CATALOGUE)
        bench.storefront("import-catalogue", str(file))
        print(f"One worker, {CONNECTIONS} connections, {SECONDS:g} s each.")
        head = f"{'scenario':<44} {'KB':>7} {'req/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'bare/s':>9}"
        print(head, " ratio")
        for row in itertools.chain(pages(bench), buying(bench)):
            print(row.text(), flush=True)
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            bench.sandbox("down")
        shutil.rmtree(state, ignore_errors=True)


if __name__ == "__main__":
    main()

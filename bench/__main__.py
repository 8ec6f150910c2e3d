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
import statistics
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import uvloop

from . import load, telemetry
from .shop import Bench, free_port, pin, process

SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
CONNECTIONS = 16
ROUNDS = 3
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
    """One line of the table.

    ``bare`` and ``ratio`` are medians over rounds in which the shop and the bare route took turns,
    so that whatever else the machine does meets both.
    """

    name: str
    result: load.Result
    bare: float
    ratio: float
    note: str = ""

    def text(self) -> str:
        """The line as printed."""
        size = len(self.result.last_body) / 1000
        return (
            f"{self.name:<40} {size:6.1f} {self.result.rate:8,.0f}"
            f" {self.result.percentile(0.5):8.2f} {self.result.percentile(0.99):8.2f}"
            f" {self.bare:8,.0f} {self.ratio:7.1%}  {self.note}"
        )


def loaded(port: int, next_request: load.Next, seconds: float) -> load.Result:
    """One run of the client; any answer but 200 and 201 ends the benchmark."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(load.run(port, next_request, connections=CONNECTIONS, seconds=seconds))
    bad = {status: n for status, n in result.statuses.items() if status not in (200, 201)}
    if bad:
        raise SystemExit(f"unexpected answers {bad}: {result.last_body[:300]!r}")
    return result


def compared(name: str, state: Path, run: Callable[[float], load.Result], note: str = "") -> Row:
    """``run`` (which takes seconds) beside the bare route with the same bytes, in turns."""
    body = run(SECONDS / 6).last_body  # warms up too
    file, port = state / "bare-body", free_port()
    file.write_bytes(body)
    total, rates, ratios = load.Result(), [], []
    words = [sys.executable, "-m", "bench.bare", str(port), str(file)]
    with process(words, port, {**os.environ}):
        for _ in range(ROUNDS):
            mine = run(SECONDS / ROUNDS)
            rates.append(loaded(port, lambda _, __: load.get("/"), SECONDS / ROUNDS).rate)
            ratios.append(mine.rate / rates[-1])
            total.add(mine)
    return Row(name, total, statistics.median(rates), statistics.median(ratios), note)


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
    """As many checkouts as there are carts, 16 at a time; filling the carts is not counted."""
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

    return loaded(port, buy, 300)


def pages(bench: Bench) -> Iterator[Row]:
    """What visitors look at."""
    for cache in (False, True):
        kind = "cached" if cache else "from the database"
        with bench.web(cache=cache) as port:
            categories, products = catalogue_paths(port)
            searches = [f"/search?q={word}" for word in ("oak", "linen", "blue+mug", "lamp")]
            cart = "visitor=" + "a" * 43 + "; cart_items=3"
            for name, requests in {
                f"category page of 20, {kind}": rotating(categories),
                f"product page, {kind}": rotating(products),
                f"search page, {kind}": rotating(searches),
                **(
                    {"category page, cached, with a cart": rotating(categories, cart)}
                    if cache
                    else {"JSON: 20 products with facets": rotating(["/api/v1/products"])}
                ),
            }.items():
                yield compared(name, bench.state, partial(loaded, port, requests))


def buying(bench: Bench) -> Iterator[Row]:
    """What makes a sale, with the emulator's carts and without."""
    for memory in (False, True):
        note = "carts in memory" if memory else "carts in the AWS emulator"
        with bench.web(cache=False, memory_carts=memory) as port:
            add = partial(loaded, port, adding)
            yield compared("add to cart", bench.state, add, note)

            def buy(seconds: float, port: int = port) -> load.Result:
                return checkouts(port, int(seconds * 200))

            yield compared("checkout to paid order", bench.state, buy, note)


def category_pages(port: int, seconds: float) -> load.Result:
    """Category pages in turn."""
    return loaded(port, rotating(_categories(port)), seconds)


@lru_cache
def _categories(port: int) -> list[str]:
    """Asked once, so that asking is not measured with the pages."""
    return catalogue_paths(port)[0]


def measure(bench: Bench) -> None:
    """Print the table of pages and purchases."""
    print(f"One worker, {CONNECTIONS} connections, {SECONDS:g} s each.")
    head = f"{'scenario':<40} {'KB':>6} {'req/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'bare/s':>8}"
    print(head, "  ratio")
    for row in itertools.chain(pages(bench), buying(bench)):
        print(row.text(), flush=True)


def main() -> None:
    """Print the tables; only the second with the word telemetry."""
    pin(1)
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
        if "telemetry" not in sys.argv:
            measure(bench)
        print(telemetry.HEAD)
        for line in telemetry.rows(bench.web, category_pages, bench.cpu, SECONDS):
            print(line, flush=True)
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            bench.sandbox("down")
        shutil.rmtree(state, ignore_errors=True)


if __name__ == "__main__":
    main()

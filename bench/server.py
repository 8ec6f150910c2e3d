"""One web process on the shop's declared environment: `python -m bench.server`."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import sys

import uvloop
from storefront.metrics import Metrics, Traffic
from storefront.settings import read
from storefront.tracing import NOWHERE, open_tracing
from storefront.web.serve import serve
from storefront.wiring import open_shop

from .memory import MemoryCarts

QUIET = "--without-telemetry" in sys.argv


async def _run(*, memory_carts: bool) -> None:
    settings = read()
    async with (
        open_tracing(settings, "storefront-web", own_parents=False) as tracer,
        open_shop(settings, NOWHERE if QUIET else tracer) as shop,
    ):
        used = dataclasses.replace(shop, carts=MemoryCarts()) if memory_carts else shop
        await serve(used)


def _count_nothing() -> None:
    """Take the counting out of this process: what it costs is measured against that."""
    Traffic.note = lambda *_, **__: None  # type: ignore[method-assign]
    Metrics.set = lambda *_: None  # type: ignore[method-assign]
    Metrics.count = lambda *_: None  # type: ignore[method-assign]
    Metrics.shelf = lambda *_: None  # type: ignore[method-assign]


def main() -> None:
    """Serve until a signal."""
    if QUIET:
        _count_nothing()
    logging.basicConfig(level=logging.WARNING)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(memory_carts="--memory-carts" in sys.argv))


if __name__ == "__main__":
    main()

"""One web process on the shop's declared environment: `python -m bench.server`."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import sys

import uvloop
from storefront.settings import read
from storefront.web.serve import serve
from storefront.wiring import open_shop

from .memory import MemoryCarts


async def _run(*, memory_carts: bool) -> None:
    async with open_shop(read()) as shop:
        used = dataclasses.replace(shop, carts=MemoryCarts()) if memory_carts else shop
        await serve(used)


def main() -> None:
    """Serve until a signal."""
    logging.basicConfig(level=logging.WARNING)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(memory_carts="--memory-carts" in sys.argv))


if __name__ == "__main__":
    main()

"""`python -m sandbox.frontdoor PORT`: the edge and the load balancer of a laptop.

Works by the plan that `sandbox.edge` reads from the program. On standard input comes, a line of
JSON each, the plan (an object) and the ports of ready pods (a list); the end of input is the end of
the front door. A pod can go away between two requests unnoticed, and a request that got no answer
is sent to another pod when sending it twice does no harm.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time

import msgspec

from .edge.plan import Plan
from .edge.visitor import Door, Visitor
from .edge.ways import Ways
from .part import HOST

_LOOK = 1.0  # seconds between looks for origins that take too long


async def serve(port: int) -> None:
    """Serve until input ends or SIGTERM."""
    loop = asyncio.get_running_loop()
    door, over = Door(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)

    heard = bytearray()

    def told() -> None:
        data = os.read(sys.stdin.fileno(), 65_536)
        heard.extend(data)
        *lines, rest = bytes(heard).split(b"\n")
        heard[:] = rest
        for line in lines:
            if line.startswith(b"{"):
                plan = msgspec.json.decode(line, type=Plan)
                door.ways, door.counts.named = Ways(plan), plan.named
            elif line:
                door.pods.ports = msgspec.json.decode(line, type=list[int])
        if not data:
            loop.remove_reader(sys.stdin.fileno())
            over.set()

    def look() -> None:
        now = time.monotonic()
        for visitor in tuple(door.visitors):
            if visitor.exchange is not None:
                visitor.exchange.check(now)
        loop.call_later(_LOOK, look)

    server = await loop.create_server(lambda: Visitor(door), HOST, port, backlog=1024)
    loop.add_reader(sys.stdin.fileno(), told)
    look()
    await over.wait()
    server.close()


def main() -> None:
    """Run on uvloop where there is one."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        asyncio.run(serve(int(sys.argv[1])))
    else:
        uvloop.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()

"""How the front door and the embedded parts are supervised."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable

from .part import HOST, Part, port_is_free
from .pods import Site
from .process import Command, PartError
from .state import PROJECT, port_owner
from .unit import Probe, Spec


def door(port: int, site: Site, after_start: Callable[[], Awaitable[None]]) -> Spec:
    """The front door; raises PartError when its port is taken, naming who has it."""
    if not port_is_free(port):
        owner = port_owner(port)
        raise PartError(
            f"port {port} is taken{f' by {owner}' if owner else ''}; stop that, or choose another"
            f" one: PORT={port + 1} make up"
        )

    def command() -> Command:
        return Command(
            name="frontdoor",
            argv=[sys.executable, "-m", "sandbox.frontdoor", str(port)],
            env={"PATH": os.defpath, "PYTHONPATH": str(PROJECT), **site.agent},
            log=site.logs / "frontdoor.log",
            stdin=True,
            grace=3,
        )

    return Spec(
        name="frontdoor",
        kind="service",
        address=f"{HOST}:{port}",
        command=command,
        startup=Probe(check=blocking(lambda: not port_is_free(port)), period=1, failures=15),
        after_start=after_start,
    )


def part(
    server: Part,
    kind: str,
    title: Callable[[], str],
    after_start: Callable[[], Awaitable[None]],
) -> Spec:
    """An embedded server: prepared again before each start, ready when it answers."""
    return Spec(
        name=server.name,
        kind=kind,
        address=server.address,
        command=server.command,
        prepare=server.prepare,
        startup=Probe(check=blocking(server.ready), period=1, failures=60),
        after_start=after_start,
        title=title,
    )


def blocking(check: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    """A probe's check out of a function that blocks."""

    async def asked() -> bool:
        return await asyncio.to_thread(check)

    return asked

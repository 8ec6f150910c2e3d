"""Whether this process lives, whether it should get traffic, and how its dependencies are."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from starlette.requests import Request

from storefront.domain.errors import ShopError

from .headers import NO_STORE
from .reply import JSON, Reply

_log = logging.getLogger(__name__)
_ALIVE = b'{"status":"ok"}'

Check = Callable[[], Awaitable[object]]


class Health:
    """Asks the dependencies in the background, so that no probe ever waits for one.

    Ready means: the database answered once since the start, and the process is not stopping. A
    dependency that fails later is told in the body and does not take the process out of traffic:
    all of its siblings would go with it, and the shop still serves what it remembers.
    """

    def __init__(
        self, checks: Mapping[str, Check], started: Callable[[], bool], every: float = 5.0
    ) -> None:
        self._checks = checks
        self._started = started
        self._every = every
        self.draining = False
        self.states: dict[str, str] = dict.fromkeys(checks, "unknown")

    async def watch(self) -> None:
        """Check for ever; until the first success often, so that a start is quick."""
        while True:
            await asyncio.gather(*(self._check(name) for name in self._checks))
            await asyncio.sleep(self._every if self._started() else 0.2)

    async def _check(self, name: str) -> None:
        state = "up"
        try:
            async with asyncio.timeout(3):
                await self._checks[name]()
        except (ShopError, TimeoutError):
            state = "down"
        except Exception:  # noqa: BLE001 - a broken check must not end the watch
            state = "down"
            _log.exception("health check failed", extra={"dependency": name})
        if state != self.states[name]:
            level = logging.INFO if state == "up" else logging.WARNING
            _log.log(level, "dependency is %s", state, extra={"dependency": name})
        self.states[name] = state

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Check in the background while inside."""
        task = asyncio.create_task(self.watch())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def live(self, request: Request) -> Reply:
        """200 while the process answers at all."""
        del request
        return Reply(200, [JSON, NO_STORE], _ALIVE)

    async def ready(self, request: Request) -> Reply:
        """200 when this process should get traffic, else 503, with the dependencies' states."""
        del request
        good = self._started() and not self.draining
        status = "ready" if good else "draining" if self.draining else "starting"
        states = ",".join(f'"{name}":"{state}"' for name, state in self.states.items())
        body = f'{{"status":"{status}","dependencies":{{{states}}}}}'
        return Reply(200 if good else 503, [JSON, NO_STORE], body.encode())

"""One web process: uvicorn around the application, and a stop that loses no request."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from functools import partial
from types import FrameType

import uvicorn
import uvloop

from storefront.measure import measure
from storefront.metrics import EVERY, reporting
from storefront.settings import Settings
from storefront.tracing import open_tracing
from storefront.wiring import Shop, open_shop

from .app import create_app
from .health import Health

_log = logging.getLogger(__name__)
# After SIGTERM the process still answers for a moment, not ready and closing each connection, so
# that a load balancer that holds connections open lets go of them between two requests.
_LAME_SECONDS = 1.0
_FINISH_SECONDS = 25  # for requests that are under way; a checkout may wait for its payment


class _Server(uvicorn.Server):
    """uvicorn that drains before it stops, and leaves the process by returning."""

    def __init__(self, config: uvicorn.Config, health: Health) -> None:
        super().__init__(config)
        self._health = health

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """First SIGTERM: drain, then stop. SIGINT, or a second signal: stop at once."""
        del frame
        if sig == signal.SIGTERM and not self._health.draining:
            _log.info("draining")
            self._health.draining = True
            asyncio.get_running_loop().call_later(_LAME_SECONDS, self._stop)
        else:
            self.force_exit = self.should_exit
            self._stop()

    def _stop(self) -> None:
        self.should_exit = True


async def serve(shop: Shop) -> bool:
    """Serve a shop on its settings' port until a signal; False if the port could not be had."""
    app = create_app(shop)
    config = uvicorn.Config(
        app,
        host="0.0.0.0",  # noqa: S104 - a pod's own address is not known before
        port=shop.settings.port,
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,  # longer than load balancers keep an idle connection (60 s)
        timeout_graceful_shutdown=_FINISH_SECONDS,
        backlog=2048,
    )
    server = _Server(config, app.state.site.health)
    # What is there by now stays: the collector need not go through all of it again and again. The
    # more a request leaves behind, as a trace does, the more often it would.
    gc.collect()
    gc.freeze()
    _log.info("serving", extra={"port": shop.settings.port})
    every = EVERY / shop.settings.telemetry_speed
    async with reporting(shop.metrics, partial(measure, shop), every=every):
        await server.serve()
    return server.started


async def _run(settings: Settings) -> bool:
    async with (
        open_tracing(settings, "storefront-web", own_parents=False) as tracer,
        open_shop(settings, tracer) as shop,
    ):
        return await serve(shop)


def main(settings: Settings) -> int:
    """Serve until a signal; returns the exit status."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return 0 if runner.run(_run(settings)) else 1

"""The worker: sends events, handles them, sends mail, learns what goes with what, and looks after
what crashes left behind.

Each loop runs on its own and survives whatever its step raises. Any number of workers may run.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import uvloop

from .domain.errors import UnavailableError
from .health import health_server
from .logs import log_context
from .metrics import EVERY, MAIL_SECONDS, reporting
from .ports import Delivery
from .settings import Settings
from .tracing import SpanKind, fail, inside, open_tracing, start
from .usecases.checkout import reconcile
from .usecases.events import UnknownEventError, handle_event, send_mail
from .usecases.ranking import read_records
from .wiring import Shop, open_shop

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 15.0  # after repeated failures, in seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Pauses of the loops and ages they act on, in seconds (``tidy_days`` in days)."""

    relay: float = 0.25
    receive: int = 10  # how long the queue holds a receive open, whole seconds
    mail: float = 1.0
    reconcile: float = 5.0
    requeue: float = 30.0
    requeue_after: float = 120.0  # longer than the queue's retries of one event usually take
    learn: float = 60.0  # also before the first time
    report: float = EVERY
    tidy: float = 3600.0
    tidy_days: int = 30
    drain: float = 20.0  # for steps at work when the process is told to stop


class Worker:
    """The steps of the loops over one shop; each returns True when there is more to do at once."""

    def __init__(self, shop: Shop, rhythm: Rhythm) -> None:
        self.shop = shop
        self.rhythm = rhythm
        self._receiving: asyncio.Task[list[Delivery]] | None = None
        self._training: asyncio.subprocess.Process | None = None

    async def relay(self) -> bool:
        """Send waiting events to the queue."""
        return await self.shop.outbox.relay(self.shop.queue, 100) == 100

    async def consume(self) -> bool:
        """Handle what the queue has; an event that fails is left to come again."""
        receiving = asyncio.create_task(self.shop.queue.receive(self.rhythm.receive))
        self._receiving = receiving
        await asyncio.wait([receiving])
        if receiving.cancelled():
            return False
        await asyncio.gather(*(self._handle(delivery) for delivery in receiving.result()))
        return True

    async def _handle(self, delivery: Delivery) -> None:
        event, shop = delivery.event, self.shop
        span = start(
            shop.tracer,
            f"process {event.type}",
            SpanKind.CONSUMER,
            event.traceparent,
            {"messaging.message.id": event.id},
        )
        with log_context(event_id=event.id, event_type=event.type), inside(span):
            try:
                await handle_event(
                    event,
                    orders=shop.orders,
                    accounts=shop.accounts,
                    carts=shop.carts,
                    fulfilment=shop.fulfilment,
                    letters=shop.letters,
                )
                await shop.queue.acknowledge(delivery)
            except UnavailableError as problem:
                fail(span, type(problem).__name__)
                log.warning("an event must wait: %s is unavailable", problem.what)
            except UnknownEventError as problem:
                fail(span, type(problem).__name__)
                log.warning("an event of an unknown type")
            except Exception as problem:  # poison: the queue moves it aside after some tries
                fail(span, type(problem).__name__)
                log.exception("an event could not be handled")

    async def mail(self) -> bool:
        """Send mail that is due."""
        sent = await send_mail(self.shop.fulfilment, self.shop.mailer, 20)
        self.shop.metrics.count("MailsSent", sent)
        return sent == 20

    async def reconcile(self) -> bool:
        """End orders whose checkout died."""
        return await reconcile(self.shop.checkouts, self.shop.payments, 50) == 50

    async def requeue(self) -> bool:
        """Send the events of paid orders again that the queue has lost."""
        lost = await self.shop.outbox.requeue_unfulfilled(self.rhythm.requeue_after)
        if lost:
            log.warning("%d events of paid orders were not handled in time; sent again", lost)
        return False

    async def learn(self) -> bool:
        """Read what visitors did, and train on it in a process of its own.

        Another process, because it keeps a core busy and its memory goes back to the system.
        """
        shop = self.shop
        more = shop.records is not None and await read_records(shop.records, shop.interactions)
        if await shop.ranking.due():
            self._training = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "storefront", "train", stdout=asyncio.subprocess.DEVNULL
            )
            try:
                status = await self._training.wait()
            finally:
                self._stop_training()
            if status > 0:  # less than that: told to stop
                log.error("the training ended with status %d", status)
        return more

    def _stop_training(self) -> None:
        if self._training and self._training.returncode is None:
            self._training.terminate()  # what it wrote is undone: all or nothing

    async def tidy(self) -> bool:
        """Forget what nobody needs any more."""
        gone = await self.shop.outbox.tidy(self.rhythm.tidy_days)
        gone += await self.shop.interactions.tidy()
        if gone:
            log.info("forgot %d old rows", gone)
        return False

    async def measure(self) -> None:
        """Ask for what nobody counts: what has waited for too long."""
        metrics = self.shop.metrics
        metrics.set("OutboxAge", None)  # a number from before would hide that nobody knows
        try:
            metrics.set("OutboxAge", round(await self.shop.outbox.age(), 3))
            late = MAIL_SECONDS / self.shop.settings.telemetry_speed
            metrics.count("MailsLate", await self.shop.fulfilment.mark_late(late))
        except UnavailableError as problem:
            log.warning("measure: %s is unavailable", problem.what)

    async def run(self, stopping: asyncio.Event) -> None:
        """All loops until ``stopping``; then steps at work are finished, within ``drain``."""
        rhythm = self.rhythm
        loops = [
            asyncio.create_task(_forever(step, pause, stopping, first), name=step.__name__)
            for step, pause, first in (
                (self.relay, rhythm.relay, 0.0),
                (self.mail, rhythm.mail, 0.0),
                (self.reconcile, rhythm.reconcile, 0.0),
                (self.requeue, rhythm.requeue, 0.0),
                (self.tidy, rhythm.tidy, 0.0),
                (self.learn, rhythm.learn, rhythm.learn),
                (self.consume, 0.0, 0.0),
            )
        ]
        await stopping.wait()
        if self._receiving:  # what it would still bring, the queue delivers again
            self._receiving.cancel()
        self._stop_training()
        _, late = await asyncio.wait(loops, timeout=rhythm.drain)
        for task in late:
            log.warning("stopped while at work: %s", task.get_name())
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _forever(
    step: Callable[[], Awaitable[bool]], pause: float, stopping: asyncio.Event, first: float
) -> None:
    """Repeat ``step``; after a failure wait longer each time, so that nothing is hammered."""
    failures = 0
    await _wait(first, stopping)
    while not stopping.is_set():
        more = False
        try:
            more = await step()
            failures = 0
        except UnavailableError as problem:
            failures += 1
            log.warning("%s: %s is unavailable", step.__name__, problem.what)
        except Exception:  # a loop must not end
            failures += 1
            log.exception("%s failed", step.__name__)
        if not more:
            wait = pause
            if failures:
                wait = min(_LONGEST_PAUSE, max(pause, 0.5) * 2 ** min(failures, 5))
            await _wait(wait, stopping)


async def _wait(seconds: float, stopping: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopping.wait()


async def run(settings: Settings, rhythm: Rhythm | None = None) -> None:
    """Work until SIGTERM or SIGINT."""
    rhythm = rhythm or Rhythm()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as stack:
        tracer = await stack.enter_async_context(
            open_tracing(settings, "storefront-worker", own_parents=True)
        )
        shop = await stack.enter_async_context(open_shop(settings, tracer))
        port = await stack.enter_async_context(
            health_server(
                settings.port,
                lambda: shop.started() and not stopping.is_set(),
                metrics=shop.metrics.text,
            )
        )
        log.info("worker started", extra={"port": port})
        worker = Worker(shop, rhythm)
        every = rhythm.report / settings.telemetry_speed
        async with reporting(shop.metrics, worker.measure, every=every):
            await worker.run(stopping)
    log.info("worker stopped")


def main(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; the process's own event loop."""
    uvloop.run(run(settings))

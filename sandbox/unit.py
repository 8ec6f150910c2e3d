"""One supervised process: started, probed, restarted with back-off, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from .guard import Guard
from .process import Child, Command, PartError, tail
from .terminal import Terminal

UnitState = Literal["waiting", "starting", "ready", "unready", "restarting", "leaving", "stopped"]
# Kubernetes waits 10 s to 300 s between restarts; a person at a laptop waits less.
FIRST_BACKOFF, LAST_BACKOFF, HEALTHY_AFTER = 0.25, 10.0, 30.0  # seconds
_EAGER = 0.03  # seconds between looks at a process that has just been started


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A question asked again and again; times in seconds, as a pod declares them."""

    check: Callable[[], Awaitable[bool]]
    period: float = 10.0
    failures: int = 3
    successes: int = 1
    delay: float = 0.0

    async def ask(self) -> bool:
        """The answer; an error or an answer that is late is a no (checks have their own limit)."""
        try:
            return await self.check()
        except (OSError, ValueError):
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What a unit is."""

    name: str
    kind: str
    address: str
    command: Callable[[], Command]
    startup: Probe  # must succeed within period x failures
    readiness: Probe | None = None
    liveness: Probe | None = None
    prepare: Callable[[], None] | None = None  # blocking, before each start
    after_start: Callable[[], Awaitable[None]] | None = None  # before it is ready
    title: Callable[[], str] | None = None  # what the line on the terminal calls it
    give_up_after: int = 3  # failed starts before the first success


@dataclass(slots=True, eq=False)
class Unit:
    """A spec at work. `changed` is called after every change of state."""

    spec: Spec
    guard: Guard
    terminal: Terminal
    changed: Callable[[], None]
    state: UnitState = "waiting"
    restarts: int = 0
    child: Child | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _failed: str = ""
    _since: float = 0.0  # when the state began
    _leaving: bool = False
    _task: asyncio.Task[None] | None = None

    def start(self, crashed: Callable[[BaseException], None]) -> None:
        """Begin to supervise, in the background; ``crashed`` hears of mistakes in here."""

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (problem := task.exception()) is not None:
                crashed(problem)

        self._task = asyncio.create_task(self._run(), name=self.spec.name)
        self._task.add_done_callback(ended)

    async def wait_ready(self) -> None:
        """Until it has been ready once; raises PartError when it will not be."""
        await self._ready.wait()
        if self._failed:
            raise PartError(self._failed)

    async def stop(self) -> None:
        """Stop for good and wait until the process is gone."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait((self._task,))
        if self.child is not None:
            await self.child.stop()
        self._set("stopped")

    async def retire(self, wait: float) -> None:
        """Out of service at once; after ``wait`` seconds stop for good, as a deleted pod does."""
        self._set("leaving")
        self._leaving = True
        if self._task is not None:
            await asyncio.wait((self._task,), timeout=wait)
        await self.stop()

    def ready_for(self, seconds: float) -> bool:
        """Whether it has been ready for so long."""
        return self.state == "ready" and time.monotonic() - self._since >= seconds

    def kill(self) -> None:
        """Second Ctrl-C: no grace."""
        if self.child is not None:
            self.child.kill()

    def _set(self, state: UnitState) -> None:
        if state != self.state and (not self._leaving or state == "stopped"):
            self.state, self._since = state, time.monotonic()
            self.changed()

    async def _run(self) -> None:
        backoff, misses = FIRST_BACKOFF, 0
        while not self._stopping.is_set():
            begun = time.monotonic()
            problem = await self._live(begun)
            if self._stopping.is_set() or self._leaving:
                return
            name, log = self.spec.name, self._log()
            if not self._ready.is_set():
                misses += 1
                if misses >= self.spec.give_up_after:
                    self._failed = f"{name} {problem}{log}"
                    self._ready.set()
                    self._set("stopped")
                    return
            if time.monotonic() - begun > HEALTHY_AFTER:
                backoff = FIRST_BACKOFF
            self.restarts += 1
            self._set("restarting")
            self.terminal.say(f"{name} {problem}; starting it again in {backoff:g} s{log}", "!")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), backoff)
            backoff = min(backoff * 2, LAST_BACKOFF)

    def _log(self) -> str:
        child = self.child
        return f"\n{tail(child.command.log, since=child.log_start)}" if child is not None else ""

    async def _live(self, begun: float) -> str:
        """One incarnation, from start to end; returns why it ended."""
        self._set("starting")
        try:
            if self.spec.prepare is not None:
                await asyncio.to_thread(self.spec.prepare)
            self.child = child = Child(self.spec.command())
        except (PartError, OSError) as problem:
            return f"could not be started: {problem}"
        self.guard.watch(child)
        self.changed()
        ended = asyncio.create_task(child.wait())
        stop = asyncio.create_task(self._stopping.wait())
        life = asyncio.create_task(self._probed(begun))
        try:
            await asyncio.wait((ended, stop, life), return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                status = ended.result()
                return f"died (signal {-status})" if status < 0 else f"ended with status {status}"
            return "" if stop.done() else life.result()
        finally:
            for task in (life, stop):
                task.cancel()
            self._set("unready")
            await child.stop()
            self.guard.forget(child)
            await ended

    async def _probed(self, begun: float) -> str:
        """Startup, then readiness and liveness until one of them says it must go."""
        startup = self.spec.startup
        deadline = time.monotonic() + startup.delay + startup.period * startup.failures
        while not await startup.ask():
            if time.monotonic() > deadline:
                return f"was not up after {deadline - begun:.0f} s"
            await asyncio.sleep(_EAGER)
        if self.spec.after_start is not None:
            try:
                await self.spec.after_start()
            except Exception as problem:  # noqa: BLE001 - whatever it is, this start failed
                return f"could not be set up: {problem}"
        readiness = self.spec.readiness
        while readiness is not None and not await readiness.ask():
            if time.monotonic() > deadline:
                self._set("unready")
            await asyncio.sleep(_EAGER)
        self._set("ready")
        if not self._ready.is_set() or self.restarts:
            title = self.spec.title() if self.spec.title else self.spec.name
            self.terminal.done(f"{title} {'ready' if not self.restarts else 'back'}", begun)
        self._ready.set()
        watch = asyncio.create_task(self._keep_ready(readiness)) if readiness is not None else None
        try:
            return await self._keep_alive()
        finally:
            if watch is not None:
                watch.cancel()

    async def _keep_alive(self) -> str:
        probe = self.spec.liveness
        if probe is None:
            await asyncio.Event().wait()
            return ""
        failures = 0
        while failures < probe.failures:
            await asyncio.sleep(probe.period)
            failures = 0 if await probe.ask() else failures + 1
        return f"failed its liveness probe {failures} times"

    async def _keep_ready(self, probe: Probe) -> None:
        failures = successes = 0
        while True:
            await asyncio.sleep(probe.period)
            if await probe.ask():
                failures, successes = 0, successes + 1
                if successes >= probe.successes:
                    self._set("ready")
            else:
                failures, successes = failures + 1, 0
                if failures >= probe.failures:
                    if self.state == "ready":
                        self.terminal.say(f"{self.spec.name} is not ready; out of service", "!")
                    self._set("unready")

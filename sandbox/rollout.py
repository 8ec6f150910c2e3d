"""A Deployment's pods, replaced as Kubernetes does it: by the declared strategy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from . import pods
from .kubernetes import Pod
from .pods import Site
from .process import PartError
from .unit import Spec, Unit


class Deployment:
    """The pods of one Deployment. `units` are those that shall be there, not those leaving."""

    def __init__(
        self,
        pod: Pod,
        site: Site,
        kind: str,
        add: Callable[[Spec], Unit],
        remove: Callable[[Unit], None],
    ) -> None:
        """``add`` starts a unit, ``remove`` forgets one that has stopped."""
        self.pod, self._site, self._kind = pod, site, kind
        self._add, self._remove = add, remove
        self.units: list[Unit] = []
        self._leaving: dict[Unit, asyncio.Task[None]] = {}
        self._busy = False

    def start(self) -> None:
        """As many as are declared."""
        for _ in range(self.pod.replicas):
            self._one_more()

    def _one_more(self) -> Unit:
        names = {unit.spec.name for unit in (*self.units, *self._leaving)}
        number = 1
        while pods.name_of(self.pod, number) in names:
            number += 1
        unit = self._add(pods.spec(self.pod, self._site, number, self._kind))
        self.units.append(unit)
        return unit

    async def restart(self, waits: float = 1.0) -> str:
        """Replace every pod; returns what was done, raises PartError.

        It is over when all new pods are available; old ones may still be finishing requests.

        ``waits`` is how much of the declared waits to keep (seconds that a new pod must have been
        ready, and that an old one goes on serving): 1 is all of them. A new pod that does not
        become ready is taken away, and the old ones go on.
        """
        if self._busy:
            raise PartError(f"{self.pod.name} is being restarted already")
        self._busy = True
        begun, old = time.monotonic(), tuple(self.units)
        try:
            if self.pod.rollout.recreate:
                await asyncio.gather(*(self._retire(unit, waits) for unit in old))
                self.start()
                await asyncio.gather(*(unit.wait_ready() for unit in self.units))
            else:
                await self._roll(list(old), waits)
        finally:
            self._busy = False
        return f"{self.pod.name}: {len(old)} pods replaced in {time.monotonic() - begun:.1f} s"

    async def scale(self, replicas: int, waits: float = 1.0) -> str:
        """So many pods from now on, until the sandbox starts again; raises PartError."""
        if self._busy:
            raise PartError(f"{self.pod.name} is being restarted")
        self._busy = True
        try:
            await asyncio.gather(*(self._retire(unit, waits) for unit in self.units[replicas:]))
            while len(self.units) < replicas:
                self._one_more()
            await asyncio.gather(*(unit.wait_ready() for unit in self.units))
        finally:
            self._busy = False
        return f"{self.pod.name}: {len(self.units)} pods"

    async def _roll(self, old: list[Unit], waits: float) -> None:
        rollout, wanted = self.pod.rollout, len(old)
        fresh: list[Unit] = []
        available = 0  # of the fresh ones
        while old or available < wanted:
            while len(fresh) < wanted and len(self.units) < wanted + rollout.surge:
                fresh.append(self._one_more())
            if available < len(fresh):
                await self._available(fresh[available], waits)
                available += 1
            while old and len(old) - 1 + available >= wanted - rollout.unavailable:
                unit = old.pop(0)
                self._leaving[unit] = asyncio.create_task(self._retire(unit, waits))
                self.units.remove(unit)

    async def _available(self, unit: Unit, waits: float) -> None:
        told = self.pod.rollout
        try:
            async with asyncio.timeout(told.progress):
                await unit.wait_ready()
                while not unit.ready_for(told.ready_seconds * waits):  # noqa: ASYNC110 - time, too
                    await asyncio.sleep(0.02)
        except (PartError, TimeoutError) as problem:
            self.units.remove(unit)
            await unit.stop()
            self._remove(unit)
            late = f"{unit.spec.name} was not ready within {told.progress:.0f} s"
            raise PartError(
                late if isinstance(problem, TimeoutError) else str(problem)
            ) from problem

    async def _retire(self, unit: Unit, waits: float) -> None:
        """Out of service first, then the declared wait, then SIGTERM and its grace."""
        await unit.retire(self.pod.pre_stop * waits)
        self._remove(unit)
        self._leaving.pop(unit, None)
        if unit in self.units:
            self.units.remove(unit)

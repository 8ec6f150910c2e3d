"""Brings the shop up, keeps it up, and takes it down."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import kubernetes, pods, run_file, specs
from .catalogue import Catalogue
from .control import Control
from .edge.told import Told
from .functions import parts as functions
from .guard import Guard
from .kubernetes import Pod
from .part import HOST, Part
from .pods import Site
from .process import PartError, rotate
from .realise import Realiser
from .rollout import Deployment
from .servers import Servers
from .state import State
from .telemetry import part as telemetry
from .terminal import Terminal
from .unit import Spec, Unit

if TYPE_CHECKING:
    from graph import Graph


class Supervisor:
    """One run of the sandbox. The caller holds the state folder's lock."""

    def __init__(
        self, directory: Path, port: int, terminal: Terminal, project: Path, *, fill: bool = True,
        speed: float = 1.0,
    ) -> None:  # fmt: skip
        """``fill`` an empty shop with its catalogue; alarms' clock goes ``speed`` times as fast."""
        self._terminal = terminal
        self._port = port
        self._project = project
        self._fill_it = fill
        self._directory = directory
        state = State(directory)
        logs = directory / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        for log in logs.glob("*.log"):
            if log.name != "sandbox.log":
                rotate(log)
        self._servers = Servers.of(directory, state, logs)
        self._aws = self._servers.aws
        self._realiser = Realiser(state, self._servers)
        url = f"http://{HOST}:{port}"
        shown, ports = f"{HOST}:{state.port(telemetry.NAME)}", self._realiser.ports
        self._site = Site(project, directory, state, self._aws, url, ports, shown, speed)
        self._guard = Guard(logs / "guard.log")
        self._catalogue = Catalogue(self._site, self._guard)
        self._units: list[Unit] = []
        self._deployments: list[Deployment] = []
        self._front: list[Deployment] = []  # those that the front door sends requests to
        self._door: Unit | None = None
        self._edge = Told()
        self._environment: dict[str, str] = {}
        self._ready = False
        self._stop = asyncio.Event()
        self._signals = 0

    async def run(self) -> int:
        """Until a signal, or until it cannot go on; returns the exit status."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal)
        control = Control(self._directory, self._obey)
        starting = asyncio.create_task(self._start())
        stop = asyncio.create_task(self._stop.wait())
        status = 0
        try:
            await asyncio.wait((starting, stop), return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await stop
        except PartError as problem:
            self._terminal.say(str(problem), "✗")
            status = 1
        finally:
            self._realiser.abandon("the sandbox is stopping")
            await control.close()
            starting.cancel()
            stop.cancel()
            await asyncio.gather(starting, stop, return_exceptions=True)
            await self._take_down()
        return status

    def _on_signal(self) -> None:
        self._signals += 1
        self._stop.set()
        if self._signals > 1:
            for unit in self._units:
                unit.kill()

    async def _start(self) -> None:
        self._open_door()
        if self._fill_it:
            self._catalogue.begin()
        self._start_parts()
        graph = await self._evaluate()
        self._add(telemetry.spec(graph, self._site, self._realiser, self._terminal))
        await self._run_functions(graph)
        await self._run_pods(graph)
        await asyncio.gather(*(unit.wait_ready() for unit in self._units))
        if self._fill_it:
            await self._fill()
        self._ready = True
        self._tell()
        took = time.monotonic() - self._terminal.started
        self._terminal.say(f"alarms, signals and traces: http://{self._site.telemetry}")
        self._terminal.say(f"shop ready in {took:.1f} s: {self._site.url}", "✓")

    def _open_door(self) -> None:
        async def tell() -> None:
            self._tell_door(again=True)

        self._door = self._add(specs.door(self._port, self._site, tell))

    def _start_parts(self) -> None:
        loop = asyncio.get_running_loop()
        self._servers.on_demand = lambda part: loop.call_soon_threadsafe(self._start_part, part)
        for part in self._servers.at_once():
            self._start_part(part)

    def _start_part(self, part: Part) -> None:
        self._add(specs.part(part, *self._servers.kind(part), self._after_start(part)))

    def _after_start(self, part: Part) -> Callable[[], Awaitable[None]]:
        again = False

        async def after_start() -> None:
            nonlocal again
            if again and part is self._aws:  # it came back empty
                await asyncio.to_thread(self._realiser.replay)
            again = True
            self._realiser.part_is_up(part)

        return after_start

    async def _evaluate(self) -> Graph:
        """Run the program; its resources become real as it registers them."""
        begun = time.monotonic()
        work = asyncio.create_task(asyncio.to_thread(self._realiser.evaluate, self._project))
        parts = asyncio.gather(*(unit.wait_ready() for unit in self._units))
        try:
            await asyncio.wait((work, parts), return_when=asyncio.FIRST_EXCEPTION)
            if parts.done() and (problem := parts.exception()) is not None:
                self._realiser.abandon(str(problem))
                raise problem
            graph = await work
            await parts
        finally:
            parts.cancel()
            await asyncio.gather(parts, return_exceptions=True)
        self._realiser.mark_rest(graph)
        self._edge.read(graph, self._aws, self._realiser.mark_resource)
        self._tell_door(again=True)
        counts = [r.state for r in self._realiser.resources.values()]
        self._terminal.done(
            f"program evaluated: {counts.count('served')} resources served,"
            f" {counts.count('recorded')} recorded",
            begun,
        )
        for r in self._realiser.resources.values():
            if r.state == "refused":
                self._terminal.say(f"refused {r.type} {r.name}: {r.detail}", "!")
        return graph

    async def _run_functions(self, graph: Graph) -> None:
        spec = await asyncio.to_thread(functions.spec, graph, self._site, self._realiser)
        if spec is not None:
            self._add(spec)

    async def _run_pods(self, graph: Graph) -> None:
        reader = kubernetes.Reader(graph)
        for pod in self._read(graph, reader, kubernetes.JOB):
            begun = time.monotonic()
            await pods.run_job(pod, self._site, self._guard)
            self._terminal.done(f"job {pod.name} done", begun)
        for pod in self._read(graph, reader, kubernetes.DEPLOYMENT):
            services = [
                service
                for service in reader.served_by_service(pod)
                if self._edge.serves(*kubernetes.full_name(service))
            ]
            kind = "web" if services else "pod"
            deployment = Deployment(pod, self._site, kind, self._add, self._remove)
            self._deployments.append(deployment)
            if services:
                self._front.append(deployment)
                self._environment = pods.environment(pod, self._site)
            deployment.start()
            for service in services:
                detail = f"front door {self._site.url}"
                self._realiser.mark(service.type, service.name, service.urn, "served", detail)
        await asyncio.gather(*(u.wait_ready() for d in self._deployments for u in d.units))

    def _read(self, graph: Graph, reader: kubernetes.Reader, type_: str) -> Iterator[Pod]:
        for resource in graph.of_type(type_):
            try:
                pod = reader.pod(resource)
            except kubernetes.RefusedError as problem:
                self._terminal.say(f"refused {resource.name}: {problem}", "!")
                self._realiser.mark(type_, resource.name, resource.urn, "refused", str(problem))
                continue
            self._realiser.mark(
                type_, resource.name, resource.urn, "served", " ".join(pod.argv[1:])
            )
            for used in reader.used_by(pod):
                self._realiser.mark(used.type, used.name, used.urn, "served", f"by {pod.name}")
            yield pod

    async def _fill(self) -> None:
        web = next((unit for unit in self._behind_door() if unit.spec.address), None)
        if web is None:
            return
        begun = time.monotonic()
        port = int(web.spec.address.rpartition(":")[2])
        slow = asyncio.get_running_loop().call_later(
            1.5, self._terminal.say, "filling the shop with its catalogue ...", "…"
        )
        try:
            total = await self._catalogue.fill(port, self._environment)
        finally:
            slow.cancel()
        if total:
            self._terminal.done(f"catalogue of {total} products there", begun)

    def _add(self, spec: Spec) -> Unit:
        unit = Unit(spec, self._guard, self._terminal, self._tell)
        self._units.append(unit)
        unit.start(self._on_crash)
        return unit

    def _remove(self, unit: Unit) -> None:
        self._units.remove(unit)
        self._tell()

    async def _obey(self, order: Mapping[str, Any]) -> str:
        """Carry out what a command asks for."""
        known = {deployment.pod.name: deployment for deployment in self._deployments}
        name, waits = str(order["deployment"]), float(order["waits"])
        if name not in known:
            raise PartError(f"there is no Deployment {name}; there are: {', '.join(known)}")
        replicas, chosen = order.get("replicas"), known[name]
        done = await (chosen.restart(waits) if replicas is None else chosen.scale(replicas, waits))
        self._terminal.say(done, "✓")
        return done

    def _on_crash(self, problem: BaseException) -> None:
        """A mistake of ours in the background must not leave half a sandbox."""
        self._terminal.say(f"stopping after an unexpected error: {problem!r}", "✗")
        self._stop.set()

    def _behind_door(self) -> list[Unit]:
        return [unit for deployment in self._front for unit in deployment.units]

    def _tell_door(self, *, again: bool = False) -> None:
        if self._door is not None:
            self._edge.tell(self._door, self._behind_door(), again=again)

    def _tell(self) -> None:
        """Something changed: tell the front door, and whoever reads the run file."""
        self._tell_door()
        run_file.write(
            self._directory,
            url=self._site.url,
            ready=self._ready,
            guard=self._guard.pid,
            units=self._units,
            resources=self._realiser.listing(),
            environment=self._environment,
        )

    async def _take_down(self) -> None:
        """Pods first, then what they use; a second signal does not wait."""
        if self._signals:
            self._terminal.say("stopping ...")
        begun = time.monotonic()
        await self._catalogue.cancel()
        parts = self._servers.names
        for group in (
            [unit for unit in self._units if unit.spec.name not in parts],
            [unit for unit in self._units if unit.spec.name in parts],
        ):
            await asyncio.gather(*(unit.stop() for unit in group))
        self._guard.close()
        (self._directory / run_file.NAME).unlink(missing_ok=True)
        if self._signals:
            self._terminal.done("stopped, data kept;", begun)

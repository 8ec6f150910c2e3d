"""Metrics that nobody tells: what AWS would measure itself is asked of the parts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import asyncpg

from sandbox import run_file
from sandbox.part import HOST
from sandbox.postgres import SUPERUSER

from .declared import Declared
from .emf import Datum
from .watch import Watch

_PATIENCE = 2.0  # seconds for an answer
_CONNECTIONS = "select count(*) from pg_stat_activity where backend_type = 'client backend'"


class Probes:
    """Asks everybody; who does not answer says nothing, which is what alarms must see."""

    def __init__(self, declared: Declared, watch: Watch) -> None:
        self._declared, self._places, self._watch = declared, declared.places, watch
        self._database: asyncpg.Connection[asyncpg.Record] | None = None
        self._processor: tuple[float, float] | None = None  # Valkey's seconds, and when
        self._run: tuple[int, Mapping[str, Any]] = (0, {})

    async def run(self, every: float) -> None:
        """Ask all the time; whoever is slow to answer keeps nobody else waiting."""
        asked = (self._hosts, self._queues, self._rds, self._cache, self._health)
        await asyncio.gather(*(self._repeat(ask, every) for ask in asked))

    async def _repeat(self, ask: Callable[[], AsyncIterator[Datum]], every: float) -> None:
        while True:
            if self._watch.open:
                self._watch.take(await _all(ask()))
            await asyncio.sleep(every)

    def is_up(self) -> bool:
        """Whether the shop has been ready once."""
        self._parts()
        return bool(self._run[1].get("ready"))

    def _parts(self) -> list[Mapping[str, Any]]:
        """The sandbox's parts as its supervisor sees them."""
        file = Path(self._places.state) / run_file.NAME
        with contextlib.suppress(FileNotFoundError):
            changed = file.stat().st_mtime_ns
            if changed != self._run[0]:
                self._run = changed, run_file.read(file.parent)
        return list(self._run[1].get("parts", []))

    async def _hosts(self) -> AsyncIterator[Datum]:
        """What the load balancer knows of its targets; it is the front door that tells."""
        parts, now = self._parts(), time.time()
        if not any(p["name"] == "frontdoor" and p["state"] == "ready" for p in parts):
            return
        states = [part["state"] for part in parts if part["kind"] == "web"]
        counts = {
            "HealthyHostCount": states.count("ready"),
            "UnHealthyHostCount": states.count("unready") + states.count("restarting"),
        }
        for dimensions in self._watch.dimensions("AWS/ApplicationELB"):
            if dict(dimensions).get("TargetGroup") in self._declared.pools:
                for name, count in counts.items():
                    yield Datum("AWS/ApplicationELB", name, dimensions, now, count)

    async def _queues(self) -> AsyncIterator[Datum]:
        answer = await _get(self._places.aws, "/_sandbox/queues")
        now = time.time()
        for told in json.loads(answer[1]) if answer[0] == 200 else []:
            dimensions = frozenset([("QueueName", str(told["name"]))])
            for name, value in (
                ("ApproximateNumberOfMessagesVisible", told["visible"]),
                ("ApproximateAgeOfOldestMessage", told["age"]),
            ):
                yield Datum("AWS/SQS", name, dimensions, now, float(value))

    async def _rds(self) -> AsyncIterator[Datum]:
        folder = Path(self._places.state) / "postgres"
        if self._database is None or self._database.is_closed():
            self._database = await asyncpg.connect(
                host=HOST,
                port=self._places.postgres_port,
                user=SUPERUSER,
                password=(folder / "superuser").read_text(),
                database="postgres",
                ssl=False,
                timeout=_PATIENCE,
                command_timeout=_PATIENCE,
                server_settings={"application_name": "telemetry"},
            )
        connections = await self._database.fetchval(_CONNECTIONS) - 1  # without this one
        disk = os.statvfs(folder)  # the database stops writing when its disk is full
        for dimensions in self._watch.dimensions("AWS/RDS"):
            now = time.time()
            yield Datum("AWS/RDS", "DatabaseConnections", dimensions, now, float(connections))
            free = float(disk.f_bavail * disk.f_frsize)
            yield Datum("AWS/RDS", "FreeStorageSpace", dimensions, now, free)

    async def _cache(self) -> AsyncIterator[Datum]:
        told = await self._valkey()
        now = time.time()
        # With this one: ElastiCache's own count has those that look at a node, too.
        found = {"CurrConnections": float(told["connected_clients"])}
        if most := float(told["maxmemory"]):
            found["DatabaseMemoryUsagePercentage"] = 100 * float(told["used_memory"]) / most
        busy = float(told["used_cpu_sys_main_thread"]) + float(told["used_cpu_user_main_thread"])
        before, self._processor = self._processor, (busy, now)
        if before is not None and busy >= before[0] and now > before[1]:
            found["EngineCPUUtilization"] = 100 * (busy - before[0]) / (now - before[1])
        for dimensions in self._watch.dimensions("AWS/ElastiCache"):
            for name, value in found.items():
                yield Datum("AWS/ElastiCache", name, dimensions, now, value)

    async def _valkey(self) -> Mapping[str, str]:
        reader, writer = await asyncio.open_connection(HOST, self._places.valkey_port)
        try:
            secret = self._places.valkey_password
            login = f'AUTH "{secret}"\r\n' if secret else ""
            writer.write(f"{login}INFO clients memory cpu\r\nQUIT\r\n".encode())
            lines = (await reader.read(-1)).decode(errors="replace").splitlines()
        finally:
            writer.close()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    async def _health(self) -> AsyncIterator[Datum]:
        """Whether the shop answers from outside, as the declared check asks."""
        for check in self._declared.health:
            try:
                status, _ = await _get(self._places.url, check.path)
            except OSError:
                status = 0
            dimensions = frozenset([("HealthCheckId", check.id)])
            well = float(status in range(200, 400))
            yield Datum("AWS/Route53", "HealthCheckStatus", dimensions, time.time(), well)


async def _all(asked: AsyncIterator[Datum]) -> list[Datum]:
    """What somebody answers; nothing when that takes too long or fails."""
    with contextlib.suppress(
        OSError, EOFError, ValueError, KeyError, asyncpg.PostgresError, asyncpg.InterfaceError
    ):
        async with asyncio.timeout(2 * _PATIENCE):
            return [datum async for datum in asked]
    return []


async def _get(url: str, path: str) -> tuple[int, bytes]:
    """Status and body of a GET; raises OSError."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    async with asyncio.timeout(_PATIENCE):
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            told = f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\nUser-Agent: sandbox\r\n\r\n"
            writer.write(told.encode())
            head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
        finally:
            writer.close()
    return int(head.split(b" ", 2)[1]) if head.count(b" ") else 0, body

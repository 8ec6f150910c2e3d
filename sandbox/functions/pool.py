"""Invocations of one function: concurrency, time limits and Lambda's words for what went wrong."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.telemetry import emf

from .declared import Function
from .worker import EndedError, Worker

PROCESSES = 2  # at most, for one function: a laptop is no region
INIT_LIMIT = 10.0  # seconds that Lambda gives the loading of a handler


class ThrottledError(Exception):
    """As many invocations as the function's reserved concurrency are under way."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an invocation came to: the JSON text, and ``Unhandled`` when it is an error."""

    payload: str
    error: str = ""


class Pool:
    """Processes are started when they are needed and kept for the next request."""

    def __init__(self, function: Function, environment: Mapping[str, str], log: Path) -> None:
        """``environment`` is all that the function sees; it writes to ``log``."""
        self.function = function
        self._environment, self._log = environment, log
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._room = asyncio.Semaphore(min(function.reserved or PROCESSES, PROCESSES))
        self._under_way = 0
        self._sender = emf.Sender.here()

    async def invoke(self, event: str, qualifier: str = "", trace: str = "") -> Outcome:
        """Run the handler on an event (JSON text); raises ThrottledError."""
        reserved = self.function.reserved
        if reserved is not None and self._under_way >= reserved:
            self._tell({"Throttles": 1})
            raise ThrottledError("Rate Exceeded.")
        self._under_way += 1
        try:
            async with self._room:
                return await self._invoke(event, qualifier, trace)
        finally:
            self._under_way -= 1

    async def _invoke(self, event: str, qualifier: str, trace: str) -> Outcome:
        id_ = str(uuid.uuid4())
        limit = self.function.timeout
        self._write(f"START RequestId: {id_} Version: {self._environment[_VERSION]}")
        worker: Worker | None = None
        answer: dict[str, Any] = {}
        begun, kept, loading = time.monotonic(), False, 0.0
        try:
            worker, loading, answer = await self._ready()
            if not answer:
                begun = time.monotonic()
                message = {
                    "id": id_,
                    "event": event,
                    "arn": self.function.arn + (f":{qualifier}" if qualifier else ""),
                    "trace": trace or f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}",
                    "seconds": limit,
                }
                answer = await asyncio.wait_for(worker.invoke(message), limit)
                kept = True
        except TimeoutError:
            self._write(f"{_now()} {id_} Task timed out after {limit:.2f} seconds")
            told = f"{_now()} {id_} Task timed out after {limit:.2f} seconds"
            answer = {"error": {"errorType": "Sandbox.Timedout", "errorMessage": told}}
        except EndedError as problem:
            self._write(f"RequestId: {id_} Error: {problem}\nRuntime.ExitError")
            told = f"RequestId: {id_} Error: {problem}"
            answer = {"error": {"errorType": "Runtime.ExitError", "errorMessage": told}}
        finally:  # also when whoever waited has gone: the process is in an unknown state
            if worker is not None:
                await self._put_back(worker, kept=kept)
        self._report(id_, begun, loading, answer)
        if "error" in answer:
            return Outcome(json.dumps(answer["error"]), "Unhandled")
        return Outcome(answer["result"])

    async def _ready(self) -> tuple[Worker, float, dict[str, Any]]:
        """A process with its handler, the seconds that loading took, and what went wrong."""
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker, 0.0, {}
            self._all.discard(worker)
        begun = time.monotonic()
        worker = await Worker.start(self._environment, self._log)
        self._all.add(worker)
        try:
            # A slow one is loaded again within its first invocation: so much longer it may take.
            limit = INIT_LIMIT + self.function.timeout
            problem = await asyncio.wait_for(worker.loaded(), limit)
        except BaseException:
            await self._put_back(worker, kept=False)
            raise
        return worker, time.monotonic() - begun, problem

    async def _put_back(self, worker: Worker, *, kept: bool) -> None:
        if kept and worker.alive:
            self._idle.append(worker)
            return
        worker.kill()
        self._all.discard(worker)
        await worker.ended()

    def _report(self, id_: str, begun: float, loading: float, answer: Mapping[str, Any]) -> None:
        took = (time.monotonic() - begun) * 1000
        errors = int("error" in answer)
        self._tell({"Invocations": 1, "Errors": errors, "Throttles": 0, "Duration": took})
        line = (
            f"END RequestId: {id_}\nREPORT RequestId: {id_}\tDuration: {took:.2f} ms\t"
            f"Memory Size: {self.function.memory} MB"
        )
        if "peak" in answer:
            line += f"\tMax Memory Used: {answer['peak'] // 1_048_576} MB"
        self._write(line + (f"\tInit Duration: {loading * 1000:.2f} ms" if loading else ""))

    def _tell(self, metrics: Mapping[str, float]) -> None:
        """As Lambda itself would; ``Duration`` in milliseconds."""
        dimensions = {"FunctionName": self.function.name}
        self._sender.send(emf.document("AWS/Lambda", dimensions, metrics))

    def _write(self, line: str) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{line}\n")

    async def close(self) -> None:
        """End every process."""
        for worker in list(self._all):
            await self._put_back(worker, kept=False)


_VERSION = "AWS_LAMBDA_FUNCTION_VERSION"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

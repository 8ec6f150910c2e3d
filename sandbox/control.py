"""How a command asks the running supervisor for something: a file, a signal, and a file back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from . import run_file
from .process import PartError
from .state import read_json, started_at, write_private

FOLDER = "control"
SIGNAL = signal.SIGUSR1
Handler = Callable[[Mapping[str, Any]], Awaitable[str]]


def ask(directory: Path, order: Mapping[str, Any]) -> str:
    """Have an order carried out; what was done. Raises PartError when it was not."""
    pid = run_file.supervisor(directory)
    if pid is None or not run_file.read(directory).get("ready"):
        raise PartError("the shop is not up; `make up` starts it")
    folder = directory / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    name, start = uuid.uuid4().hex, started_at(pid)
    answer = folder / f"{name}.answer"
    write_private(folder / f"{name}.order", json.dumps(order))
    os.kill(pid, SIGNAL)
    while not answer.exists():
        if started_at(pid) != start:
            raise PartError("the shop was stopped meanwhile")
        time.sleep(0.02)
    told = read_json(answer)
    answer.unlink()
    if told.get("problem"):
        raise PartError(told["problem"])
    return str(told["done"])


class Control:
    """The supervisor's end: carries orders out, each in a task of its own."""

    def __init__(self, directory: Path, handler: Handler) -> None:
        """``handler`` raises PartError for what cannot be done."""
        self._folder, self._handler = directory / FOLDER, handler
        self._tasks: set[asyncio.Task[None]] = set()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for left in self._folder.iterdir():
            left.unlink()
        asyncio.get_running_loop().add_signal_handler(SIGNAL, self._look)

    def _look(self) -> None:
        for order in sorted(self._folder.glob("*.order")):
            task = asyncio.create_task(self._carry_out(order.stem, read_json(order)))
            order.unlink()
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, name: str, order: Mapping[str, Any]) -> None:
        try:
            told = {"done": await self._handler(order)}
        except PartError as problem:
            told = {"problem": str(problem)}
        except asyncio.CancelledError:
            told = {"problem": "the shop is stopping"}
        write_private(self._folder / f"{name}.answer", json.dumps(told))

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

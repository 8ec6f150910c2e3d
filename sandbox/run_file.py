"""``run.json``: the current run, as the supervisor tells it and everybody else reads it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .guard import end
from .state import read_json, started_at, write_private
from .unit import Unit

NAME = "run.json"


def write(
    directory: Path,
    *,
    url: str,
    ready: bool,
    guard: int,
    units: Sequence[Unit],
    resources: Sequence[Mapping[str, str]],
    environment: Mapping[str, str],
) -> None:
    """Say how things stand; ``guard`` is the guard's pid."""
    parts = [
        {
            "name": unit.spec.name,
            "kind": unit.spec.kind,
            "address": unit.spec.address,
            "pid": unit.child.pid if unit.child and unit.child.returncode is None else None,
            "state": unit.state,
            "restarts": unit.restarts,
        }
        for unit in units
    ]
    running = [unit.child for unit in units if unit.child and unit.child.returncode is None]
    processes = [
        (guard, signal.SIGKILL.value),
        *((child.pid, child.command.stop_signal.value) for child in running),
    ]
    content = {
        "supervisor": {"pid": os.getpid(), "start": started_at(os.getpid())},
        "url": url,
        "ready": ready,
        "parts": parts,
        "processes": [[pid, started_at(pid), number] for pid, number in processes],
        "resources": list(resources),
        "environment": dict(environment),
    }
    write_private(directory / NAME, json.dumps(content, indent=1))


def read(directory: Path) -> dict[str, Any]:
    """What was written last; {} when there is nothing."""
    return read_json(directory / NAME)


def supervisor(directory: Path) -> int | None:
    """The living supervisor's pid."""
    told = read(directory).get("supervisor") or {}
    pid = told.get("pid")
    return pid if isinstance(pid, int) and started_at(pid) == told.get("start") else None


def end_leftovers(directory: Path) -> list[int]:
    """Stop what a dead supervisor left running; returns the pids that were still there."""
    left = [
        (int(pid), str(start), int(number))
        for pid, start, number in read(directory).get("processes", [])
        if start is not None
    ]
    found = end(left)
    (directory / NAME).unlink(missing_ok=True)
    return found

"""Child processes that cannot outlive the one that started them.

A child runs in its own session, writes to its own log and, on Linux, is signalled by the kernel
when its parent dies (`setpriv --pdeathsig`); `sandbox.guard` does the same everywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

POLL = 0.01


class PartError(Exception):
    """A part could not be started; the message says what to do, with the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run and how to stop it; ``grace`` in seconds, then the whole group is killed."""

    name: str
    argv: Sequence[str | os.PathLike[str]]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    uid: int | None = None  # run as this user (root only)
    gid: int | None = None
    stdin: bool = False  # keep a pipe to its standard input
    prefix: Sequence[str] = ()  # a program that becomes this one, such as `unshare`
    dies_with_parent: bool = True


@lru_cache(maxsize=1)
def _setpriv() -> str | None:
    return shutil.which("setpriv") if sys.platform == "linux" else None


class Child:
    """A running process of a `Command`."""

    def __init__(self, command: Command) -> None:
        """Start it; call from a thread that lives as long as the child should (the main one)."""
        self.command = command
        argv = [os.fspath(part) for part in command.argv]
        if command.dies_with_parent and (setpriv := _setpriv()) is not None:
            argv = [setpriv, "--pdeathsig", command.stop_signal.name[3:], *argv]
        argv = [*command.prefix, *argv]  # first: a new user namespace forgets the death signal
        command.log.parent.mkdir(parents=True, exist_ok=True)
        with command.log.open("ab") as log:
            self.log_start = log.tell()  # where this process's own lines begin
            self._process = subprocess.Popen(
                argv,
                env=dict(command.env),
                cwd=command.cwd,
                stdin=subprocess.PIPE if command.stdin else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=command.uid,
                group=command.gid,
                extra_groups=[] if command.uid is not None else None,
            )
        self.pid = self._process.pid
        self.started = time.monotonic()

    @property
    def returncode(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def write(self, line: bytes) -> None:
        """Send a line to its standard input; a child that is gone is no error."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError, ValueError):
                self._process.stdin.write(line)
                self._process.stdin.flush()

    def close_stdin(self) -> None:
        """End its standard input."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process itself; gone is no error."""
        if self.returncode is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """Kill the whole group at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.close_stdin()

    async def wait(self) -> int:
        """Wait for the end; returns the exit status."""
        if self.returncode is None and hasattr(os, "pidfd_open"):
            loop = asyncio.get_running_loop()
            ended = asyncio.Event()
            descriptor = os.pidfd_open(self.pid)
            try:
                loop.add_reader(descriptor, ended.set)
                await ended.wait()
            finally:
                loop.remove_reader(descriptor)
                os.close(descriptor)
        while (status := self.returncode) is None:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(POLL)
        return status

    async def stop(self) -> int:
        """Ask it to stop, then, after its grace, kill the group; returns the exit status."""
        self.signal(self.command.stop_signal)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wait(), self.command.grace)
        self.kill()  # also whatever it left in its group
        return await self.wait()

    def stop_now(self) -> int:
        """As `stop`, blocking."""
        self.signal(self.command.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(self.command.grace)
        self.kill()
        return self._process.wait()


def tail(log: Path, lines: int = 15, since: int = 0) -> str:
    """The end of a log (of what came after byte ``since``), indented, for error messages."""
    try:
        with log.open("rb") as file:
            file.seek(max(since, log.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return "  (no log)"
    return "\n".join(f"  | {line}" for line in text.splitlines()[-lines:]) or "  (empty log)"


def rotate(log: Path, keep: int = 3) -> None:
    """Move a log aside (``.1`` is the youngest), so that each start begins a fresh one."""
    if not log.exists() or log.stat().st_size == 0:
        return
    for number in range(keep - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    log.replace(log.with_name(f"{log.name}.1"))

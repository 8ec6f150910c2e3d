"""`python -m sandbox.guard`: ends the children of a supervisor that died without doing so.

It reads lines ``+ PID SIGNAL`` and ``- PID`` from a pipe that only the supervisor holds open. When
the pipe ends, whatever is still listed is asked to stop, and killed with its group after a grace.
The kernel's parent-death signal does the same on Linux, but not through every change of user.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from .process import Child, Command
from .state import started_at

GRACE = 8.0  # seconds


def end(processes: Iterable[tuple[int, str, int]], grace: float = GRACE) -> list[int]:
    """Stop (pid, start, signal) triples that still are what they were; returns those found."""
    alive = [(pid, start, number) for pid, start, number in processes if started_at(pid) == start]
    found = [pid for pid, _, _ in alive]
    for pid, _, number in alive:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    deadline = time.monotonic() + grace
    while alive and time.monotonic() < deadline:
        alive = [entry for entry in alive if started_at(entry[0]) == entry[1]]
        time.sleep(0.02)
    for pid, start, _ in alive:
        if started_at(pid) == start:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
    return found


class Guard:
    """The supervisor's end: tells the guard process what to watch."""

    def __init__(self, log: Path) -> None:
        """Start the process."""
        self._command = Command(
            name="guard",
            argv=[sys.executable, "-S", "-m", "sandbox.guard"],
            env={"PYTHONPATH": str(Path(__file__).resolve().parent.parent), "PATH": os.defpath},
            log=log,
            stdin=True,
            dies_with_parent=False,
        )
        self._watched: dict[int, int] = {}
        self._child = Child(self._command)

    @property
    def pid(self) -> int:
        """The guard's own process."""
        return self._child.pid

    def watch(self, child: Child) -> None:
        """From now on this child ends when the supervisor does."""
        self._watched[child.pid] = child.command.stop_signal.value
        if self._child.returncode is not None:  # somebody ended the guard: a new one
            self._child = Child(self._command)
            for pid, number in self._watched.items():
                self._child.write(f"+ {pid} {number}\n".encode())
        else:
            self._child.write(f"+ {child.pid} {child.command.stop_signal.value}\n".encode())

    def forget(self, child: Child) -> None:
        """This child has ended by itself."""
        self._watched.pop(child.pid, None)
        self._child.write(f"- {child.pid}\n".encode())

    def close(self) -> None:
        """The supervisor has stopped everything; the guard goes too."""
        self._child.close_stdin()
        self._child.stop_now()


def main() -> None:
    """Read until the pipe ends, then clean up."""
    # A Ctrl-C or `kill` of a whole group is the supervisor's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    watched: dict[int, tuple[str, int]] = {}
    for line in sys.stdin:
        match line.split():
            case ["+", pid, number]:
                if (start := started_at(int(pid))) is not None:
                    watched[int(pid)] = (start, int(number))
            case ["-", pid]:
                watched.pop(int(pid), None)
    if watched:
        found = end((pid, start, number) for pid, (start, number) in watched.items())
        print(f"the supervisor is gone; ended {found}", flush=True)


if __name__ == "__main__":
    main()

"""A sandbox of the benchmark's own, and processes beside it that are measured."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pin(core: int) -> None:
    """Keep this process on one core, where there are several."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {core})


class Bench:
    """A sandbox of its own, with one more web process that is measured."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.pids: dict[int, int] = {}  # of web processes, by their port
        self.environment = {**os.environ, "SANDBOX_STATE": str(state), "PORT": str(free_port())}

    def sandbox(self, *words: str) -> None:
        """Run a sandbox command, on the core that is not measured."""
        subprocess.run(  # the noise goes to the other core
            [sys.executable, "-m", "sandbox", *words],
            cwd=ROOT,
            env=self.environment,
            check=True,
            preexec_fn=lambda: pin(1),
            stdout=subprocess.DEVNULL,
        )

    def storefront(self, *words: str) -> None:
        """Run a storefront command on the sandbox."""
        self.sandbox("run", "--", sys.executable, "-m", "storefront", *words)

    @contextlib.contextmanager
    def web(
        self,
        *,
        cache: bool,
        memory_carts: bool = False,
        telemetry: bool = True,
        variables: tuple[str, ...] = (),
    ) -> Iterator[int]:
        """One web process on core 0; yields its port."""
        port = free_port()
        setting = f"PAGE_CACHE_SECONDS={60 if cache else 0}"
        words = [sys.executable, "-m", "sandbox", "run", "--", "env", f"PORT={port}", setting]
        # Traces go nowhere unless a measurement is about them.
        words += ["OTLP_ENDPOINT=", *variables, sys.executable, "-m", "bench.server"]
        words += ["--memory-carts"] if memory_carts else []
        words += [] if telemetry else ["--without-telemetry"]
        with process(words, port, self.environment) as self.pids[port]:
            yield port

    def cpu(self, port: int) -> float:
        """Seconds of a processor that a web process has used; 0 where nobody tells so exactly."""
        tasks = Path(f"/proc/{self.pids[port]}/task")
        told = (
            [(task / "schedstat").read_text() for task in tasks.iterdir()] if tasks.exists() else []
        )
        return sum(int(line.split()[0]) for line in told) / 1e9


@contextlib.contextmanager
def process(words: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    """A server on core 0 that answers on its port while inside; yields its pid."""
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env=environment,
        preexec_fn=lambda: pin(0),  # noqa: PLW1509 - there are no other threads here
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{' '.join(words)} did not come up")
            time.sleep(0.02)
        yield process.pid  # also after the commands that became the server
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)

"""A sandbox under test: own state folder, own ports, driven from outside, no survivors."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sandbox.part import free_port
from sandbox.state import started_at

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).resolve().parent / "program"
SERVERLESS = Path(__file__).resolve().parent / "serverless"


def eventually(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first true answer; fails the test when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.02)
    return answer


class Box:
    """A sandbox under test, driven from outside through its command line."""

    def __init__(self, state: Path, project: Path) -> None:
        self.state = state
        self.project = project
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.seen: set[tuple[int, str]] = set()

    def call(self, *words: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "sandbox", "--state", str(self.state), *words],
            cwd=ROOT,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def up(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        project = ("--project", str(self.project))
        done = self.call("up", "--detach", "--port", str(self.port), *project, *words, check=check)
        self.note()
        return done

    def status(self) -> dict[str, Any]:
        self.note()
        answer: dict[str, Any] = json.loads(self.call("status", "--json", check=False).stdout)
        return answer

    def part(self, name: str) -> dict[str, Any]:
        """As `status` tells it, from the file that it reads: asked again and again."""
        self.note()
        return next(part for part in self.run_file().get("parts", []) if part["name"] == name)

    def run_file(self) -> dict[str, Any]:
        with contextlib.suppress(FileNotFoundError):
            told: dict[str, Any] = json.loads((self.state / "run.json").read_text())
            return told
        return {}

    def supervisor(self) -> int:
        return int(self.run_file()["supervisor"]["pid"])

    def note(self) -> None:
        """Remember every process, to know later that it is gone."""
        told = self.run_file()
        self.seen |= {(pid, start) for pid, start, _ in told.get("processes", []) if start}
        if told:
            self.seen.add((told["supervisor"]["pid"], told["supervisor"]["start"]))

    def survivors(self) -> list[int]:
        return [pid for pid, start in self.seen if started_at(pid) == start]

    def kill(self, name: str) -> None:
        """kill -9, then wait until it is back."""
        eventually(lambda: self.part(name)["state"] == "ready")
        before = self.part(name)
        os.kill(before["pid"], signal.SIGKILL)

        def back() -> bool:
            now = self.part(name)
            return bool(now["restarts"] > before["restarts"] and now["state"] == "ready")

        eventually(back)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def log(self) -> str:
        return (self.state / "logs" / "sandbox.log").read_text()


@contextlib.contextmanager
def boxed(state: Path, project: Path) -> Iterator[Box]:
    box = Box(state, project)
    try:
        yield box
    finally:
        box.note()
        box.call("down", check=False)
        assert box.survivors() == []

"""`python -m sandbox COMMAND`: the shop on a laptop; the commands are in arguments.py."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from . import backups, control, run_file
from .arguments import parser
from .functions.command import invoke
from .postgres import Postgres
from .process import PartError, rotate, tail
from .state import PROJECT, Lock, started_at, state_directory
from .states.command import execute
from .telemetry.command import alarms
from .terminal import Terminal

FASTEST = 600  # times
MOST_PODS = 16
_STOP_LIMIT = 60.0  # seconds that `down` gives the supervisor


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    told = parser().parse_args(arguments)
    directory = state_directory(told.state)
    try:
        return _COMMANDS[told.command](directory, told)
    except PartError as problem:
        print(f"✗ {problem}", file=sys.stderr)
        return 1


def _port(option: int | None) -> int:
    text = os.environ.get("PORT") or "8080"
    if option is None and not text.isdecimal():
        raise SystemExit(f"PORT is {text!r}; accepted: a number from 1 to 65535")
    port = int(text) if option is None else option
    if not 1 <= port <= 65535:
        raise SystemExit(f"PORT is {port}; accepted: a number from 1 to 65535")
    return port


def _speed(option: float | None) -> float:
    text = os.environ.get("TELEMETRY_SPEED") or "1"
    given = text if option is None else f"{option:g}"
    if not given.isdecimal() or not 1 <= int(given) <= FASTEST:
        accepted = f"a whole number from 1 to {FASTEST}"
        raise SystemExit(f"TELEMETRY_SPEED is {given!r}; accepted: {accepted}")
    return float(given)


def up(directory: Path, port: int, project: Path, *, detach: bool, fill: bool, speed: float) -> int:
    """Serve; with ``detach`` in the background; ``fill`` an empty shop with its catalogue."""
    lock = Lock(directory)
    if not lock.acquire():
        return _already_up(directory)
    if detach:
        lock.release()
        return _up_detached(directory, port, project, fill=fill, speed=speed)
    from .supervisor import Supervisor  # noqa: PLC0415 - the other commands answer faster without

    log = directory / "logs" / "sandbox.log"
    log.parent.mkdir(mode=0o700, exist_ok=True)
    if os.environ.get("SANDBOX_DETACHED"):
        terminal = Terminal()
    else:
        rotate(log)
        terminal = Terminal(log)
    if found := run_file.end_leftovers(directory):
        terminal.say(f"ended {len(found)} processes that an earlier run left behind", "!")

    async def supervise() -> int:
        return await Supervisor(directory, port, terminal, project, fill=fill, speed=speed).run()

    try:
        return asyncio.run(supervise())
    finally:
        lock.release()


def _already_up(directory: Path) -> int:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and Lock(directory).is_held():
        told = run_file.read(directory)
        if told.get("ready"):
            print(f"✓ the shop is up already: {told['url']}")
            return 0
        time.sleep(0.1)
    print("✗ another `up` was starting the shop and did not get there; see its own messages")
    return 1


def _up_detached(directory: Path, port: int, project: Path, *, fill: bool, speed: float) -> int:
    log = directory / "logs" / "sandbox.log"
    log.parent.mkdir(mode=0o700, exist_ok=True)
    rotate(log)
    words = ["up", "--port", str(port), "--project", str(project), "--speed", f"{speed:g}"]
    words += [] if fill else ["--empty"]
    with log.open("ab") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--state", str(directory), *words],
            cwd=PROJECT,
            env={**os.environ, "SANDBOX_DETACHED": "1", "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    with log.open(encoding="utf-8", errors="replace") as shown:
        try:
            while child.poll() is None:
                sys.stdout.write(shown.read())
                sys.stdout.flush()
                told = run_file.read(directory)
                if told.get("ready") and told["supervisor"]["pid"] == child.pid:
                    sys.stdout.write(shown.read())
                    print("  it runs in the background; `make down` stops it")
                    return 0
                time.sleep(0.05)
        except KeyboardInterrupt:
            child.send_signal(signal.SIGINT)
            child.wait()
            return 130
        sys.stdout.write(shown.read())
    return child.returncode or 1


def down(directory: Path) -> int:
    """Stop the supervisor, or what a dead one left."""
    if (pid := run_file.supervisor(directory)) is None and not Lock(directory).is_held():
        found = run_file.end_leftovers(directory)
        print(f"ended {len(found)} leftovers" if found else "the shop is not up")
        return 0
    deadline = time.monotonic() + _STOP_LIMIT
    while pid is None and time.monotonic() < deadline:  # it has only just begun
        time.sleep(0.05)
        pid = run_file.supervisor(directory)
    begun = time.monotonic()
    start = started_at(pid) if pid else None
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    while Lock(directory).is_held() and time.monotonic() < deadline:
        time.sleep(0.02)
    if pid is not None and start is not None and started_at(pid) == start:
        while started_at(pid) == start and time.monotonic() < deadline:
            time.sleep(0.02)
    if Lock(directory).is_held() and pid is not None:
        os.kill(pid, signal.SIGKILL)
        run_file.end_leftovers(directory)
        print("✗ the supervisor did not stop by itself and was killed")
        return 1
    print(f"✓ stopped in {time.monotonic() - begun:.1f} s; data kept")
    return 0


def status(directory: Path, *, as_json: bool) -> int:
    """Print how things stand; 0 when the shop is ready, else 3."""
    told = run_file.read(directory) if run_file.supervisor(directory) else {}
    if as_json:
        shown = {
            "url": told.get("url"),
            "ready": bool(told.get("ready")),
            "parts": told.get("parts", []),
            "resources": told.get("resources", []),
        }
        print(json.dumps(shown, indent=1))
        return 0 if told.get("ready") else 3
    if not told:
        print("the shop is not up; `make up` starts it")
        return 3
    print(f"{told['url']}  {'ready' if told['ready'] else 'starting'}")
    for part in told["parts"]:
        again = f", {part['restarts']} restarts" if part["restarts"] else ""
        print(
            f"  {part['name']:<14} {part['state']:<10} {part['address']:<22}"
            f" pid {part['pid'] or '-'}{again}"
        )
    for state in ("served", "refused", "recorded"):
        found = [r for r in told["resources"] if r["state"] == state]
        print(f"{len(found)} resources {state}")
        if state != "recorded":
            for r in found:
                print(f"  {r['type']:<52} {r['name']:<28} {r['detail']}".rstrip())
    return 0 if told["ready"] else 3


def run(directory: Path, words: Sequence[str]) -> int:
    """Become a command that sees the storefront's declared environment."""
    command = list(words[1:] if words[:1] == ["--"] else words)
    if not command:
        raise PartError("say what to run: python -m sandbox run -- CMD")
    told = run_file.read(directory) if run_file.supervisor(directory) else {}
    if not told.get("environment"):
        raise PartError("the shop is not up; `make up` starts it")
    declared: dict[str, str] = told["environment"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    kept = {key: value for key, value in os.environ.items() if key not in ("PORT", "PYTHONPATH")}
    environment = {**kept, **declared, "PATH": path, "HOME": os.environ.get("HOME", "/")}
    if (program := shutil.which(command[0], path=path)) is None:
        raise PartError(f"there is no command {command[0]!r}")
    sys.stdout.flush()
    os.execve(program, command, environment)  # noqa: S606 - that is what was asked for


def deploy(directory: Path, told: argparse.Namespace) -> int:
    """Replace or scale the pods of a Deployment; returns when it is done."""
    if not 0 <= told.waits <= 1:
        raise PartError(f"--waits is {told.waits:g}; accepted: a number from 0 to 1")
    order = {"deployment": told.name, "waits": told.waits}
    if told.command == "scale":
        if not 0 <= told.replicas <= MOST_PODS:
            raise PartError(f"{told.replicas} replicas; accepted: a number from 0 to {MOST_PODS}")
        order["replicas"] = told.replicas
    print(f"✓ {control.ask(directory, order)}")
    return 0


def reset(directory: Path) -> int:
    """Stop and wipe all data; the generated catalogue and the logs stay."""
    down(directory)
    lock = Lock(directory)
    if not lock.acquire():
        raise PartError("something has started the shop again; nothing was wiped")
    try:
        server = Postgres(directory / "postgres")
        for folder in (server.data, server.backups):  # they may be outside of our own
            shutil.rmtree(folder, ignore_errors=True)
        folders = ("postgres", "valkey", "aws", "personalize", "functions", "telemetry")
        for name in (*folders, "mails", "mail"):
            shutil.rmtree(directory / name, ignore_errors=True)
        for name in ("state.json", run_file.NAME):
            (directory / name).unlink(missing_ok=True)
    finally:
        lock.release()
    print("✓ wiped; the next `make up` starts with an empty shop and fills it")
    return 0


def logs(directory: Path, part: str | None, *, follow: bool) -> int:
    """Print a log, or the names of those there are."""
    folder = directory / "logs"
    if part is None:
        for log in sorted(folder.glob("*.log")):
            print(f"{log.stem:<16} {log.stat().st_size:>9} bytes  {log}")
        return 0
    log = folder / f"{part}.log"
    if not log.exists():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.log"))) or "none"
        raise PartError(f"there is no log of {part!r}; there are: {known}")
    if follow and (program := shutil.which("tail")):
        os.execv(program, ["tail", "-n", "100", "-F", str(log)])  # noqa: S606
    print("\n".join(line[4:] for line in tail(log, 200).splitlines()))
    return 0


_COMMANDS: dict[str, Callable[[Path, argparse.Namespace], int]] = {
    "up": lambda where, told: up(
        where,
        _port(told.port),
        told.project.absolute(),
        detach=told.detach,
        fill=not told.empty,
        speed=_speed(told.speed),
    ),
    "down": lambda where, _: down(where),
    "status": lambda where, told: status(where, as_json=told.json),
    "run": lambda where, told: run(where, told.words),
    "invoke": lambda where, told: invoke(where, told.function, told.event),
    "execute": lambda where, told: execute(where, told.machine, told.input),
    "restart": deploy,
    "scale": deploy,
    "backup": lambda where, _: backups.backup(where),
    "restore": lambda where, told: backups.restore(where, told.to),
    "reset": lambda where, _: reset(where),
    "alarms": lambda where, told: alarms(where, as_json=told.json),
    "logs": lambda where, told: logs(where, told.part, follow=told.follow),
}

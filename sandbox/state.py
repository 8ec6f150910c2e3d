"""What the sandbox knows between runs, in files only their owner can read.

``state.json`` stays: ports and generated values. ``run.json`` describes the current run. ``lock``
is held by the supervisor while it lives, so a file left by a dead one cannot mislead anybody.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

from .part import free_port, keep_port

PROJECT = Path(__file__).resolve().parent.parent


def state_directory(option: str | None = None) -> Path:
    """``--state``, else SANDBOX_STATE, else ``.sandbox`` in the project; made with mode 0700."""
    chosen = option or os.environ.get("SANDBOX_STATE")
    directory = Path(chosen).expanduser().absolute() if chosen else PROJECT / ".sandbox"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def write_private(path: Path, content: str) -> None:
    """Replace a file in one step, mode 0600."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(content)
    fresh.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file; {} when there is none or it is broken."""
    try:
        value = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


class State:
    """Ports and generated values that must be the same next time; safe to use from threads."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._file = directory / "state.json"
        self._lock = threading.Lock()
        self._content = read_json(self._file)

    def port(self, name: str) -> int:
        """This name's port: the one of last time unless somebody else took it."""
        with self._lock:
            ports = self._content.setdefault("ports", {})
            known = ports.get(name)
            taken = {port for other, port in ports.items() if other != name}
            if known is None or known in taken or not keep_port(known):
                known = free_port()
                while known in taken:
                    known = free_port()
                ports[name] = known
                self._save()
            return int(known)

    def value(self, name: str, make: Any) -> Any:
        """A generated value, made once by calling ``make()``."""
        with self._lock:
            values = self._content.setdefault("values", {})
            if name not in values:
                values[name] = make()
                self._save()
            return values[name]

    def _save(self) -> None:
        write_private(self._file, json.dumps(self._content, indent=1))


class Lock:
    """Held by the one supervisor of a state folder."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "lock"
        self._file: int | None = None

    def acquire(self) -> bool:
        """Whether we are the supervisor now."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._file = descriptor
        return True

    def release(self) -> None:
        """Let the next one in."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def is_held(self) -> bool:
        """Whether a supervisor lives."""
        if not self._path.exists():
            return False
        if self.acquire():
            self.release()
            return False
        return True


def started_at(pid: int) -> str | None:
    """When a process started, as the system tells it; None when there is none (or a zombie).

    With the pid this names a process for good: a pid that was given out again started later.
    """
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    if Path("/proc/self/stat").exists():
        return None
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return shown[1].strip() if len(shown) == 2 and shown[0][0] != "Z" else None


def port_owner(port: int) -> str:
    """Who listens on a port, such as ``python3 (pid 123)``; "" when it cannot be found out."""
    with contextlib.suppress(OSError):
        inodes = _listening_inodes(port)
        for entry in Path("/proc").iterdir() if inodes else ():
            with contextlib.suppress(OSError):
                if entry.name.isdecimal() and any(
                    str(link.readlink()) in inodes for link in (entry / "fd").iterdir()
                ):
                    name = (entry / "comm").read_text().strip()
                    return f"{name} (pid {entry.name})"
    with contextlib.suppress(OSError):
        shown = subprocess.run(
            ["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"],
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip
        found = {line[0]: line[1:] for line in shown.splitlines()[:2] if line}
        if "p" in found:
            return f"{found.get('c', 'process')} (pid {found['p']})"
    return ""


def _listening_inodes(port: int) -> set[str]:
    wanted = f"{port:04X}"
    found: set[str] = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with contextlib.suppress(FileNotFoundError):
            for line in table.read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and fields[1].rpartition(":")[2] == wanted:
                    found.add(f"socket:[{fields[9]}]")
    return found

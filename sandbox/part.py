"""What PostgreSQL, Valkey and the AWS server have in common: a port, a log, a start and an end."""

from __future__ import annotations

import atexit
import contextlib
import http.client
import socket
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from .process import POLL, Child, Command, PartError, tail

HOST = "127.0.0.1"


_held: dict[int, socket.socket] = {}


@atexit.register
def _let_go() -> None:
    for held in _held.values():
        held.close()


def free_port() -> int:
    """A TCP port on loopback for a server of ours, kept for it while this process lives."""
    return _hold(0)


def keep_port(port: int) -> bool:
    """Keep a port of before in the same way; whether that was possible."""
    try:
        return port in _held or bool(_hold(port))
    except OSError:
        return False


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _hold(port: int) -> int:
    """Bind a socket and do not listen.

    Linux then gives the port to nobody who asks for any, neither a server nor a connection of
    somebody else's, and still lets a server have it that asks for this one and reuses addresses,
    as all do: also when it comes late, or comes back. Elsewhere that server would be refused.
    """
    held = socket.socket()
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((HOST, port))
        port = int(held.getsockname()[1])
        if sys.platform == "linux":
            _held[port] = held
    finally:
        if _held.get(port) is not held:
            held.close()
    return port


def healthy(port: int) -> bool:
    """Whether a server of ours answers its own health path."""
    link = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        link.request("GET", "/_sandbox/health")
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


class Part:
    """An embedded server. Blocking `start` and `stop`, or `async with`; both are idempotent.

    The supervisor drives the same steps itself: `prepare`, `command`, `ready`.
    """

    name = "part"
    start_timeout = 30.0  # seconds

    def __init__(self, directory: Path, port: int = 0, log: Path | None = None) -> None:
        """Keep everything under ``directory``; port 0 chooses a free one."""
        self.directory = directory
        self.port = port or free_port()
        self.log = log or directory / f"{self.name}.log"
        self._child: Child | None = None

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"{HOST}:{self.port}"

    def prepare(self) -> None:
        """Make files the server needs; blocking; raises PartError."""

    def command(self) -> Command:
        """How to run the server."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Whether it serves now; quick, never raises for a server that is not up yet."""
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), 1):
            return True
        return False

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._child.pid if self._child else None

    def start(self) -> Self:
        """Start and wait until it serves; raises PartError with the end of the log."""
        if self._child is None:
            self.prepare()
            self._child = Child(self.command())
            deadline = time.monotonic() + self.start_timeout
            while not self.ready():
                if self._child.returncode is not None or time.monotonic() > deadline:
                    self.stop()
                    raise PartError(f"{self.name} did not start:\n{tail(self.log)}")
                time.sleep(POLL)
        return self

    def stop(self) -> None:
        """Stop and wait until it is gone."""
        if self._child is not None:
            self._child.stop_now()
            self._child = None

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

"""Valkey on loopback, with a password and an append-only file, so that counters survive."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
from functools import cached_property
from pathlib import Path

from .binaries import valkey_server
from .part import HOST, Part
from .process import Command


class Valkey(Part):
    """A server on its own data folder."""

    name = "valkey"

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        log: Path | None = None,
        *,
        password: str | None = None,
    ) -> None:
        """``password`` None makes one and keeps it in the folder; "" asks for none."""
        super().__init__(directory, port, log)
        self._password = password

    @property
    def password(self) -> str:
        """What AUTH expects."""
        if self._password is None:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = self.directory / "password"
            if not file.exists():
                descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "w") as out:
                    out.write(secrets.token_urlsafe(24))
            self._password = file.read_text()
        return self._password

    @cached_property
    def version(self) -> str:
        """Such as ``9.1.2``."""
        answer = subprocess.run(
            [valkey_server(), "--version"], capture_output=True, text=True, check=True
        ).stdout
        return next((word[2:] for word in answer.split() if word.startswith("v=")), "unknown")

    def prepare(self) -> None:
        """Write the configuration: a file, so that the password is in no process list."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = [
            f"bind {HOST}",
            f"port {self.port}",
            f'dir "{self.directory}"',
            'save ""',
            "appendonly yes",
            "appendfsync everysec",
            "maxmemory 256mb",
            "maxmemory-policy allkeys-lru",
            "protected-mode no",
            *([f'requirepass "{self.password}"'] if self.password else []),
        ]
        descriptor = os.open(
            self.directory / "valkey.conf", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
        )
        with os.fdopen(descriptor, "w") as out:
            out.write("\n".join(lines) + "\n")

    def command(self) -> Command:
        """The server; SIGTERM writes what is left and stops."""
        return Command(
            name=self.name,
            argv=[valkey_server(), self.directory / "valkey.conf"],
            env={"PATH": os.defpath, "LC_ALL": "C"},
            cwd=self.directory,
            log=self.log,
        )

    def _ask(self, *commands: str) -> bytes:
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), 1) as link:
            link.settimeout(2)
            login = [f'AUTH "{self.password}"'] if self.password else []
            link.sendall("".join(f"{line}\r\n" for line in (*login, *commands)).encode())
            link.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: link.recv(4096), b""))
        return b""

    def ready(self) -> bool:
        """Whether it answers PING (while it loads its file it says LOADING instead)."""
        return b"+PONG" in self._ask("PING")

    def set_password(self, password: str) -> None:
        """Change what AUTH expects ("" for nothing), in the running server and for its restarts."""
        if password != self.password:
            self._ask(f'CONFIG SET requirepass "{password}"')
            self._password = password
            self.prepare()

"""One execution environment of a function: a process that takes one request at a time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_LENGTH = struct.Struct(">I")
_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")


class EndedError(Exception):
    """The process ended by itself; the message is Lambda's, such as ``exit status 1``."""


class Worker:
    """Make one with `start`; it is dead after any error and after `kill`."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process, self._reader, self._writer = process, reader, writer

    @classmethod
    async def start(cls, environment: Mapping[str, str], log: Path) -> Worker:
        """Start the process; it loads its handler meanwhile, see `loaded`.

        ``environment`` is all that it sees, with LAMBDA_TASK_ROOT as its working folder.
        """
        ours, theirs = socket.socketpair()
        with log.open("ab") as out, theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                # Unbuffered: what was printed before a time-out is in the log.
                *("-I", "-S", "-u", str(_BOOTSTRAP), str(theirs.fileno())),
                env=dict(environment),
                cwd=environment["LAMBDA_TASK_ROOT"],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        reader, writer = await asyncio.open_connection(sock=ours)
        return cls(process, reader, writer)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    async def loaded(self) -> dict[str, Any]:
        """Wait for the handler; {} or the ``error`` of loading it; raises EndedError."""
        return await self._read()

    async def invoke(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one invocation; raises EndedError."""
        raw = json.dumps(message).encode()
        with contextlib.suppress(ConnectionError):  # it has ended: reading tells
            self._writer.write(_LENGTH.pack(len(raw)) + raw)
            await self._writer.drain()
        return await self._read()

    async def _read(self) -> dict[str, Any]:
        try:
            head = await self._reader.readexactly(_LENGTH.size)
            answer: dict[str, Any] = json.loads(
                await self._reader.readexactly(*_LENGTH.unpack(head))
            )
        except (asyncio.IncompleteReadError, ConnectionError) as problem:
            status = await self._process.wait()
            self.kill()
            reason = (
                f"signal: {signal.Signals(-status).name[3:].lower()}"
                if status < 0
                else f"exit status {status}"
            )
            raise EndedError(f"Runtime exited with error: {reason}") from problem
        return answer

    def kill(self) -> None:
        """End the process and whatever it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._writer.close()

    async def ended(self) -> None:
        """Wait until a killed process is gone."""
        await self._process.wait()

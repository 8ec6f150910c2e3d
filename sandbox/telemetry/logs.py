"""Follows the logs of pods and functions: lines in embedded metric format are metrics."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_MARK = b'"_aws"'
_MOST = 4 * 1024 * 1024  # bytes of a log that are read at once, and of an old one at all


class Tail:
    """All logs of a folder, from their beginnings: they are as old as this run of the sandbox."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, tuple[int, int]] = {}  # name -> inode, bytes that were read

    def lines(self) -> Iterator[bytes]:
        """New lines that are documents."""
        for entry in os.scandir(self._folder):
            if entry.name.endswith(".log") and entry.is_file():
                yield from self._new(entry)

    def _new(self, entry: os.DirEntry[str]) -> Iterator[bytes]:
        told = entry.stat()
        inode, done = self._read.get(entry.name, (told.st_ino, 0))
        if inode != told.st_ino or told.st_size < done:  # moved aside, or emptied
            done = 0
        if told.st_size == done:
            return
        done = max(done, told.st_size - _MOST)
        with Path(entry.path).open("rb") as log:
            log.seek(done)
            data = log.read(_MOST)
        whole = data[: data.rfind(b"\n") + 1]  # the rest is still being written
        self._read[entry.name] = (told.st_ino, done + len(whole))
        if _MARK in whole:
            yield from (line for line in whole.splitlines() if _MARK in line)

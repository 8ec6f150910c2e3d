"""What DynamoDB and S3 hold, kept on disk as the last state of each item and object.

One JSON line a change, written before the change is answered. Lines hold states, not requests, so
reading them twice, or in a file that ends in half a line, gives the same result.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

State = dict[str, Any]


class Journal:
    """The files below one folder: ``journal.jsonl`` and ``objects/<sha256>``."""

    def __init__(self, directory: Path) -> None:
        """Read, compact, and open for appending."""
        self._file = directory / "journal.jsonl"
        self._objects = directory / "objects"
        self._objects.mkdir(parents=True, exist_ok=True, mode=0o700)
        # {(kind, region, container): {key: record}}: what waits for its table or bucket
        self._waiting: dict[tuple[str, str, str], dict[str, State]] = {}
        self._read()
        self._compact()
        self._out = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _read(self) -> None:
        with contextlib.suppress(FileNotFoundError), self._file.open("rb") as lines:
            for line in lines:
                with contextlib.suppress(ValueError):  # the last line of a crash
                    record = json.loads(line)
                    place = self._waiting.setdefault(
                        (record["kind"], record["region"], record["in"]), {}
                    )
                    if record["state"] is None:
                        place.pop(record["key"], None)
                    else:
                        place[record["key"]] = record["state"]

    def _compact(self) -> None:
        fresh = self._file.with_suffix(".new")
        used: set[str] = set()
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            for (kind, region, container), states in self._waiting.items():
                for key, state in states.items():
                    out.write(_line(kind, region, container, key, state))
                    if kind == "s3":
                        used.add(state["sha256"])
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._file)
        for body in self._objects.iterdir():
            if body.name not in used:
                body.unlink()

    def take(self, kind: str, region: str, container: str) -> dict[str, State]:
        """The states that waited for this table or bucket; given out once."""
        return self._waiting.pop((kind, region, container), {})

    def write(self, kind: str, region: str, container: str, key: str, state: State | None) -> None:
        """Remember a state, or with None that the item or object is gone."""
        os.write(self._out, _line(kind, region, container, key, state).encode())

    def write_body(self, body: bytes) -> str:
        """Keep an object's content; returns its name."""
        name = hashlib.sha256(body).hexdigest()
        path = self._objects / name
        if not path.exists():
            part = path.with_suffix(".part")
            part.write_bytes(body)
            part.replace(path)
        return name

    def body(self, name: str) -> bytes:
        """An object's content; raises FileNotFoundError."""
        return (self._objects / name).read_bytes()


def _line(kind: str, region: str, container: str, key: str, state: State | None) -> str:
    record = {"kind": kind, "region": region, "in": container, "key": key, "state": state}
    return json.dumps(record, separators=(",", ":")) + "\n"

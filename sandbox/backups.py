"""`python -m sandbox backup | restore`: the database as of any moment since a backup.

Of PostgreSQL's own parts, as RDS does it: a whole copy (`pg_basebackup`) and the log that the
server ships from then on (`sandbox.shipping`). A copy gets its place in ``backups/base`` in one
step, when it was checked: what a killed backup leaves behind is never taken for a whole one.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import run_file, shipping
from .postgres import Postgres
from .process import POLL, Child, Command, PartError, rotate, tail
from .state import Lock, read_json, write_private

KEPT = 3  # the log goes as far back as the oldest of these
_NAME = "%Y%m%dT%H%M%S.%fZ"
_SHOWN = "%Y-%m-%dT%H:%M:%S.%fZ"
_SEGMENT = re.compile(r"[0-9A-F]{24}")
_LAST = re.compile(r"last completed transaction was at log time (\S+ \S+)")


@dataclass(frozen=True, slots=True)
class Backup:
    """A whole copy; ``wal`` is its cluster's log, which it needs from segment ``first`` on."""

    folder: Path
    ended: dt.datetime
    wal: Path
    first: str

    @property
    def data(self) -> Path:
        """The copied files."""
        return self.folder / "data"

    @property
    def name(self) -> str:
        """As it is shown."""
        return f"backup {self.folder.name}"


def backup(directory: Path) -> int:
    """Copy the running shop's database; the log is shipped from here on."""
    told = run_file.read(directory) if run_file.supervisor(directory) else {}
    ports = [
        int(part["address"].rpartition(":")[2])
        for part in told.get("parts", [])
        if part["name"] == Postgres.name and part["state"] == "ready"
    ]
    if not ports:
        raise PartError("the database is not up; `make up` starts it")
    server = Postgres(directory / "postgres", ports[0], directory / "logs" / "backup.log")
    with _alone(server):
        made = take(server)
    size = sum(file.stat().st_size for file in made.folder.rglob("*") if file.is_file())
    print(f"✓ {made.name}, {size / 1e6:.0f} MB: `make restore` goes back to any moment since,")
    print(f"  up to the last {shipping.seconds()} s before the data are lost, all if they are not")
    return 0


def restore(directory: Path, to: dt.datetime | None) -> int:
    """Bring the database back: as far as the log goes, or as it was at ``to``."""
    lock = Lock(directory)
    if not lock.acquire():
        raise PartError("the shop is up: `make down` stops it, then restore")
    try:
        run_file.end_leftovers(directory)
        server = Postgres(directory / "postgres", log=directory / "logs" / "restore.log")
        with _alone(server):
            used = chosen(found(server.backups), to)
            until = bring_back(server, used, to)
    finally:
        lock.release()
    print(f"✓ {used.name} restored, and the log after it up to {until:{_SHOWN}}")
    print(f"  `make up` serves it; what was there before, if anything, is in {_before(server)}")
    return 0


@contextlib.contextmanager
def _alone(server: Postgres) -> Iterator[None]:
    """One backup or restore at a time."""
    server.backups.mkdir(mode=0o711, exist_ok=True)  # the server passes through, as somebody else
    lock = Lock(server.backups)
    if not lock.acquire():
        raise PartError("a backup or restore is under way; wait for it")
    try:
        yield
    finally:
        lock.release()


def found(backups: Path) -> list[Backup]:
    """The whole ones, the oldest first."""
    made = []
    for folder in sorted((backups / "base").glob("*")):
        told = read_json(folder / "backup.json")
        ended = dt.datetime.strptime(folder.name, _NAME).replace(tzinfo=dt.UTC)
        made.append(Backup(folder, ended, backups / "wal" / told["system"], told["first"]))
    return made


def chosen(backups: list[Backup], to: dt.datetime | None) -> Backup:
    """The latest that was whole before ``to``; raises PartError when there is none."""
    if not backups:
        raise PartError("there is no backup; `make backup` makes one")
    if to is None:
        return backups[-1]
    if to > dt.datetime.now(dt.UTC):
        raise PartError(f"--to is {to:{_SHOWN}}, which is still to come")
    if to < backups[0].ended:
        raise PartError(
            f"--to is {to:{_SHOWN}}; the oldest backup goes back to {backups[0].ended:{_SHOWN}}"
        )
    return next(backup for backup in reversed(backups) if backup.ended <= to)


def take(server: Postgres) -> Backup:
    """Copy a running server, check the copy, and drop those that are too old."""
    wal, unfinished = server.shipped, server.backups / "unfinished"
    for folder in (server.backups / "base", wal.parent):
        folder.mkdir(mode=0o711, exist_ok=True)
    server.give(wal)  # first: from here on the log is kept
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    _run(server.tool("pg_basebackup", "-D", unfinished / "data", "-c", "fast", "-X", "stream"))
    _run(server.tool("pg_verifybackup", "--quiet", unfinished / "data"))
    ended = dt.datetime.now(dt.UTC)
    label = (unfinished / "data" / "backup_label").read_text()
    first = _SEGMENT.findall(label.partition("\n")[0])[0]
    write_private(unfinished / "superuser", server.superuser_password)
    write_private(unfinished / "backup.json", json.dumps({"system": wal.name, "first": first}))
    for file in ("superuser", "backup.json", ""):  # on the disk before the name; the rest is there
        _sync(unfinished / file)
    whole = unfinished.rename(server.backups / "base" / f"{ended:{_NAME}}")
    _prune(server.backups, unfinished)
    return Backup(whole, ended, wal, first)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _run(command: Command) -> None:
    child = Child(command)
    try:
        while child.returncode is None:
            time.sleep(POLL)
    finally:
        child.stop_now()
    if child.returncode:
        raise PartError(f"{command.name} failed:\n{tail(command.log, since=child.log_start)}")


def _prune(backups: Path, unfinished: Path) -> None:
    """Keep the latest copies, and the log since the oldest of them."""
    for old in found(backups)[:-KEPT]:
        shutil.rmtree(old.folder.rename(unfinished))
    needed: dict[Path, str] = {}
    for backup in found(backups):
        needed.setdefault(backup.wal, backup.first[8:])  # without the timeline
    for wal in (backups / "wal").iterdir():
        if wal not in needed:
            shutil.rmtree(wal)
            continue
        for segment in wal.iterdir():
            if _SEGMENT.match(segment.name) and segment.name[8:24] < needed[wal]:
                segment.unlink()


class _Recovering(Postgres):
    """A server that reads a log to its end; nobody is let in before."""

    start_timeout = 3600.0

    def ready(self) -> bool:
        """As its lock file says: asking it would fill the log."""
        lock = self.data / "postmaster.pid"
        return lock.exists() and "ready" in lock.read_text().split()


def bring_back(server: Postgres, backup: Backup, to: dt.datetime | None) -> dt.datetime:
    """Put a backup and the log after it in the place of the server's data, which are set aside.

    Returns the time of the last transaction that is there. The data are replaced at the very end:
    a restore that fails or is killed leaves them as they were.
    """
    fresh = _Recovering(
        server.directory / "restored",
        log=server.log,
        parameters={
            **shipping.sending(backup.wal),
            **shipping.fetching(backup.wal),
            "hot_standby": "off",
            **_target(backup.wal, to),
            "recovery_target_action": "promote",
        },
    )
    shutil.rmtree(fresh.data, ignore_errors=True)
    shutil.copytree(backup.data, fresh.data, symlinks=True)
    if _has_data(server) and server.shipped == backup.wal:  # what was not shipped yet
        for file in (server.data / "pg_wal").iterdir():
            if _SEGMENT.fullmatch(file.name):
                shutil.copy(file, fresh.data / "pg_wal" / file.name)
    (fresh.data / "recovery.signal").touch()
    fresh.give(fresh.data)
    until = _recover(fresh, backup, to)
    before = _before(server)
    if _has_data(server):
        shutil.rmtree(before, ignore_errors=True)
        server.data.rename(before)
    shutil.rmtree(server.data, ignore_errors=True)
    write_private(server.directory / "superuser", (backup.folder / "superuser").read_text())
    fresh.data.rename(server.data)
    server.give(server.data)
    shutil.rmtree(fresh.directory, ignore_errors=True)
    return until


def _target(wal: Path, to: dt.datetime | None) -> dict[str, str]:
    """How far to read: of the histories that restores have begun, that which was lived at ``to``.

    So a restore that went too far back does not hide what came after it.
    """
    if to is None:
        return {}
    begun = {file.name[:8]: file.stat().st_mtime for file in wal.glob("*.history.gz")}
    lived = [int(name, 16) for name, moment in begun.items() if moment <= to.timestamp()]
    return {
        "recovery_target_time": f"{to:%Y-%m-%d %H:%M:%S.%f+00}",
        "recovery_target_timeline": str(max(lived, default=1)),
    }


def _recover(fresh: Postgres, backup: Backup, to: dt.datetime | None) -> dt.datetime:
    """Let it read the log; returns the time of the last transaction."""
    rotate(fresh.log)
    try:
        fresh.start()
        fresh.stop()
    except PartError as problem:
        if "recovery ended before configured recovery target" not in str(problem) or to is None:
            raise
        raise PartError(
            f"--to is {to:{_SHOWN}}, and the log ends at"
            f" {_last(fresh.log, backup.ended):{_SHOWN}}: leave --to out to go so far"
        ) from problem
    return _last(fresh.log, backup.ended)


def _last(log: Path, otherwise: dt.datetime) -> dt.datetime:
    told = _LAST.findall(log.read_text(errors="replace"))
    return dt.datetime.fromisoformat(told[-1]).astimezone(dt.UTC) if told else otherwise


def _has_data(server: Postgres) -> bool:
    return (server.data / "PG_VERSION").exists()


def _before(server: Postgres) -> Path:
    return server.data.with_name("data.before")

"""PostgreSQL, launched by us on loopback TCP, with roles as on RDS.

The superuser (`rdsadmin`) is ours alone; `provision` makes the master user: it may create roles and
databases but is no superuser, so that a migration that would fail on RDS fails here too.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from . import shipping
from .binaries import Runner, own, postgres_runner
from .part import HOST, Part
from .process import Command, PartError

if TYPE_CHECKING:
    import asyncpg

SUPERUSER = "rdsadmin"
_HBA = "".join(
    f"host {what} {HOST}/32 scram-sha-256\n" for what in ("all all", f"replication {SUPERUSER}")
)
# What RDS gives its master user through the role of the same name.
_RDS_SUPERUSER = ("pg_monitor", "pg_signal_backend", "pg_checkpoint", "pg_read_all_settings")


class Postgres(Part):
    """A server on its own data folder; the data stays until the folder is removed."""

    name = "postgres"

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        log: Path | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        durable: bool = True,
    ) -> None:
        """``parameters`` are server settings; ``durable=False`` skips fsync (tests only)."""
        super().__init__(directory, port, log)
        self.parameters = dict(parameters or {})
        self.durable = durable

    @cached_property
    def _runner(self) -> Runner:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return postgres_runner(self.directory / "data")

    @property
    def data(self) -> Path:
        """Where the database files are."""
        return self._runner.data

    @property
    def backups(self) -> Path:
        """Where `sandbox.backups` keeps them: beside our folder, or beside data that are outside.

        While there are some, data that are gone are not replaced by an empty cluster.
        """
        data = self.data
        return (self.directory if data.parent == self.directory else data).parent / "backups"

    @property
    def shipped(self) -> Path:
        """Where this cluster's log goes: one folder for each `initdb`, named by its number."""
        number = (self.data / "global" / "pg_control").read_bytes()[:8]
        return self.backups / "wal" / str(int.from_bytes(number, sys.byteorder))

    @property
    def superuser_password(self) -> str:
        """Password of `SUPERUSER`, made once for each data folder."""
        file = self.directory / "superuser"
        if not file.exists():
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(secrets.token_urlsafe(24))
        return file.read_text()

    @cached_property
    def version(self) -> str:
        """Such as ``18.6``."""
        answer = subprocess.run(
            [self._runner.bin / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
        return answer.split()[2]

    def prepare(self) -> None:
        """Create the cluster on first use and clear a lock that a crash left behind."""
        if not (self.data / "PG_VERSION").exists():
            if any((self.backups / "base").glob("*")):
                raise PartError(
                    f"the data in {self.data} are gone, and there are backups:"
                    " `make restore` brings them back, `make reset` gives them up"
                )
            self._initdb()
        (self.data / "pg_hba.conf").write_text(_HBA)
        self._clear_stale_lock()

    def _initdb(self) -> None:
        run = self._runner
        shutil.rmtree(run.data, ignore_errors=True)  # an initdb that was interrupted
        run.data.mkdir(mode=0o700, parents=True)
        if run.uid is not None and run.gid is not None:
            os.chown(run.data, run.uid, run.gid)
        with tempfile.NamedTemporaryFile("w", prefix="initdb-") as secret:  # mode 0600
            secret.write(self.superuser_password)
            secret.flush()
            if run.uid is not None and run.gid is not None:
                os.chown(secret.name, run.uid, run.gid)
            done = subprocess.run(
                run.argv(
                    "initdb", "-D", str(run.data), "-U", SUPERUSER, f"--pwfile={secret.name}",
                    "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-instructions",
                    "--no-sync",
                ),
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                user=run.uid,
                group=run.gid,
                extra_groups=[] if run.uid is not None else None,
            )  # fmt: skip
        if done.returncode:
            shutil.rmtree(run.data, ignore_errors=True)
            raise PartError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def _clear_stale_lock(self) -> None:
        """PostgreSQL will not start over a lock whose process id now belongs to somebody else."""
        lock = self.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            pid = int(lock.read_text().splitlines()[0])
            command = Path(f"/proc/{pid}/cmdline")
            if Path("/proc/self").exists() and (
                not command.exists() or str(self.data).encode() not in command.read_bytes()
            ):
                lock.unlink()

    def command(self) -> Command:
        """The postmaster; SIGINT is PostgreSQL's fast, clean stop."""
        settings = {
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "log_line_prefix": "%m [%p] %u@%d ",
            "wal_level": "replica",
            "max_wal_size": "256MB",
            **shipping.sending(self.shipped),
            **({} if self.durable else {"fsync": "off", "full_page_writes": "off"}),
            **self.parameters,
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        run = self._runner
        return Command(
            name=self.name,
            prefix=run.prefix,
            argv=[run.bin / "postgres", "-D", run.data, "-p", str(self.port), *options],
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            cwd=Path("/"),
            log=self.log,
            stop_signal=signal.SIGINT,
            grace=15,
            uid=run.uid,
            gid=run.gid,
        )

    def give(self, folder: Path) -> None:
        """Make a folder, if there is none, and give it to the user that the server runs as."""
        uid, gid = self._runner.uid, self._runner.gid
        if uid is None or gid is None:
            uid, gid = os.geteuid(), os.getegid()
        own(folder, uid, gid)

    def tool(self, program: str, *arguments: str | Path) -> Command:
        """One of PostgreSQL's own programs, as ourselves, with the way in as the superuser."""
        return Command(
            name=program,
            argv=[self._runner.bin / program, *arguments],
            env={
                "PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "PGHOST": HOST,
                "PGPORT": str(self.port), "PGUSER": SUPERUSER,
                "PGPASSWORD": self.superuser_password,
            },
            log=self.log,
        )  # fmt: skip

    def ready(self) -> bool:
        """Whether it asks for a password yet (while it recovers it sends an error instead)."""
        body = struct.pack("!i", 196608) + b"user\0" + SUPERUSER.encode() + b"\0\0"
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), 1) as link:
            link.settimeout(2)
            link.sendall(struct.pack("!i", len(body) + 4) + body)
            return link.recv(1) == b"R"
        return False

    def dsn(
        self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None
    ) -> str:
        """A connection URL; without a user, the superuser's."""
        secret = self.superuser_password if password is None else password
        return f"postgresql://{user}:{secret}@{HOST}:{self.port}/{database}"

    async def provision(self, user: str, password: str, database: str) -> None:
        """Make (or bring up to date) the master user and its database, as RDS does."""
        import asyncpg  # noqa: PLC0415 - commands that ask a server nothing answer faster without

        for name in (user, database):
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,62}", name):
                raise PartError(f"{name!r} is no name for a PostgreSQL user or database")
        link = await asyncpg.connect(
            host=HOST,
            port=self.port,
            user=SUPERUSER,
            password=self.superuser_password,
            database="postgres",
            ssl=False,
        )
        try:
            await self._make_roles(link, user, password)
            if not await link.fetchval("select 1 from pg_database where datname = $1", database):
                await link.execute(f'create database "{database}" owner "{user}"')
        finally:
            await link.close()

    @staticmethod
    async def _make_roles(
        link: asyncpg.Connection[asyncpg.Record], user: str, password: str
    ) -> None:
        async with link.transaction():
            have = {row[0] for row in await link.fetch("select rolname from pg_roles")}
            if "rds_superuser" not in have:
                await link.execute("create role rds_superuser nologin")
                for role in sorted(have.intersection(_RDS_SUPERUSER)):
                    await link.execute(f"grant {role} to rds_superuser with admin option")
            if user not in have:
                await link.execute(f'create role "{user}" login createrole createdb')
                await link.execute(f'grant rds_superuser to "{user}"')
            # Role commands take no parameters; the server itself quotes the password.
            quoted = await link.fetchval("select quote_literal($1::text)", password)
            await link.execute(f'alter role "{user}" password {quoted}')

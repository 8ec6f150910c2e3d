"""Migrations: numbered SQL files, each applied once in its own transaction, then the grants.

The owner of the database runs this (the RDS master user, no superuser). The shop itself connects as
a role that can do nothing but read and write rows.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

FOLDER = Path(__file__).parents[1] / "migrations"
_LOCK = 7_360_451_289  # any number, the same for all runners
_LOCK_TIMEOUT = "10s"  # rather fail and be run again than keep a busy shop waiting for a table

log = logging.getLogger(__name__)
if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:  # generic in its stubs only
    Connection = asyncpg.Connection


class MigrationError(Exception):
    """The database and the files do not go together; nothing of the named file was kept."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file ``NNNN_name.sql``."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """All migrations in order; raises MigrationError unless they count 1, 2, 3, ..."""
    found = []
    for path in sorted(folder.glob("[0-9]*.sql")):
        match = re.fullmatch(r"(\d{4})_(\w+)\.sql", path.name)
        if match is None:
            raise MigrationError(f"{path.name}: expected a name like 0001_what.sql")
        found.append(Migration(int(match[1]), match[2], path.read_text("utf-8")))
    versions = [migration.version for migration in found]
    if not found or versions != list(range(1, len(found) + 1)):
        raise MigrationError(f"{folder}: expected versions 1, 2, 3, ..., found {versions}")
    return found


async def migrate(
    connection: Connection, user: str, password: str, folder: Path = FOLDER, *, keep: bool = False
) -> list[Migration]:
    """Apply what is missing, then give ``user`` its password and rights; returns what was applied.

    ``keep``: a user that is there keeps its password, which may be about to change (rotation). Two
    runners wait for each other. Raises MigrationError.
    """
    migrations = read_migrations(folder)
    await connection.execute("select pg_advisory_lock($1)", _LOCK)
    try:
        await connection.execute(f"set lock_timeout = '{_LOCK_TIMEOUT}'")
        waiting = await _waiting(connection, migrations)
        for migration in waiting:
            await _apply(connection, migration)
        async with connection.transaction():
            await _login(connection, user, password, keep=keep)
            await _grant(connection, user, (folder / "grants.sql").read_text("utf-8"))
    finally:
        if not connection.is_closed():
            await connection.execute("select pg_advisory_unlock($1)", _LOCK)
    return waiting


async def _waiting(connection: Connection, migrations: list[Migration]) -> list[Migration]:
    await connection.execute("""
        create table if not exists schema_migrations (
            version int primary key,
            name text not null,
            checksum text not null,
            applied_at timestamptz not null default now()
        )""")
    applied: dict[int, str] = {
        row["version"]: row["checksum"]
        for row in await connection.fetch("select version, checksum from schema_migrations")
    }
    for migration in migrations:
        if applied.get(migration.version, migration.checksum) != migration.checksum:
            raise MigrationError(
                f"{migration.version:04}_{migration.name}.sql was changed after it was applied; "
                "put the change into a new file"
            )
    newer = sorted(applied.keys() - {migration.version for migration in migrations})
    if newer:  # an older release rolled out again: its code runs on the newer schema
        log.warning("the database is ahead of this release by migrations %s", newer)
    return [migration for migration in migrations if migration.version not in applied]


async def _apply(connection: Connection, migration: Migration) -> None:
    title = f"{migration.version:04}_{migration.name}.sql"
    try:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(
                "insert into schema_migrations (version, name, checksum) values ($1, $2, $3)",
                migration.version,
                migration.name,
                migration.checksum,
            )
    except asyncpg.PostgresError as problem:
        raise MigrationError(f"{title}: {problem}") from problem
    log.info("applied %s", title)


async def _login(connection: Connection, user: str, password: str, *, keep: bool) -> None:
    if user == await connection.fetchval("select current_user"):
        raise MigrationError(f"the application must not connect as the owner {user!r}")
    exists = await connection.fetchval("select 1 from pg_roles where rolname = $1", user)
    if exists and keep:
        return
    statement = await connection.fetchval(
        "select format($1 || ' role %I with login password %L', $2::text, $3::text)",
        "alter" if exists else "create",
        user,
        scram_verifier(password),
    )
    await connection.execute(statement)


async def _grant(connection: Connection, user: str, grants: str) -> None:
    names = await connection.fetchrow(
        "select format('%I', $1::text), format('%I', current_database())", user
    )
    assert names is not None
    await connection.execute(grants.replace("{role}", names[0]).replace("{database}", names[1]))


def scram_verifier(password: str, salt: bytes | None = None, rounds: int = 4096) -> str:
    """What PostgreSQL stores for a password (RFC 5803), so that no statement log ever holds it.

    Raises MigrationError for a password that is not printable ASCII, where SASLprep would matter.
    """
    if not password or not (password.isascii() and password.isprintable()):
        raise MigrationError("the application's password must be printable ASCII, and not empty")
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode() for part in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${rounds}:{parts[0]}${parts[1]}:{parts[2]}"

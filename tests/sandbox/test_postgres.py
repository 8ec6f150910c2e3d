"""The embedded PostgreSQL: roles as on RDS, data that stays, a stop that is clean."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from boxkit import eventually

from sandbox import binaries
from sandbox.postgres import SUPERUSER, Postgres
from sandbox.process import PartError


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    server = Postgres(tmp_path_factory.mktemp("pg") / "postgres", durable=False)
    with_stop = server.start()
    yield with_stop
    server.stop()


async def connect(
    server: Postgres, user: str, password: str, database: str = "shop"
) -> asyncpg.Connection[asyncpg.Record]:
    return await asyncpg.connect(
        host="127.0.0.1", port=server.port, user=user, password=password, database=database
    )


async def test_the_master_user_is_no_superuser(postgres: Postgres) -> None:
    await postgres.provision("owner", "it's \\ secret", "shop")
    link = await connect(postgres, "owner", "it's \\ secret")
    try:
        role = await link.fetchrow(
            "select rolsuper, rolcreaterole, rolcreatedb from pg_roles where rolname = 'owner'"
        )
        assert role is not None
        assert tuple(role) == (False, True, True)
        await link.execute("create role app login password 'p'")
        await link.execute("create schema private")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await link.execute("copy (select 1) to program 'true'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await link.execute("alter role app superuser")
    finally:
        await link.close()


async def test_provision_again_changes_the_password_only(postgres: Postgres) -> None:
    await postgres.provision("second", "old", "other")
    await postgres.provision("second", "new", "other")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(postgres, "second", "old", "other")
    link = await connect(postgres, "second", "new", "other")
    assert await link.fetchval("show server_encoding") == "UTF8"
    await link.close()


async def test_names_are_checked(postgres: Postgres) -> None:
    for bad in ('x"; drop role rdsadmin; --', "", "a b", "ü"):
        with pytest.raises(PartError):
            await postgres.provision(bad, "p", "shop")


async def test_nobody_comes_in_without_a_password(postgres: Postgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(postgres, SUPERUSER, "wrong", "postgres")


async def test_data_survives_stop_and_kill(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "postgres").start()
    await server.provision("owner", "p", "shop")
    link = await connect(server, "owner", "p")
    await link.execute("create table t (i int); insert into t values (1)")
    await link.close()
    server.stop()
    assert server.pid is None
    assert not server.ready()

    async with Postgres(tmp_path / "postgres") as again:  # another port, same data
        link = await connect(again, "owner", "p")
        await link.execute("insert into t values (2)")
        await link.close()
        assert again.pid is not None
        os.kill(again.pid, signal.SIGKILL)
        eventually(lambda: not again.ready())

    # The lock file of the killed one is still there; its process id may be anybody's by now.
    (again.data / "postmaster.pid").write_text(f"{os.getpid()}\n{again.data}\n")
    async with Postgres(tmp_path / "postgres") as third:
        link = await connect(third, "owner", "p")
        assert await link.fetchval("select count(*) from t") == 2
        await link.close()


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "postgres", parameters={"shared_buffers": "lots"})
    with pytest.raises(PartError, match=r"(?s)did not start.*shared_buffers"):
        server.start()
    assert server.pid is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user")
def test_root_without_user_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a closed folder, such as root's home, `nobody` gets its data under /var/tmp."""
    tmp_path.chmod(0o700)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "unshare" else name)
    runner = binaries.postgres_runner(tmp_path / "closed" / "data")
    try:
        assert runner.uid is not None
        assert runner.uid != 0
        assert runner.data.parent.parent == Path("/var/tmp")
        assert runner.data.stat().st_uid == runner.uid
        assert runner.data.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(runner.data.parent)

"""Migrations: applied once, in order, as a database owner without superuser rights."""

import asyncio
import json
import shutil
from uuid import uuid4

import asyncpg
import boto3
import pytest
from realparts import APP_PASSWORD, APP_USER, OWNER, OWNER_PASSWORD
from storefront.migrate import FOLDER, MigrationError, migrate, read_migrations, scram_verifier
from storefront.settings import DatabaseSettings
from storefront.wiring import run_migrations

from sandbox.part import HOST


@pytest.fixture
async def empty(parts):
    """The name of a database with nothing in it."""
    name = f"m{uuid4().hex[:12]}"
    admin = await asyncpg.connect(parts.postgres.dsn("postgres", OWNER, OWNER_PASSWORD), ssl=False)
    await admin.execute(f'create database "{name}"')
    yield name
    await admin.execute(f'drop database "{name}" with (force)')
    await admin.close()


@pytest.fixture
async def connect(parts, empty):
    """Connects to the empty database, as its owner unless told otherwise."""
    opened = []

    async def connect(user=OWNER, password=OWNER_PASSWORD):
        opened.append(await asyncpg.connect(parts.postgres.dsn(empty, user, password), ssl=False))
        return opened[-1]

    yield connect
    for connection in opened:
        await connection.close()


@pytest.fixture
def aws_secrets(parts):
    """Makes secrets, or versions of one; returns the ARN."""
    client = boto3.client("secretsmanager")

    def put(arn=None, label="AWSCURRENT", **fields):
        arn = arn or client.create_secret(Name=f"migrate-{uuid4()}")["ARN"]
        client.put_secret_value(
            SecretId=arn, SecretString=json.dumps(fields), VersionStages=[label]
        )
        return arn

    return put


@pytest.fixture
def user():
    """A role name of this test's own that needs quoting."""
    return f'app "{uuid4().hex[:8]}"'


@pytest.fixture
def folder(tmp_path):
    """A copy of the real migrations."""
    return shutil.copytree(FOLDER, tmp_path / "migrations")


async def test_applies_everything_once(connect, user):
    owner = await connect()
    assert [m.version for m in await migrate(owner, user, "secret-1")] == [
        m.version for m in read_migrations()
    ]
    assert await migrate(owner, user, "secret-1") == []
    assert await owner.fetchval("select count(*) from schema_migrations") == len(read_migrations())


async def test_two_runners_wait_for_each_other(connect, user):
    applied = await asyncio.gather(*[migrate(await connect(), user, "secret-1") for _ in range(3)])
    assert sorted(map(len, applied)) == [0, 0, len(read_migrations())]


async def test_a_new_password_takes_effect_and_the_old_one_ends(connect, user):
    owner = await connect()
    await migrate(owner, user, "secret-1")
    assert await (await connect(user, "secret-1")).fetchval("select 1") == 1
    await migrate(owner, user, "secret-2 'quoted' \\ % $1")
    assert await (await connect(user, "secret-2 'quoted' \\ % $1")).fetchval("select 1") == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(user, "secret-1")


async def test_a_password_that_is_kept_is_set_only_where_there_is_no_user_yet(connect, user):
    owner = await connect()
    await migrate(owner, user, "secret-1", keep=True)
    await migrate(owner, user, "secret-2", keep=True)
    assert await (await connect(user, "secret-1")).fetchval("select 1") == 1


async def test_a_migration_does_not_take_back_a_password_in_the_middle_of_its_rotation(
    connect, parts, empty, aws_secrets
):
    """The database knows the pending one already; Secrets Manager calls the old one current."""
    owner = await connect()
    user = f"app{uuid4().hex[:8]}"
    place = DatabaseSettings(
        log_level="info",
        database_host=HOST,
        database_port=parts.postgres.port,
        database_name=empty,
        database_tls="disable",
        database_ca_file="",
        database_secret_arn=aws_secrets(username=user, password="secret-1"),
        database_master_secret_arn=aws_secrets(username=OWNER, password=OWNER_PASSWORD),
    )
    await run_migrations(place)
    assert await (await connect(user, "secret-1")).fetchval("select 1") == 1
    aws_secrets(place.database_secret_arn, "AWSPENDING", username=user, password="secret-2")
    await owner.execute(f"alter role {user} password 'secret-2'")
    await run_migrations(place)
    assert await (await connect(user, "secret-2")).fetchval("select 1") == 1
    # What no version of the secret opens is set to what is current.
    await owner.execute(f"alter role {user} password 'of a restored database'")
    await run_migrations(place)
    assert await (await connect(user, "secret-1")).fetchval("select 1") == 1


async def test_the_application_can_neither_change_the_schema_nor_see_the_history(connect, user):
    owner = await connect()
    await migrate(owner, user, "secret-1")
    app = await connect(user, "secret-1")
    for forbidden in (
        "create table mine (id int)",
        "create schema mine",
        "create extension hstore",
        "create role mine",
        "alter table products add column mine int",
        "drop table order_lines",
        "truncate orders",
        "delete from orders",
        "delete from customers",
        "delete from payments.charges",
        "delete from products",
        "update order_lines set unit_price = 1",
        "select * from schema_migrations",
        "copy products to program 'true'",
        "select pg_read_file('/etc/passwd')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(forbidden)
    await app.execute("create temporary table mine (id int)")  # catalogue imports need it


async def test_an_applied_file_must_not_change(connect, user, folder):
    owner = await connect()
    await migrate(owner, user, "secret-1", folder)
    changed = folder / "0001_catalogue.sql"
    changed.write_text(changed.read_text() + "-- an afterthought\n")
    with pytest.raises(MigrationError, match=r"0001_catalogue\.sql was changed after"):
        await migrate(owner, user, "secret-1", folder)


async def test_a_failing_file_leaves_nothing_behind_and_can_be_put_right(connect, user, folder):
    owner = await connect()
    version = len(read_migrations()) + 1
    bad = folder / f"{version:04}_more.sql"
    bad.write_text("create table half_done (id int);\nselect 1 / 0;\n")
    with pytest.raises(MigrationError, match=rf"{version:04}_more\.sql: division by zero"):
        await migrate(owner, user, "secret-1", folder)
    assert await owner.fetchval("select to_regclass('half_done')") is None
    assert await owner.fetchval("select to_regclass('products')") is not None
    bad.write_text("create table whole (id int);\n")
    assert [m.name for m in await migrate(owner, user, "secret-1", folder)] == ["more"]


async def test_an_older_release_runs_on_a_newer_database(connect, user, folder):
    owner = await connect()
    newer = folder / f"{len(read_migrations()) + 1:04}_newer.sql"
    newer.write_text("create table newer (id int);\n")
    await migrate(owner, user, "secret-1", folder)
    assert await migrate(owner, user, "secret-1") == []


async def test_waits_for_a_busy_table_only_so_long(connect, user, folder, monkeypatch):
    monkeypatch.setattr("storefront.migrate._LOCK_TIMEOUT", "200ms")
    owner, other = await connect(), await connect()
    await migrate(owner, user, "secret-1", folder)
    version = len(read_migrations()) + 1
    (folder / f"{version:04}_alter.sql").write_text("alter table products add column more int;")
    async with other.transaction():
        await other.execute("lock table products in access share mode")
        with pytest.raises(MigrationError, match="lock timeout"):
            await migrate(owner, user, "secret-1", folder)
    assert len(await migrate(owner, user, "secret-1", folder)) == 1


@pytest.mark.parametrize(
    "names",
    [["0001_a.sql", "0003_b.sql"], ["0002_a.sql"], ["0001_a.sql", "0001_b.sql"], ["1_a.sql"], []],
)
def test_files_must_count_from_one(tmp_path, names):
    for name in names:
        (tmp_path / name).write_text("select 1;")
    with pytest.raises(MigrationError):
        read_migrations(tmp_path)


async def test_the_owner_is_not_the_application(connect):
    with pytest.raises(MigrationError, match="must not connect as the owner"):
        await migrate(await connect(), OWNER, "secret-1")


@pytest.mark.parametrize("password", ["", "naïve", "tab\tbed"])
def test_passwords_that_would_need_preparing_are_refused(password):
    with pytest.raises(MigrationError):
        scram_verifier(password)


def test_the_verifier_is_that_of_the_standard():
    """RFC 7677's example: user "user", password "pencil"."""
    import base64

    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    assert scram_verifier("pencil", salt) == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=="
        "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
        ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


async def test_the_template_of_these_tests_was_migrated_by_the_same_code(owner, database):
    assert await owner.fetchval("select current_user") == OWNER
    assert await database.fetchval("select current_user") == APP_USER
    assert not await owner.fetchval("select rolsuper from pg_roles where rolname = current_user")
    assert APP_PASSWORD not in await owner.fetchval(
        "select coalesce(string_agg(query, ' '), '') from pg_stat_activity"
    )

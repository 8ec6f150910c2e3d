"""The database connections: late, quick to give up, and healing by themselves."""

import asyncio
import time
from contextlib import asynccontextmanager

import asyncpg
import pytest
from realparts import APP_PASSWORD, APP_USER
from storefront.adapters.postgres.pool import STATEMENT_SECONDS, Address, Database
from storefront.domain.errors import UnavailableError


class Proxy:
    """Stands between the pool and the server; can refuse connections, or take and not answer."""

    def __init__(self, port):
        self.target = port
        self.port = 0
        self._answering = asyncio.Event()
        self._answering.set()
        self._server = None
        self._links = set()

    def hang(self):
        self._answering.clear()

    def go_on(self):
        self._answering.set()

    async def open(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self):
        """Refuse new connections and drop those there are."""
        self._server.close()
        for writer in list(self._links):
            writer.close()

    async def _serve(self, reader, writer):
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.target)
        self._links |= {writer, upstream_writer}
        await asyncio.gather(
            self._pump(reader, upstream_writer), self._pump(upstream_reader, writer)
        )

    async def _pump(self, reader, writer):
        try:
            while data := await reader.read(65536):
                await self._answering.wait()
                writer.write(data)
        except OSError:
            pass
        finally:
            self._links.discard(writer)
            writer.close()


async def login(*, refused):
    return APP_USER, APP_PASSWORD


@pytest.fixture
async def proxy(settings):
    proxy = Proxy(settings.database_port)
    await proxy.open()
    yield proxy
    proxy.go_on()
    await proxy.close()


@pytest.fixture
async def pool(settings, proxy):
    pool = Database(Address("127.0.0.1", proxy.port, settings.database_name), login, size=2)
    yield pool
    await pool.close()


@asynccontextmanager
async def unavailable(within):
    started = time.monotonic()
    with pytest.raises(UnavailableError) as caught:
        yield caught
    assert time.monotonic() - started < within


async def until_served(pool):
    deadline = time.monotonic() + 5
    while True:
        try:
            return await pool.fetchval("select 1")
        except UnavailableError:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)


async def test_starts_without_a_server_and_finds_it_later(pool, proxy):
    await proxy.close()
    async with unavailable(within=0.5):
        await pool.ping()
    assert not pool.ready
    await proxy.open()
    assert await until_served(pool) == 1
    assert pool.ready


async def test_heals_after_the_server_went_away(pool, proxy):
    await asyncio.gather(pool.ping(), pool.ping())
    await proxy.close()
    async with unavailable(within=0.5):
        await pool.ping()
        await pool.ping()  # where the first still found an open connection
    assert pool.ready  # readiness is about having started
    await proxy.open()
    assert await until_served(pool) == 1


async def test_gives_up_on_a_server_that_hangs(pool, proxy):
    proxy.hang()
    async with unavailable(within=1.5):
        await pool.ping()


async def test_gives_up_on_a_connection_that_hangs_and_lets_go_of_it(pool, proxy):
    await asyncio.gather(pool.ping(), pool.ping())
    proxy.hang()
    async with unavailable(within=STATEMENT_SECONDS + 1), pool.transaction() as connection:
        await connection.fetch("select 1")
    proxy.go_on()
    assert await until_served(pool) == 1


async def test_a_long_statement_ends_and_the_connection_stays(pool):
    before = await pool.fetchval("select pg_backend_pid()")
    async with unavailable(within=STATEMENT_SECONDS + 1):
        await pool.fetch("select pg_sleep(30)")
    assert await pool.fetchval("select pg_backend_pid()") == before


async def test_a_full_pool_is_waited_for_only_shortly(pool):
    async with pool.connection(), pool.connection(), unavailable(within=1.5):
        await pool.ping()
    await pool.ping()


async def test_uses_no_more_connections_than_allowed_and_reuses_them(pool):
    pids = await asyncio.gather(*(pool.fetchval("select pg_backend_pid()") for _ in range(20)))
    assert 1 <= len(set(pids)) <= 2


async def test_a_transaction_is_kept_or_undone_as_a_whole(pool):
    insert = "insert into categories (slug, name) values ('a', 'A')"

    async def fails(*statements):
        async with pool.transaction() as connection:
            for statement in statements:
                await connection.execute(statement)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails(insert)
    with pytest.raises(asyncpg.UniqueViolationError):
        await fails(insert, insert)
    assert await pool.fetchval("select count(*) from categories") == 0
    async with pool.transaction() as connection:
        await connection.execute("insert into categories (slug, name) values ('a', 'A')")
    assert await pool.fetchval("select count(*) from categories") == 1


async def test_a_caller_who_leaves_does_not_harm_the_next(pool):
    async with asyncio.timeout(5):
        task = asyncio.create_task(pool.fetch("select pg_sleep(2)"))
        await pool.ping()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.gather(*(pool.fetchval("select 7") for _ in range(4))) == [7] * 4


async def test_a_mistake_of_ours_is_no_outage(pool):
    with pytest.raises(asyncpg.UndefinedTableError):
        await pool.fetch("select * from nothing")
    with pytest.raises(asyncpg.DataError):
        await pool.fetch("select $1::int", "text")
    await pool.ping()


async def test_a_rotated_password_is_read_anew(settings, owner):
    """As Secrets Manager rotates: another password from one moment to the next."""
    asked = []

    async def rotated(*, refused):
        asked.append(refused)
        return APP_USER, ("the old one", "the next one", APP_PASSWORD)[len(asked) - 1]

    pool = Database(
        Address(settings.database_host, settings.database_port, settings.database_name),
        rotated,
        size=1,
    )
    await pool.ping()
    assert asked == [None, (APP_USER, "the old one"), (APP_USER, "the next one")]
    await pool.close()


async def test_a_wrong_password_is_an_outage_not_a_crash(settings):
    async def wrong(*, refused):
        return APP_USER, "wrong"

    pool = Database(
        Address(settings.database_host, settings.database_port, settings.database_name),
        wrong,
        size=1,
    )
    async with unavailable(within=1):
        await pool.ping()


async def test_reading_from_a_demoted_server_drops_its_connections(pool):
    """After a fail-over the old primary answers, but read-only: the next try goes elsewhere."""
    before = await pool.fetchval("select pg_backend_pid()")
    async with unavailable(within=1), pool.connection() as connection:
        await connection.execute("set default_transaction_read_only = on")
        await connection.execute("insert into categories (slug, name) values ('b', 'B')")
    assert await until_served(pool) == 1
    assert await pool.fetchval("select pg_backend_pid()") != before


@pytest.mark.parametrize("tls", ["require", "verify-full"])
async def test_a_server_without_tls_is_not_spoken_to_where_tls_is_asked_for(settings, tls):
    address = Address("127.0.0.1", settings.database_port, settings.database_name, tls=tls)
    pool = Database(address, login, size=1)
    async with unavailable(within=2):
        await pool.ping()


async def test_a_missing_authority_file_is_an_outage_not_a_crash(settings):
    address = Address(
        "127.0.0.1", settings.database_port, settings.database_name, "verify-full", "/nowhere.pem"
    )
    async with unavailable(within=1):
        await Database(address, login, size=1).ping()

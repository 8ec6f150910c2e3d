"""Connections to PostgreSQL that fail fast and heal by themselves.

Not asyncpg's own pool: that one resets the session with a second round trip after every use, and
waits for cancellations of a server that hangs. Here a connection opens when it is first needed, is
handed back as it is, and is thrown away after anything unexpected.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import asyncpg

from storefront.domain.errors import UnavailableError
from storefront.metrics import Metrics

CONNECT_SECONDS = 1.0
ACQUIRE_SECONDS = 1.0
STATEMENT_SECONDS = 3.0
RETRY_SECONDS = 0.2  # after a refused connection nobody tries another for so long

Record = asyncpg.Record
if TYPE_CHECKING:
    Connection = asyncpg.Connection[Record]
else:  # generic in its stubs only
    Connection = asyncpg.Connection


class Login(Protocol):
    """Where user and password come from."""

    async def __call__(self, *, refused: tuple[str, str] | None) -> tuple[str, str]:
        """User and password; read anew after a login that was ``refused``."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the database is; ``tls`` is disable, require or verify-full (with ``ca_file``)."""

    host: str
    port: int
    name: str
    tls: str = "disable"
    ca_file: str = ""


@functools.cache
def _tls(mode: str, ca_file: str) -> ssl.SSLContext | bool:
    """What asyncpg takes as ``ssl``; raises OSError when the CA file cannot be read."""
    if mode == "disable":
        return False
    context = ssl.create_default_context(cafile=ca_file or None)
    if mode == "require":  # encrypted, whoever answers
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def connect(
    address: Address, login: Login, *, seconds: float | None = STATEMENT_SECONDS
) -> Connection:
    """One connection whose statements may take ``seconds``; a refused login is read anew."""
    refused = None
    for last in (False, False, True):  # as it was, as it is, and as it is about to be
        user, password = await login(refused=refused)
        try:
            return await asyncpg.connect(
                host=address.host,
                port=address.port,
                database=address.name,
                user=user,
                password=password,
                ssl=_tls(address.tls, address.ca_file),
                timeout=CONNECT_SECONDS,
                # The server gives up first and says so; the client's own limit is for a server
                # that does not answer at all.
                command_timeout=None if seconds is None else seconds + 0.2,
                server_settings={
                    "application_name": "storefront",
                    "jit": "off",  # compiling takes longer than any of our queries
                    "max_parallel_workers_per_gather": "0",  # many visitors, small queries
                    "timezone": "UTC",
                    "pg_trgm.word_similarity_threshold": "0.4",  # how misspelt a word may be
                    "statement_timeout": str(int((seconds or 0) * 1000)),
                    "idle_in_transaction_session_timeout": "10000",
                },
            )
        except asyncpg.InvalidAuthorizationSpecificationError:
            if last:
                raise
            refused = user, password
    raise AssertionError("unreachable")


# The server is in order, and the same request may succeed when it is sent again.
_RETRY = (
    asyncpg.QueryCanceledError,  # the statement's time was up
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,  # deadlock or serialisation failure
)
# The connection or its server is of no use: gone, going, full, or read-only since a fail-over.
_LOST = (
    OSError,  # includes TimeoutError
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InternalClientError,
)


class Database:
    """At most ``size`` connections; every method raises UnavailableError within about a second
    when the server cannot be reached, and after STATEMENT_SECONDS when it does not answer.
    """

    def __init__(
        self, address: Address, login: Login, *, size: int, metrics: Metrics | None = None
    ) -> None:
        self._address = address
        self._login = login
        self._idle: deque[Connection] = deque()
        self._free = asyncio.Semaphore(size)
        self._retry_at = 0.0
        self._closed = False
        self._ready = False
        self._metrics = metrics or Metrics()
        self._metrics.set("PoolSize", size)
        self._in_use = self._waiting = 0
        self._count_use(0)
        self._count_waiting(0)

    @property
    def ready(self) -> bool:
        """True once a first connection has succeeded, whatever happened since."""
        return self._ready

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        """All rows, in one round trip once the statement is prepared on the connection."""
        connection = await self._acquire()
        try:
            rows: list[Record] = await connection.fetch(sql, *args)
        except BaseException as problem:
            self._release_after(connection, problem)
            raise
        self._release(connection)
        return rows

    async def fetchrow(self, sql: str, *args: object) -> Record | None:
        """The first row, or None."""
        connection = await self._acquire()
        try:
            row = await connection.fetchrow(sql, *args)
        except BaseException as problem:
            self._release_after(connection, problem)
            raise
        self._release(connection)
        return row

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or None."""
        row = await self.fetchrow(sql, *args)
        return row[0] if row else None

    async def execute(self, sql: str, *args: object) -> str:
        """Run one statement; returns the command tag, such as ``UPDATE 1``."""
        async with self.connection() as connection:
            return await connection.execute(sql, *args)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for several statements that need not be one transaction."""
        connection = await self._acquire()
        try:
            yield connection
        except BaseException as problem:
            self._release_after(connection, problem)
            raise
        self._release(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside one read-committed transaction; leaving by an exception undoes it.

        Begun by hand, so that no ROLLBACK waits for a server that hangs: `_release_after` closes
        such a connection. Savepoints are plain SQL.
        """
        async with self.connection() as connection:
            await connection.execute("begin")
            try:
                yield connection
            except Exception as problem:
                if not _broken(connection, problem):
                    await connection.execute("rollback")
                raise
            await connection.execute("commit")

    async def ping(self) -> None:
        """One round trip; makes the first connection where there is none yet."""
        await self.fetchrow("select 1")

    async def close(self) -> None:
        """Close idle connections; those at work close when they are handed back."""
        self._closed = True
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.close(timeout=CONNECT_SECONDS)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()

    async def _acquire(self) -> Connection:
        try:
            if self._free.locked():
                self._count_waiting(+1)
                try:
                    async with asyncio.timeout(ACQUIRE_SECONDS):
                        await self._free.acquire()
                finally:
                    self._count_waiting(-1)
            else:
                await self._free.acquire()
        except TimeoutError as problem:
            self._metrics.count("PoolTimeouts")
            raise UnavailableError("database") from problem
        self._count_use(+1)
        try:
            while self._idle:
                connection = self._idle.pop()  # the last used has its statements prepared
                if not connection.is_closed():
                    return connection
                connection.terminate()
            return await self._open()
        except BaseException:
            self._count_use(-1)
            self._free.release()
            raise

    def _count_use(self, more: int) -> None:
        self._in_use += more
        self._metrics.set("PoolInUse", self._in_use)

    def _count_waiting(self, more: int) -> None:
        self._waiting += more
        self._metrics.set("PoolWaiting", self._waiting)

    async def _open(self) -> Connection:
        loop = asyncio.get_running_loop()
        if self._closed or loop.time() < self._retry_at:
            raise UnavailableError("database")
        try:
            async with asyncio.timeout(3 * CONNECT_SECONDS):  # a re-read secret takes another try
                connection = await connect(self._address, self._login)
        except UnavailableError:  # of the secret
            self._retry_at = loop.time() + RETRY_SECONDS
            raise
        except (*_LOST, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
            self._retry_at = loop.time() + RETRY_SECONDS
            raise UnavailableError("database") from problem
        self._ready = True
        return connection

    def _release(self, connection: Connection) -> None:
        if self._closed or connection.is_closed() or connection.is_in_transaction():
            connection.terminate()
        else:
            self._idle.append(connection)
        self._count_use(-1)
        self._free.release()

    def _release_after(self, connection: Connection, problem: BaseException) -> None:
        """Hand back after a failure; raises UnavailableError in place of a transient one."""
        retry = isinstance(problem, (*_RETRY, *_LOST)) or (
            connection.is_closed() and isinstance(problem, asyncpg.InterfaceError)
        )
        if _broken(connection, problem):
            connection.terminate()
            while self._idle and isinstance(problem, Exception):  # they lead to the same server
                self._idle.pop().terminate()
        self._release(connection)
        if retry:
            raise UnavailableError("database") from problem


def _broken(connection: Connection, problem: BaseException) -> bool:
    """Whether the connection is of no more use; a cancelled caller leaves a statement running."""
    if connection.is_closed() or not isinstance(problem, Exception):
        return True
    return isinstance(problem, _LOST) and not isinstance(problem, _RETRY)

"""PostgreSQL for functions that only read: one connection, kept between invocations.

A connection that turned out dead is made anew once; a login that was refused is read anew,
because the password is rotated under us.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import Connection, PreparedStatement

from .environment import Reader

_ROOT = Path(__file__).resolve().parent.parent
_REFUSED_LOGIN = ("28P01", "28000")
# SQLSTATEs after which the connection is of no use: gone, full, going down, broken, or prepared for
# a table that a migration has changed since.
_LOST = ("08", "53", "57P", "58", "XX", "0A000")
SECRET_SECONDS = 3600.0

Row = Sequence[Any]


class DatabaseUnavailableError(Exception):
    """The database cannot be reached, or does not answer in time."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the database is; ``tls`` is disable, require or verify-full (with ``ca_file``)."""

    host: str
    port: int
    name: str
    tls: str
    ca_file: str  # in the archive; empty: the system's authorities
    secret_arn: str  # {"username", "password"}


def address(env: Reader) -> Address:
    """The DATABASE_* variables; problems are collected in ``env``."""
    return Address(
        host=env.text("DATABASE_HOST"),
        port=env.number("DATABASE_PORT", 1, 65_535),
        name=env.text("DATABASE_NAME"),
        tls=env.choice("DATABASE_TLS", ("disable", "require", "verify-full")),
        ca_file=env.text("DATABASE_CA_FILE", ""),
        secret_arn=env.text("DATABASE_SECRET_ARN"),
    )


class Login:
    """User and password from Secrets Manager, kept until refused, an hour at most."""

    def __init__(
        self, client: Any, arn: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._arn = arn
        self._clock = clock
        self._known: tuple[str, str] | None = None
        self._good_until = 0.0

    def read(self, *, fresh: bool) -> tuple[str, str]:
        """(user, password), anew when ``fresh``; raises DatabaseUnavailableError.

        When the current login is what was just refused, it is the pending one: in the middle of a
        rotation the database knows it already.
        """
        if fresh or self._known is None or self._clock() >= self._good_until:
            refused = self._known if fresh else None
            try:
                self._known = self._stored("AWSCURRENT")
                if self._known == refused:
                    with suppress(self._client.exceptions.ResourceNotFoundException):
                        self._known = self._stored("AWSPENDING")
            except (BotoCoreError, ClientError, KeyError, ValueError) as problem:
                # Not the problem's own words: a broken secret must not get into a log.
                raise DatabaseUnavailableError(
                    f"the login could not be read: {type(problem).__name__}"
                ) from None
            self._good_until = self._clock() + SECRET_SECONDS
        return self._known

    def _stored(self, label: str) -> tuple[str, str]:
        answer = self._client.get_secret_value(SecretId=self._arn, VersionStage=label)
        fields = json.loads(answer["SecretString"])
        return str(fields["username"]), str(fields["password"])


class Database:
    """Statements on one connection, each within ``seconds``, in transactions that only read."""

    def __init__(self, address: Address, login: Login, *, seconds: float) -> None:
        self._address = address
        self._login = login
        self._seconds = seconds
        self._connection: Connection | None = None
        self._prepared: dict[str, PreparedStatement] = {}

    def rows(self, sql: str, **params: object) -> list[Row]:
        """All rows of ``sql`` with ``:name`` parameters, lists of str as text[].

        Raises DatabaseUnavailableError.

        A connection that was dead, not one that was slow, is tried a second time.
        """
        reused = self._connection is not None
        try:
            return self._run(sql, params)
        except (InterfaceError, OSError, DatabaseError) as problem:
            slow = isinstance(problem.__cause__ or problem, TimeoutError)
            if not _lost(problem):
                raise DatabaseUnavailableError(_said(problem)) from problem
            self.close()
            if slow or not reused:
                raise DatabaseUnavailableError(_said(problem)) from problem
        try:
            return self._run(sql, params)
        except (InterfaceError, OSError, DatabaseError) as problem:
            self.close()
            raise DatabaseUnavailableError(_said(problem)) from problem

    def connect(self) -> Connection:
        """The connection; raises DatabaseUnavailableError, or what the driver says."""
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def close(self) -> None:
        """Drop the connection; the next statement makes another."""
        connection, self._connection = self._connection, None
        self._prepared.clear()
        if connection is not None:
            with suppress(InterfaceError, OSError, AttributeError):
                connection.close()

    def _run(self, sql: str, params: dict[str, object]) -> list[Row]:
        connection = self.connect()
        statement = self._prepared.get(sql)
        if statement is None:  # once a connection: later runs take one round trip
            statement = self._prepared[sql] = connection.prepare(sql)
        plain = {name: _array(v) if isinstance(v, list) else v for name, v in params.items()}
        return list(statement.run(**plain))

    def _open(self) -> Connection:
        for fresh in (False, True, True):  # as known, as it is now, as it is about to be
            user, password = self._login.read(fresh=fresh)
            try:
                return open_connection(self._address, user, password, seconds=self._seconds)
            except DatabaseError as problem:
                if not refused(problem):
                    raise
                last = problem
        raise last


def open_connection(
    address: Address, user: str, password: str, *, seconds: float, only_reads: bool = True
) -> Connection:
    """A connection whose statements may take ``seconds``; raises what the driver says."""
    return Connection(
        user,
        host=address.host,
        port=address.port,
        database=address.name,
        password=password,
        ssl_context=tls(address),
        # The server gives up first and says so; ours is for one that does not answer at all.
        timeout=seconds + 0.2,
        application_name="functions",
        startup_params={
            "statement_timeout": str(int(seconds * 1000)),
            "default_transaction_read_only": "on" if only_reads else "off",
            "jit": "off",  # compiling takes longer than any of our queries
            "timezone": "UTC",
        },
    )


def tls(address: Address) -> ssl.SSLContext | bool:
    """What pg8000 takes as ``ssl_context``; raises OSError when the CA file cannot be read."""
    if address.tls == "disable":
        return False
    ca_file = str(_ROOT / address.ca_file) if address.ca_file else None
    context = ssl.create_default_context(cafile=ca_file)
    if address.tls == "require":  # encrypted, whoever answers
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _array(values: list[str]) -> str:
    """A text[] literal; the driver's own leaves the text ``null`` unquoted, which is NULL then."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def _state(problem: BaseException) -> str:
    """The SQLSTATE of a server's error, else empty."""
    said = problem.args[0] if isinstance(problem, DatabaseError) and problem.args else {}
    return str(said.get("C", "")) if isinstance(said, dict) else ""


def refused(problem: BaseException) -> bool:
    """Whether the server knows the login under another password, or not at all."""
    return _state(problem) in _REFUSED_LOGIN


def _lost(problem: BaseException) -> bool:
    state = _state(problem)
    return not state or state.startswith(_LOST) or refused(problem)


def _said(problem: BaseException) -> str:
    return f"{type(problem).__name__} {_state(problem)}".strip()

"""The functions' connection to PostgreSQL: encrypted, read-only, in time, and healing by itself."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from shared.database import Address, Database, DatabaseUnavailableError, Login, address
from shared.environment import Reader
from shared.patience import client
from tlsfront import TlsFront


@pytest.fixture
def opened(database_variables: dict[str, str]) -> Any:
    """Opens databases with some variables exchanged."""
    made: list[Database] = []

    def make(*, seconds: float = 1.5, **changed: str) -> Database:
        env = Reader({**database_variables, **changed})
        place: Address = address(env)
        env.done()
        login = Login(client("secretsmanager", 1.0), place.secret_arn)
        made.append(Database(place, login, seconds=seconds))
        return made[-1]

    yield make
    for database in made:
        database.close()


@pytest.fixture
def front(parts: Any, tmp_path: Path) -> Any:
    front = TlsFront(tmp_path, parts.postgres.port)
    yield front
    front.close()


def test_verify_full_wants_the_right_authority_and_the_right_name(
    opened, front, database_variables
) -> None:
    port, ca_file = str(front.port), str(front.ca_file)
    full = {"DATABASE_TLS": "verify-full", "DATABASE_PORT": port}
    assert opened(**full, DATABASE_CA_FILE=ca_file).rows("select 1") == [[1]]
    with pytest.raises(DatabaseUnavailableError, match="CertVerification"):
        opened(**full, DATABASE_CA_FILE="").rows("select 1")
    with pytest.raises(DatabaseUnavailableError, match="CertVerification"):
        opened(**full, DATABASE_CA_FILE=ca_file, DATABASE_HOST="localhost").rows("select 1")
    encrypted = opened(DATABASE_TLS="require", DATABASE_PORT=port, DATABASE_HOST="localhost")
    assert encrypted.rows("select 1") == [[1]]


@pytest.mark.parametrize("tls", ["require", "verify-full"])
def test_a_server_without_tls_is_not_spoken_to_where_tls_is_asked_for(opened, tls) -> None:
    with pytest.raises(DatabaseUnavailableError):
        opened(DATABASE_TLS=tls).rows("select 1")


def test_a_ca_file_that_is_not_there_is_no_reason_to_trust(opened, front) -> None:
    port = str(front.port)
    missing = opened(DATABASE_TLS="verify-full", DATABASE_PORT=port, DATABASE_CA_FILE="no.pem")
    with pytest.raises(DatabaseUnavailableError, match="FileNotFoundError"):
        missing.rows("select 1")


def test_one_connection_is_kept_and_only_reads(opened) -> None:
    database = opened()
    (first,), (second,) = (database.rows("select pg_backend_pid()") for _ in range(2))
    assert first == second
    with pytest.raises(DatabaseUnavailableError, match="25006"):
        database.rows("insert into categories (slug, name) values ('x', 'X')")
    assert database.rows("select pg_backend_pid()") == [first]


def test_a_connection_that_died_in_between_is_made_anew(opened, shop) -> None:
    database = opened()
    ((before,),) = database.rows("select pg_backend_pid()")
    shop.sql("select pg_terminate_backend($1, 5000)", before)
    ((after,),) = database.rows("select pg_backend_pid()")
    assert after != before


def test_a_view_that_a_migration_changed_is_read_anew(opened, shop) -> None:
    shop.sql("create view changing as select 1 as one")
    shop.sql("grant select on changing to public")
    database = opened()
    assert database.rows("select * from changing") == [[1]]
    shop.sql("create or replace view changing as select 1 as one, 2 as two")
    assert database.rows("select * from changing") == [[1, 2]]


def test_a_statement_that_takes_too_long_is_given_up_and_the_connection_kept(opened) -> None:
    database = opened(seconds=0.3)
    (before,) = database.rows("select pg_backend_pid()")
    began = time.perf_counter()
    with pytest.raises(DatabaseUnavailableError, match="57014"):
        database.rows("select pg_sleep(5)")
    assert time.perf_counter() - began < 2
    assert database.rows("select pg_backend_pid()") == [before]


def test_a_server_that_does_not_answer_is_given_up_once(opened) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = opened(seconds=0.2, DATABASE_PORT=str(silent.getsockname()[1]))
        began = time.perf_counter()
        with pytest.raises(DatabaseUnavailableError, match="TimeoutError"):
            database.rows("select 1")
        assert time.perf_counter() - began < 2
    with pytest.raises(DatabaseUnavailableError):
        database.rows("select 1")


def test_a_rotated_password_is_read_anew(opened, shop, parts, database_variables) -> None:
    role = f"r{uuid4().hex[:12]}"
    shop.sql(f"create role {role} login password 'first'")
    secrets = boto3.client("secretsmanager")
    name = f"rotated-{uuid4()}"
    stored = json.dumps({"username": role, "password": "first"})
    arn = secrets.create_secret(Name=name, SecretString=stored)["ARN"]
    database = opened(DATABASE_SECRET_ARN=arn)
    ((before,),) = database.rows("select pg_backend_pid()")
    shop.sql(f"alter role {role} password 'second'")
    secrets.put_secret_value(
        SecretId=arn, SecretString=json.dumps({"username": role, "password": "second"})
    )
    shop.sql("select pg_terminate_backend($1, 5000)", before)
    assert database.rows("select current_user::text") == [[role]]
    secrets.put_secret_value(SecretId=arn, SecretString='{"username": "x"')
    shop.sql(f"alter role {role} password 'third'")
    database.close()
    with pytest.raises(DatabaseUnavailableError, match="login could not be read") as refused:
        database.rows("select 1")
    assert "username" not in str(refused.value)


def test_parameters_are_data_whatever_they_say(opened) -> None:
    strange = ["'; drop table products; --", "{a,b}", '"', "\\", ":name", "", "é€", "null"]
    database = opened()
    echo = "select * from unnest(cast(:given as text[]))"
    assert database.rows(echo, given=strange) == [[text] for text in strange]
    assert database.rows(echo, given=[]) == []


def test_calls_that_were_given_up_do_not_pile_up() -> None:
    from shared.patience import within

    release = threading.Event()
    try:
        for _ in range(4):
            with pytest.raises(TimeoutError, match="no answer"):
                within(0.01, release.wait)
        began = time.perf_counter()
        with pytest.raises(TimeoutError, match="still waiting"):
            within(5, release.wait)
        assert time.perf_counter() - began < 1
    finally:
        release.set()
    deadline = time.monotonic() + 5
    while True:
        try:
            assert within(5, lambda: "done") == "done"
            break
        except TimeoutError:
            assert time.monotonic() < deadline

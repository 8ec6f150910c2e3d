"""Real parts for the functions' tests: PostgreSQL and the AWS server."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import boto3
import pytest
from scriptedpeer import Behaviour, Peer
from storefront.migrate import migrate

from sandbox.aws import Aws
from sandbox.part import HOST
from sandbox.postgres import Postgres

OWNER, OWNER_PASSWORD = "shopmaster", "own-" + uuid4().hex
APP, APP_PASSWORD = "storefront", "app-" + uuid4().hex
TEMPLATE = "functions_template"


@dataclass(frozen=True)
class Parts:
    """The running servers."""

    postgres: Postgres
    aws: Aws


@pytest.fixture(scope="session")
def parts() -> Iterator[Parts]:
    """Both servers, with a migrated template database."""
    with tempfile.TemporaryDirectory(prefix="functions-tests-") as folder:
        root = Path(folder)
        root.chmod(0o755)  # PostgreSQL may run as another user below it
        postgres = Postgres(root / "postgres", durable=False)
        aws = Aws(root / "aws", region="eu-west-1")
        try:
            aws.start()
            postgres.start()
            asyncio.run(_make_template(postgres))
            yield Parts(postgres, aws)
        finally:
            postgres.stop()
            aws.stop()


async def _make_template(postgres: Postgres) -> None:
    await postgres.provision(OWNER, OWNER_PASSWORD, TEMPLATE)
    owner = await asyncpg.connect(postgres.dsn(TEMPLATE, OWNER, OWNER_PASSWORD), ssl=False)
    try:
        await migrate(owner, APP, APP_PASSWORD)
    finally:
        await owner.close()


@pytest.fixture(autouse=True)
def cloud(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """What boto3 finds in the environment, for one test at a time."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in parts.aws.environment.items():
        monkeypatch.setenv(name, value)
    return parts.aws


@pytest.fixture
def peer() -> Iterator[Callable[[Behaviour | None], Peer]]:
    """Makes scripted peers; without a behaviour they hang."""
    made: list[Peer] = []

    def make(behaviour: Behaviour | None = None) -> Peer:
        peer = Peer(behaviour or (lambda _: None))
        if behaviour is None:
            peer.behaviour = peer.hang
        made.append(peer)
        return peer

    yield make
    for one in made:
        one.close()


@pytest.fixture
def tables(cloud: Aws) -> dict[str, str]:
    """Fresh tables of sessions and of seen batches, as environment variables."""
    names = {"SESSIONS_TABLE": f"sessions-{uuid4()}", "SEEN_TABLE": f"seen-{uuid4()}"}
    for table, key in zip(names.values(), ("session_id", "id"), strict=True):
        boto3.client("dynamodb").create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        )
    return names


class Shop:
    """A database of a test module's own, seen as its owner."""

    def __init__(self, postgres: Postgres, name: str) -> None:
        self.name = name
        self._postgres = postgres

    def sql(self, statement: str, *args: object) -> list[Any]:
        """Run one statement as the owner, or a script when there are no arguments."""

        async def run() -> list[Any]:
            dsn = self._postgres.dsn(self.name, OWNER, OWNER_PASSWORD)
            connection = await asyncpg.connect(dsn, ssl=False)
            try:
                return list(await connection.fetch(statement, *args))
            finally:
                await connection.close()

        return asyncio.run(run())


@pytest.fixture(scope="module")
def shop(parts: Parts) -> Shop:
    """A migrated, empty shop."""
    name = f"f{uuid4().hex[:12]}"
    Shop(parts.postgres, "postgres").sql(f'create database "{name}" template {TEMPLATE}')
    return Shop(parts.postgres, name)


@pytest.fixture
def database_variables(parts: Parts, shop: Shop, cloud: Aws) -> dict[str, str]:
    """DATABASE_* as the function's environment has them."""
    secret = boto3.client("secretsmanager").create_secret(
        Name=f"app-{uuid4()}",
        SecretString=json.dumps({"username": APP, "password": APP_PASSWORD}),
    )
    return {
        "DATABASE_HOST": HOST,
        "DATABASE_PORT": str(parts.postgres.port),
        "DATABASE_NAME": shop.name,
        "DATABASE_TLS": "disable",
        "DATABASE_CA_FILE": "",
        "DATABASE_SECRET_ARN": secret["ARN"],
    }

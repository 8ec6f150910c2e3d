"""Real parts for the storefront's tests: PostgreSQL, Valkey and an AWS server, one set a session.

`settings` describes a shop of the test module's own (fresh database, tables, bucket, queue, cache
database) on those parts; `shop` opens it as production does. The database users are those of
production too: an owner that is no superuser, and the least-privileged application role.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import boto3
import pytest
import redis
from realparts import (
    APP_PASSWORD,
    APP_USER,
    OWNER,
    OWNER_PASSWORD,
    TEMPLATE,
    Parts,
)
from storefront import settings as shop_settings
from storefront.adapters.postgres.pool import Address, Database
from storefront.migrate import migrate
from storefront.settings import Settings

from sandbox.aws import Aws
from sandbox.part import HOST, Part
from sandbox.postgres import Postgres
from sandbox.valkey import Valkey


@pytest.fixture(scope="session")
def parts() -> Iterator[Parts]:
    """All servers, with a migrated template database."""
    with (
        tempfile.TemporaryDirectory(prefix="storefront-tests-") as folder,
        pytest.MonkeyPatch.context() as environment,
    ):
        root = Path(folder)
        root.chmod(0o755)  # PostgreSQL may run as another user below it
        cache_password = uuid4().hex
        postgres = Postgres(root / "postgres", durable=False)
        valkey = Valkey(root / "valkey", password=cache_password)
        aws = Aws(root / "aws", region="eu-west-1")
        started: list[Part] = []
        try:
            for part in (aws, postgres, valkey):
                started.append(part)
                part.start()
            for name, value in aws.environment.items():
                environment.setenv(name, value)
            asyncio.run(_make_template(postgres))
            yield Parts(
                postgres,
                valkey,
                app_secret=_secret("app", username=APP_USER, password=APP_PASSWORD),
                owner_secret=_secret("owner", username=OWNER, password=OWNER_PASSWORD),
                cache_secret=_secret("cache", auth_token=cache_password),
            )
        finally:
            for part in reversed(started):
                part.stop()


async def _make_template(postgres: Postgres) -> None:
    await postgres.provision(OWNER, OWNER_PASSWORD, TEMPLATE)
    owner = await asyncpg.connect(postgres.dsn(TEMPLATE, OWNER, OWNER_PASSWORD), ssl=False)
    try:
        await migrate(owner, APP_USER, APP_PASSWORD)
    finally:
        await owner.close()


def _secret(name: str, **fields: str) -> str:
    client = boto3.client("secretsmanager")
    made = client.create_secret(Name=name, SecretString=json.dumps(fields))
    return str(made["ARN"])


async def _copy_template(postgres: Postgres, name: str) -> None:
    owner = await asyncpg.connect(postgres.dsn("postgres", OWNER, OWNER_PASSWORD), ssl=False)
    try:
        await owner.execute(f'create database "{name}" template {TEMPLATE}')
    finally:
        await owner.close()


@pytest.fixture(scope="module")
def environment(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment a pod of this module's shop would have."""
    name = f"t{uuid4().hex[:12]}"
    asyncio.run(_copy_template(parts.postgres, name))
    with redis.Redis(HOST, parts.valkey.port, password=parts.valkey.password) as cache:
        cache.flushall()  # the cache is one for all modules; they run one after the other
    dynamodb = boto3.client("dynamodb")
    for table, key in ((f"{name}-carts", "cart_id"), (f"{name}-sessions", "session_id")):
        dynamodb.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        )
    for kind in ("images", "records"):
        boto3.client("s3").create_bucket(
            Bucket=f"{name}-{kind}",
            CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
        )
    queue = boto3.client("sqs").create_queue(QueueName=f"{name}-events")
    return {
        "SHOP_NAME": "Fieldfare",
        "CURRENCY": "USD",
        "PRICING_RULES": json.dumps(
            {
                "shipping": {
                    "standard": {"price": 490, "free_from": 7500},
                    "express": {"price": 1290},
                },
                "tax": {"US": 800, "GB": 2000, "*": 0},
                "coupons": {
                    "WELCOME10": {"percent": 10},
                    "FIVER": {"amount": 500, "minimum": 2500},
                },
            }
        ),
        "PUBLIC_URL": "http://shop.test",
        "ASSETS_URL": "",
        "PORT": "8080",
        "COOKIE_SECURE": "false",
        "PAGE_CACHE_SECONDS": "0",
        "DATABASE_HOST": HOST,
        "DATABASE_PORT": str(parts.postgres.port),
        "DATABASE_NAME": name,
        "DATABASE_TLS": "disable",
        "DATABASE_POOL_SIZE": "10",
        "DATABASE_SECRET_ARN": parts.app_secret,
        "DATABASE_MASTER_SECRET_ARN": parts.owner_secret,
        "CACHE_HOST": HOST,
        "CACHE_PORT": str(parts.valkey.port),
        "CACHE_TLS": "false",
        "CACHE_SECRET_ARN": parts.cache_secret,
        "CARTS_TABLE": f"{name}-carts",
        "SESSIONS_TABLE": f"{name}-sessions",
        "IMAGES_BUCKET": f"{name}-images",
        "EVENTS_BUCKET": f"{name}-records",
        "ORDER_EVENTS_QUEUE_URL": queue["QueueUrl"],
        "MAIL_TRANSPORT": "file",
        "MAIL_FROM": "Fieldfare <shop@fieldfare.test>",
        "MAIL_DIRECTORY": str(tmp_path_factory.mktemp("mail")),
        "CANARY_SECRET_ARN": "",
        "LOG_LEVEL": "info",
        "METRICS_NAMESPACE": "shop-test",
        "OTLP_ENDPOINT": "",
        "TRACE_SHARE": "100",
    }


@pytest.fixture(scope="module")
def settings(environment: dict[str, str]) -> Settings:
    """Settings of a shop of this module's own, on the real parts."""
    return shop_settings.read(environment)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The module's database, as the application's role sees it."""

    async def login(*, refused: object) -> tuple[str, str]:
        return APP_USER, APP_PASSWORD

    address = Address(settings.database_host, settings.database_port, settings.database_name)
    database = Database(address, login, size=settings.database_pool_size)
    yield database
    await database.close()


@pytest.fixture
async def owner(settings: Settings, parts: Parts) -> AsyncIterator[Any]:
    """A connection as the owner of the module's database, for looking behind the scenes."""
    dsn = parts.postgres.dsn(settings.database_name, OWNER, OWNER_PASSWORD)
    connection = await asyncpg.connect(dsn, ssl=False)
    yield connection
    await connection.close()


@pytest.fixture
async def shop(settings: Settings) -> AsyncIterator[Any]:
    """The whole shop, wired as in production."""
    from storefront.wiring import open_shop  # every adapter: only for those who need all

    async with open_shop(settings) as shop:
        yield shop


@pytest.fixture
async def limiter(settings: Settings) -> AsyncIterator[Any]:
    """The brake on guessing, on the real cache."""
    from aiobotocore.session import get_session
    from storefront.adapters.secrets import Secrets
    from storefront.adapters.valkey import ValkeyLimiter, open_valkey

    async with (
        get_session().create_client("secretsmanager") as client,
        open_valkey(settings, Secrets(client)) as valkey,
    ):
        yield ValkeyLimiter(valkey)


@pytest.fixture
async def door(settings: Settings, database: Database, limiter: Any) -> AsyncIterator[Any]:
    """The way into the shop, with a clock that can be moved."""
    from aiobotocore.session import get_session
    from doorkit import Door
    from shopkit import MemoryCarts
    from storefront.adapters.dynamodb import DynamoSessions
    from storefront.adapters.postgres.accounts import PostgresAccounts

    now = [time.time()]
    async with get_session().create_client("dynamodb") as client:
        sessions = DynamoSessions(client, settings.sessions_table, clock=lambda: now[0])
        yield Door(PostgresAccounts(database), sessions, MemoryCarts(), limiter, now)

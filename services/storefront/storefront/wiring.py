"""The one module that knows adapters: it turns settings into a shop, and owns its connections."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session

from .adapters.dynamodb import DynamoCarts, DynamoSessions
from .adapters.images_s3 import S3Images
from .adapters.letters import TemplateLetters
from .adapters.mail import FileMailer, SesMailer
from .adapters.postgres.accounts import PostgresAccounts
from .adapters.postgres.administration import PostgresAdministration
from .adapters.postgres.catalogue import PostgresCatalogue
from .adapters.postgres.checkouts import PostgresCheckouts
from .adapters.postgres.fulfilment import PostgresFulfilment
from .adapters.postgres.orders import PostgresOrders
from .adapters.postgres.outbox import PostgresOutbox
from .adapters.postgres.payments import EmbeddedGateway
from .adapters.postgres.pool import Address, Database, connect
from .adapters.postgres.ranking import PostgresInteractions, PostgresRanking
from .adapters.postgres.reviews import PostgresReviews
from .adapters.postgres.shelves import PostgresShelves
from .adapters.records_s3 import S3Records
from .adapters.secrets import SecretLogin, Secrets, SecretToken
from .adapters.sqs import SqsQueue
from .adapters.valkey import ValkeyLimiter, open_valkey
from .metrics import Metrics
from .migrate import Migration, migrate
from .ports import (
    Accounts,
    Administration,
    Carts,
    Catalogue,
    Checkouts,
    Fulfilment,
    Images,
    Interactions,
    Letters,
    Mailer,
    Orders,
    Outbox,
    Payments,
    Queue,
    Ranking,
    RateLimiter,
    Records,
    Reviews,
    Sessions,
    Shelves,
)
from .settings import DatabaseSettings, Settings
from .tracing import NOWHERE, Tracer

# Bounded: a visitor waits for these. Two tries of two seconds each at the most.
_AWS = AioConfig(
    connect_timeout=1,
    read_timeout=2,
    max_pool_connections=50,
    retries={"mode": "standard", "total_max_attempts": 2},
)
# The queue holds a receive open for up to 20 seconds.
_SQS = _AWS.merge(AioConfig(read_timeout=25))


@dataclass(frozen=True)
class Shop:
    """Every port of the shop.

    ``started()`` is true once the database has answered for the first time; ``checks`` asks each
    dependency by name, and raises UnavailableError for one that is down.
    """

    settings: Settings
    catalogue: Catalogue
    shelves: Shelves
    carts: Carts
    sessions: Sessions
    accounts: Accounts
    limiter: RateLimiter
    checkouts: Checkouts
    orders: Orders
    payments: Payments
    rehearsal: Callable[[], Awaitable[str]]  # the token of who only tries to buy
    outbox: Outbox
    queue: Queue
    mailer: Mailer
    letters: Letters
    reviews: Reviews
    administration: Administration
    fulfilment: Fulfilment
    images: Images
    records: Records | None  # none where nobody writes any
    interactions: Interactions
    ranking: Ranking
    metrics: Metrics
    tracer: Tracer
    started: Callable[[], bool]
    checks: Mapping[str, Callable[[], Awaitable[None]]]


@asynccontextmanager
async def open_shop(settings: Settings, tracer: Tracer = NOWHERE) -> AsyncIterator[Shop]:
    """The shop on its real parts. Opens nothing that could fail: connections are made when used."""
    async with AsyncExitStack() as stack:
        session = get_session()
        metrics = Metrics(settings.metrics_namespace)

        async def client(service: str, config: AioConfig = _AWS) -> object:
            return await stack.enter_async_context(_client(session, service, config))

        secrets = Secrets(await client("secretsmanager"))
        database = Database(
            _address(settings),
            SecretLogin(secrets, settings.database_secret_arn),
            size=settings.database_pool_size,
            metrics=metrics,
        )
        stack.push_async_callback(database.close)
        valkey = await stack.enter_async_context(open_valkey(settings, secrets))
        dynamodb = await client("dynamodb")
        carts = DynamoCarts(dynamodb, settings.carts_table)
        limiter = ValkeyLimiter(valkey)
        s3 = await client("s3")
        yield Shop(
            settings=settings,
            catalogue=PostgresCatalogue(database, settings.currency),
            shelves=PostgresShelves(database),
            carts=carts,
            sessions=DynamoSessions(dynamodb, settings.sessions_table),
            accounts=PostgresAccounts(database),
            limiter=limiter,
            checkouts=PostgresCheckouts(database, metrics=metrics),
            orders=PostgresOrders(database),
            payments=EmbeddedGateway(database),
            rehearsal=SecretToken(secrets, settings.canary_secret_arn),
            outbox=PostgresOutbox(database, tracer),
            queue=SqsQueue(await client("sqs", _SQS), settings.order_events_queue_url),
            mailer=FileMailer(Path(settings.mail_directory), settings.mail_from)
            if settings.mail_transport == "file"
            else SesMailer(await client("sesv2"), settings.mail_from),
            reviews=PostgresReviews(database),
            administration=PostgresAdministration(database),
            letters=TemplateLetters(settings.shop_name, settings.public_url),
            fulfilment=PostgresFulfilment(database),
            images=S3Images(s3, settings.images_bucket),
            records=S3Records(s3, settings.events_bucket) if settings.events_bucket else None,
            interactions=PostgresInteractions(database),
            ranking=PostgresRanking(database),
            metrics=metrics,
            tracer=tracer,
            started=lambda: database.ready,
            checks={"database": database.ping, "carts": carts.ping, "cache": limiter.ping},
        )


async def run_migrations(settings: DatabaseSettings) -> list[Migration]:
    """Bring the database up to date as its owner; returns what was applied.

    Raises MigrationError, UnavailableError for a secret and OSError or asyncpg.PostgresError for a
    server that refuses.
    """
    async with _client(get_session(), "secretsmanager", _AWS) as client:
        secrets = Secrets(client)
        login = SecretLogin(secrets, settings.database_secret_arn)
        user, password = await login(refused=None)
        owner = SecretLogin(secrets, settings.database_master_secret_arn)
        connection = await connect(_address(settings), owner, seconds=None)
        try:
            keep = not await _refused(_address(settings), login)
            return await migrate(connection, user, password, keep=keep)
        finally:
            await connection.close(timeout=5)


async def _refused(address: Address, login: SecretLogin) -> bool:
    """Whether the server knows the login under no password of its secret, or not at all."""
    try:
        connection = await connect(address, login)
    except asyncpg.InvalidAuthorizationSpecificationError:
        return True
    except (asyncpg.PostgresError, OSError):  # it did not get as far as that
        return False
    connection.terminate()
    return False


def _client(
    session: AioSession, service: str, config: AioConfig
) -> AbstractAsyncContextManager[Any]:
    # Pods are told their region as AWS_REGION, which botocore alone does not read.
    region = os.environ.get("AWS_REGION")
    client: AbstractAsyncContextManager[Any] = session.create_client(
        service, region_name=region, config=config
    )
    return client


def _address(settings: DatabaseSettings) -> Address:
    return Address(
        host=settings.database_host,
        port=settings.database_port,
        name=settings.database_name,
        tls=settings.database_tls,
        ca_file=settings.database_ca_file,
    )

"""Rate limits in Valkey: a counter a name, gone when its window is over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import AuthenticationError, ConnectionError, RedisError  # noqa: A004

from storefront.adapters.secrets import Secrets
from storefront.domain.errors import TooManyAttemptsError, UnavailableError
from storefront.settings import Settings

CALL_SECONDS = 1.0


class _CacheLogin(CredentialProvider):
    """The cache's password from Secrets Manager; re-read after a refused login (rotation)."""

    def __init__(self, secrets: Secrets, arn: str) -> None:
        self._secrets = secrets
        self._arn = arn
        self._given: dict[str, str] | None = None
        self._refused: dict[str, str] | None = None

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """The password alone: the default user."""
        self._given = await self._secrets.get(self._arn, refused=self._refused)
        return (self._given["auth_token"],)

    def refused(self) -> None:
        """What was given last does not work."""
        self._refused = self._given


class Valkey:
    """A connection pool that connects when used and learns a rotated password."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._login = (
            _CacheLogin(secrets, settings.cache_secret_arn) if settings.cache_secret_arn else None
        )
        self._client = Redis(
            host=settings.cache_host,
            port=settings.cache_port,
            ssl=settings.cache_tls,
            credential_provider=self._login,
            socket_connect_timeout=CALL_SECONDS,
            socket_timeout=CALL_SECONDS,
            retry=Retry(NoBackoff(), 1),  # a connection that the server closed while idle
            retry_on_error=[ConnectionError],
            decode_responses=True,
        )

    async def transaction(self, *commands: tuple[str | int, ...]) -> list[object]:
        """Answers to all commands, run as one; raises UnavailableError."""
        with _translated():
            for _ in range(2):  # as it was, as it is, and as it is about to be
                try:
                    return await self._run(commands)
                except AuthenticationError:
                    if self._login is None:
                        raise
                    self._login.refused()
            return await self._run(commands)

    async def _run(self, commands: tuple[tuple[str | int, ...], ...]) -> list[object]:
        async with self._client.pipeline(transaction=True) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            answers: list[object] = await pipeline.execute()
        return answers

    async def close(self) -> None:
        """Close all connections."""
        with suppress(RedisError, OSError):
            await self._client.aclose()


@asynccontextmanager
async def open_valkey(settings: Settings, secrets: Secrets) -> AsyncIterator[Valkey]:
    """Valkey as the settings say; connects at the first command."""
    valkey = Valkey(settings, secrets)
    try:
        yield valkey
    finally:
        await valkey.close()


class ValkeyLimiter:
    """The port `RateLimiter`."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey

    async def ping(self) -> None:
        """Raise UnavailableError when the cache does not answer."""
        await self._valkey.transaction(("PING",))

    async def take(self, name: str, limit: int, window_seconds: int) -> None:
        """See `RateLimiter.take`."""
        key = f"limit:{name}"
        _, count, left = await self._valkey.transaction(
            ("SET", key, 0, "EX", window_seconds, "NX"), ("INCR", key), ("TTL", key)
        )
        assert isinstance(count, int)
        assert isinstance(left, int)
        if count > limit:
            raise TooManyAttemptsError(max(1, left))

    async def give_back(self, name: str) -> None:
        """See `RateLimiter.give_back`; a window that is over meanwhile stays over."""
        key = f"limit:{name}"
        await self._valkey.transaction(
            ("SET", key, 1, "EX", 1, "NX"),  # keeps DECR from making a counter without an end
            ("DECR", key),
        )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError, KeyError) as problem:
        raise UnavailableError("cache") from problem

"""Secrets Manager, read when needed and kept until someone says that a secret went stale."""

from __future__ import annotations

from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from storefront.domain.errors import UnavailableError


class Secrets:
    """JSON secrets by ARN, over an aiobotocore ``secretsmanager`` client."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._known: dict[str, dict[str, str]] = {}

    async def get(self, arn: str, *, fresh: bool = False) -> dict[str, str]:
        """The secret's fields; raises UnavailableError when it cannot be read."""
        if fresh or arn not in self._known:
            try:
                answer = await self._client.get_secret_value(SecretId=arn)
                fields = msgspec.json.decode(answer["SecretString"], type=dict[str, Any])
                self._known[arn] = {name: str(value) for name, value in fields.items()}
            except (BotoCoreError, ClientError, OSError, KeyError, msgspec.MsgspecError) as problem:
                raise UnavailableError("secrets") from problem
        return self._known[arn]


class SecretToken:
    """The field ``token`` of a secret; empty where there is no secret."""

    def __init__(self, secrets: Secrets, arn: str) -> None:
        self._secrets = secrets
        self._arn = arn

    async def __call__(self) -> str:
        """The token; raises UnavailableError."""
        return (await self._secrets.get(self._arn)).get("token", "") if self._arn else ""


class SecretLogin:
    """A database login from a secret ``{"username", "password"}``."""

    def __init__(self, secrets: Secrets, arn: str) -> None:
        self._secrets = secrets
        self._arn = arn

    async def __call__(self, *, fresh: bool) -> tuple[str, str]:
        """User and password; read anew when ``fresh``. Raises UnavailableError."""
        secret = await self._secrets.get(self._arn, fresh=fresh)
        try:
            return secret["username"], secret["password"]
        except KeyError as missing:
            raise UnavailableError("secrets") from missing

"""Secrets Manager, read when needed and kept until someone says that a secret went stale."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from storefront.domain.errors import UnavailableError


class Secrets:
    """JSON secrets by ARN, over an aiobotocore ``secretsmanager`` client."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._known: dict[str, dict[str, str]] = {}

    async def get(self, arn: str, *, refused: dict[str, str] | None = None) -> dict[str, str]:
        """The secret's fields, others than were ``refused`` where there are others.

        These are the current ones, or, when just those were refused, the pending ones: in the
        middle of a rotation they work already. Raises UnavailableError when it cannot be read.
        """
        if arn not in self._known or _same(self._known[arn], refused):
            try:
                known = await self._stored(arn, "AWSCURRENT")
                if _same(known, refused):
                    with suppress(self._client.exceptions.ResourceNotFoundException):
                        known = await self._stored(arn, "AWSPENDING")
            except (BotoCoreError, ClientError, OSError, KeyError, msgspec.MsgspecError) as problem:
                raise UnavailableError("secrets") from problem
            self._known[arn] = known
        return self._known[arn]

    async def _stored(self, arn: str, label: str) -> dict[str, str]:
        answer = await self._client.get_secret_value(SecretId=arn, VersionStage=label)
        fields = msgspec.json.decode(answer["SecretString"], type=dict[str, Any])
        return {name: str(value) for name, value in fields.items()}


def _same(known: dict[str, str], refused: dict[str, str] | None) -> bool:
    return refused is not None and refused.items() <= known.items()


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

    async def __call__(self, *, refused: tuple[str, str] | None) -> tuple[str, str]:
        """User and password, another than was ``refused``; raises UnavailableError."""
        fields = None if refused is None else {"username": refused[0], "password": refused[1]}
        secret = await self._secrets.get(self._arn, refused=fields)
        try:
            return secret["username"], secret["password"]
        except KeyError as missing:
            raise UnavailableError("secrets") from missing

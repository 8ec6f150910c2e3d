"""Sessions and carts in DynamoDB, one item each, over an aiobotocore ``dynamodb`` client.

DynamoDB removes expired items late (its promise is days), so every read looks at ``expires_at``.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Any

from storefront.domain.accounts import Customer

from .aws import calling
from .dynamodb_carts import DynamoCarts

__all__ = ["DynamoCarts", "DynamoSessions"]

SESSION_SECONDS = 30 * 24 * 3600


class DynamoSessions:
    """The port `Sessions`; ``clock`` gives seconds since 1970."""

    def __init__(self, client: Any, table: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    async def create(self, customer: Customer) -> str:
        """See `Sessions.create`; a session lasts 30 days."""
        token = secrets.token_urlsafe(32)
        now = int(self._clock())
        item = {
            **_key(token),
            "customer_id": {"S": customer.id},
            "email": {"S": customer.email},
            "name": {"S": customer.name},
            "is_staff": {"BOOL": customer.is_staff},
            "created_at": {"N": str(now)},
            "expires_at": {"N": str(now + SESSION_SECONDS)},
        }
        with calling("sessions"):
            await self._client.put_item(TableName=self._table, Item=item)
        return token

    async def customer(self, token: str) -> Customer | None:
        """See `Sessions.customer`."""
        with calling("sessions"):
            answer = await self._client.get_item(
                TableName=self._table,
                Key=_key(token),
                ConsistentRead=True,  # signing out must hold at once
            )
        item = answer.get("Item")
        if item is None or int(item["expires_at"]["N"]) <= self._clock():
            return None
        return Customer(
            item["customer_id"]["S"],
            item["email"]["S"],
            item["name"]["S"],
            item["is_staff"]["BOOL"],
        )

    async def delete(self, token: str) -> None:
        """See `Sessions.delete`."""
        with calling("sessions"):
            await self._client.delete_item(TableName=self._table, Key=_key(token))


def _key(token: str) -> dict[str, dict[str, str]]:
    """The table never sees a token: who reads it cannot sign in with what it holds."""
    return {"session_id": {"S": hashlib.sha256(token.encode()).hexdigest()}}

"""What the tests around accounts share: the way into the shop, on the real parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from shopkit import MemoryCarts
from storefront.adapters.dynamodb import DynamoSessions
from storefront.adapters.postgres.accounts import PostgresAccounts
from storefront.domain.accounts import Customer
from storefront.usecases.accounts import register, sign_in

PASSWORD = "four field mice"


@dataclass
class Door:
    """Everything that people need to come in."""

    accounts: PostgresAccounts
    sessions: DynamoSessions
    carts: MemoryCarts
    limiter: Any
    now: list[float]

    async def register(self, **changes: str) -> tuple[Customer, str]:
        given = {
            "email": f"{uuid4().hex[:10]}@example.com",
            "password": PASSWORD,
            "name": "Ada Field",
            "address": uuid4().hex,
            "visitor_id": uuid4().hex,
            **changes,
        }
        return await register(self.accounts, self.sessions, self.carts, self.limiter, **given)

    async def sign_in(
        self, email: str, password: str = PASSWORD, address: str = "", visitor_id: str = ""
    ) -> tuple[Customer, str]:
        return await sign_in(
            self.accounts,
            self.sessions,
            self.carts,
            self.limiter,
            email=email,
            password=password,
            address=address or uuid4().hex,
            visitor_id=visitor_id,
        )

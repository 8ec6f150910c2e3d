"""Registered customers."""

from __future__ import annotations

import uuid

import asyncpg

from storefront import tracing
from storefront.domain.accounts import Customer
from storefront.domain.errors import ConflictError, NotFoundError

from .pool import Database, Record

_CREATE = """
    with made as (
        insert into customers (email, name, password_hash) values ($1, $2, $3)
        returning id, email, name, is_staff
    ),
    told as (
        insert into outbox (type, traceparent, payload)
        select 'customer.registered', $4::text, jsonb_build_object('customer_id', id) from made
    )
    select * from made
"""


class PostgresAccounts:
    """The port `Accounts`; registering also tells of the new customer through the outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, email: str, name: str, password_hash: str) -> Customer:
        """See `Accounts.create`."""
        try:
            row = await self._database.fetchrow(
                _CREATE, email, name, password_hash, tracing.current()
            )
        except asyncpg.UniqueViolationError as problem:
            raise ConflictError("This e-mail address is registered already.") from problem
        assert row is not None
        return _customer(row)

    async def get(self, customer_id: str) -> Customer:
        """See `Accounts.get`."""
        row = await self._database.fetchrow(
            "select id, email, name, is_staff from customers where id = $1", uuid.UUID(customer_id)
        )
        if row is None:
            raise NotFoundError("There is no such customer.")
        return _customer(row)

    async def credentials(self, email: str) -> tuple[Customer, str] | None:
        """See `Accounts.credentials`."""
        row = await self._database.fetchrow(
            "select id, email, name, is_staff, password_hash from customers"
            " where lower(email) = lower($1)",
            email,
        )
        return (_customer(row), row["password_hash"]) if row else None

    async def replace_hash(self, customer_id: str, password_hash: str) -> None:
        """See `Accounts.replace_hash`."""
        await self._database.execute(
            "update customers set password_hash = $2 where id = $1",
            uuid.UUID(customer_id),
            password_hash,
        )

    async def set_staff(self, email: str, is_staff: bool) -> None:
        """See `Accounts.set_staff`."""
        done = await self._database.execute(
            "update customers set is_staff = $2 where lower(email) = lower($1)", email, is_staff
        )
        if done == "UPDATE 0":
            raise NotFoundError("There is no customer with this e-mail address.")


def _customer(row: Record) -> Customer:
    return Customer(str(row["id"]), row["email"], row["name"], row["is_staff"])

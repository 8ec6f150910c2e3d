"""The embedded payment gateway: test tokens and a ledger, deduped by key as the large ones do.

Its ledger lives in a schema of its own and stands for a remote service: no other part of the shop
reads it, and it knows nothing of orders but their number.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from storefront.domain.errors import ConflictError
from storefront.ports import AnswerLostError, Charge, ChargeStatus

from .pool import Database

SLOW_SECONDS = 5.0
_PAGE = 1000
_GOOD, _SLOW, _LOST = "tok_visa", "tok_slow", "tok_lost"

# The pointless update locks the row and returns the first answer; xmax is 0 on a new row only.
_RECORD = """
    insert into payments.charges (idempotency_key, order_number, amount, currency, status)
    values ($1, $2, $3, $4, $5)
    on conflict (idempotency_key) do update set idempotency_key = excluded.idempotency_key
    returning status, xmax = 0 as is_new
"""

_LEDGER = f"""
    select id, order_number, amount, currency, idempotency_key, status from payments.charges
    where id > $1 and ($2 or status = 'succeeded') order by id limit {_PAGE}
"""

_OF_ORDER = """
    select order_number, amount, currency, idempotency_key, status from payments.charges
    where order_number = $1 order by id
"""


class EmbeddedGateway:
    """The port `Payments`; ``slow_seconds`` is how long ``tok_slow`` takes."""

    def __init__(self, database: Database, *, slow_seconds: float = SLOW_SECONDS) -> None:
        self._database = database
        self._slow = slow_seconds

    async def charge(
        self, *, key: str, order_number: str, amount: int, currency: str, token: str
    ) -> ChargeStatus:
        """See `Payments.charge`; what is no known token is declined."""
        if token == _SLOW:
            await asyncio.sleep(self._slow)
        wanted: ChargeStatus = "succeeded" if token in {_GOOD, _SLOW, _LOST} else "declined"
        status, is_new = await self._record(key, order_number, amount, currency, wanted)
        if status == "voided":
            raise ConflictError("This charge was voided.")
        if is_new and token == _LOST:
            raise AnswerLostError
        return "succeeded" if status == "succeeded" else "declined"

    async def void(
        self, *, key: str, order_number: str, amount: int, currency: str
    ) -> ChargeStatus | None:
        """See `Payments.void`."""
        status, _ = await self._record(key, order_number, amount, currency, "voided")
        return (
            "succeeded" if status == "succeeded" else "declined" if status == "declined" else None
        )

    async def _record(
        self, key: str, order_number: str, amount: int, currency: str, status: str
    ) -> tuple[str, bool]:
        """The status that the key has from now on, and whether this call gave it."""
        row = await self._database.fetchrow(_RECORD, key, order_number, amount, currency, status)
        assert row is not None
        return row["status"], row["is_new"]

    async def of_order(self, order_number: str) -> list[Charge]:
        """See `Payments.of_order`."""
        rows = await self._database.fetch(_OF_ORDER, order_number)
        return [Charge(*row) for row in rows]

    async def ledger(self, *, all_attempts: bool = False) -> AsyncIterator[Charge]:
        """See `Payments.ledger`."""
        last = 0
        while rows := await self._database.fetch(_LEDGER, last, all_attempts):
            for row in rows:
                last = row["id"]
                yield Charge(
                    row["order_number"],
                    row["amount"],
                    row["currency"],
                    row["idempotency_key"],
                    row["status"],
                )

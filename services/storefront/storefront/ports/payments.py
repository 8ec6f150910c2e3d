"""The payment gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol

ChargeStatus = Literal["succeeded", "declined"]


@dataclass(frozen=True, slots=True)
class Charge:
    """A line of the gateway's ledger; ``amount`` in minor units."""

    order_number: str
    amount: int
    currency: str
    idempotency_key: str
    status: Literal["succeeded", "declined", "voided"]


class AnswerLostError(Exception):
    """The gateway was asked and did not answer: the charge may or may not have happened."""


class Payments(Protocol):
    """A payment gateway that dedupes by key, as the large ones do."""

    async def charge(
        self, *, key: str, order_number: str, amount: int, currency: str, token: str
    ) -> ChargeStatus:
        """Charge once per key; the same key gives the first answer. Raises AnswerLostError.

        A key that was voided raises `ConflictError` and never charges.
        """

    async def void(
        self, *, key: str, order_number: str, amount: int, currency: str
    ) -> ChargeStatus | None:
        """Make sure that this key never charges; its status if it already did or was declined."""

    async def of_order(self, order_number: str) -> list[Charge]:
        """Every attempt to charge for an order, oldest first."""

    def ledger(self, *, all_attempts: bool = False) -> AsyncIterator[Charge]:
        """Every charge, oldest first; declined and voided attempts only when asked for."""

"""Money as integer minor units (cents), so that sums never round by accident."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of an ISO 4217 currency with two decimals."""

    amount: int
    currency: str

    def __str__(self) -> str:
        """For people: ``$1,234.50`` for USD, ``1,234.50 EUR`` for the rest."""
        sign = "-" if self.amount < 0 else ""
        digits = f"{abs(self.amount) // 100:,}.{abs(self.amount) % 100:02d}"
        symbol = {"USD": "$", "EUR": "€", "GBP": "£"}.get(self.currency)
        return f"{sign}{symbol}{digits}" if symbol else f"{sign}{digits} {self.currency}"


def share(amount: int, basis_points: int) -> int:
    """The part of ``amount`` that ``basis_points`` (1/100 of a percent) is, rounded half up."""
    exact = Decimal(amount) * basis_points / 10_000
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))

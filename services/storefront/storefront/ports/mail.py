"""The shop's mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from storefront.domain.accounts import Customer
from storefront.domain.orders import Order


@dataclass(frozen=True, slots=True)
class Mail:
    """A message; ``id`` is stable, so that a mail sent twice can be recognised."""

    id: str
    to: str
    subject: str
    text: str
    html: str


class Mailer(Protocol):
    """Sends mail."""

    async def send(self, mail: Mail) -> None:
        """Hand the message over, at least once."""


class Letters(Protocol):
    """Writes the shop's mail; pure, so it raises nothing of the outside."""

    def order_confirmed(self, order: Order) -> Mail:
        """The receipt of a paid order."""

    def order_fulfilled(self, order: Order) -> Mail:
        """The order is on its way."""

    def welcome(self, customer: Customer) -> Mail:
        """A new customer's first mail."""

"""From the cart to the order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from storefront.domain.cart import Cart
from storefront.domain.orders import CheckoutRequest, Order, OrderLine, Shortage
from storefront.domain.pricing import Totals


class Carts(Protocol):
    """Carts, kept for 30 days after their last change."""

    async def get(self, cart_id: str) -> Cart:
        """The cart; an empty one of version 0 where there is none."""

    async def set_quantity(self, cart_id: str, sku: str, quantity: int) -> Cart:
        """Set (or, with 0, remove) one line, whatever else changes at the same time."""

    async def merge(self, source_id: str, target_id: str) -> Cart:
        """Move every line of one cart into another, once however often it is called."""

    async def remove_bought(self, cart_id: str, version: int, items: Mapping[str, int]) -> None:
        """Take out what was bought at ``version``; what was added since then stays."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What one checkout attempt wants to buy, already priced by the shop."""

    visitor_id: str  # empty for a customer without that cookie
    customer_id: str | None
    scope: str  # whose key it is: the customer's on every device, or the visit's
    key: str
    fingerprint: bytes  # hash of the request body; the same key must come with the same one
    request: CheckoutRequest
    cart_id: str
    cart_version: int
    cart_taken: int
    lines: list[OrderLine]
    currency: str
    totals: Totals


@dataclass(frozen=True, slots=True)
class PendingOrder:
    """An order that holds stock and waits for its payment; ``amount`` in minor units.

    ``charge_key`` is what the gateway dedupes by; it changes only when an abandoned attempt was
    voided and the order is tried again.
    """

    number: str
    charge_key: str
    amount: int
    currency: str
    payment_token: str
    cart_id: str
    cart_version: int
    items: dict[str, int]
    placed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """The remembered end of a checkout; a replay answers from it."""

    kind: Literal["paid", "declined", "out_of_stock"]
    order_number: str | None
    shortages: list[Shortage]


@dataclass(frozen=True, slots=True)
class InProgress:
    """Another attempt is at work, with this key or on this cart, and has not ended yet."""


@dataclass(frozen=True, slots=True)
class Sold:
    """What is in the cart was bought already, with another key: by ``order``."""

    order: PendingOrder


class Checkouts(Protocol):
    """Idempotent checkouts: reserve, then settle. Every change is a single transaction.

    Whoever gets a PendingOrder holds it for a claim's time. After that anyone may take it over, so
    all that follows compares ``charge_key`` and answers False when it came too late.
    """

    async def reserve(
        self, placement: Placement
    ) -> PendingOrder | Outcome | InProgress | Sold | None:
        """Claim the key, take the stock of all lines and write the pending order.

        The outcome is "out_of_stock" when a line is short: remembered, and nothing taken. None when
        the key is known already: then `resume` tells more. While another key's order of the same
        cart holds its contents, nothing is claimed: InProgress until that is paid, then Sold.
        """

    async def resume(
        self, scope: str, key: str, fingerprint: bytes
    ) -> PendingOrder | Outcome | InProgress | Sold | None:
        """What became of a key; None when it is new. Raises KeyReusedError for another body.

        An order whose worker died is taken over; an abandoned one takes its stock again, with a new
        charge key, unless its cart was bought with another key since.
        """

    async def settle_paid(self, order_number: str, charge_key: str) -> bool:
        """Mark paid and queue the event, in one transaction; False if no longer pending."""

    async def settle_declined(self, order_number: str, charge_key: str) -> bool:
        """Cancel and give the stock back, remembering the refusal; False if no longer pending."""

    async def abandon(self, order_number: str, charge_key: str) -> bool:
        """Cancel an unpaid order and give its stock back; the same key may revive it later.

        Only for a charge key that was voided. False if no longer pending.
        """

    async def release(self, order_number: str, charge_key: str) -> None:
        """Let the next attempt go on at once instead of after the claim's time."""

    async def take_stale(self, limit: int) -> list[PendingOrder]:
        """Claim pending orders that nobody has worked on for a claim's time, oldest first."""


class Orders(Protocol):
    """Orders, read."""

    async def get(self, number: str) -> tuple[Order, str, str | None]:
        """The order, its visitor id and its customer id; raises NotFoundError."""

    async def of_customer(self, customer_id: str) -> list[Order]:
        """The customer's orders, newest first."""

"""Who is asking: anonymous visitors and signed-in customers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Customer:
    """A registered person; ``id`` is a UUID as text."""

    id: str
    email: str
    name: str
    is_staff: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request.

    ``visitor_id`` is the hash of an unguessable cookie and outlives signing in, so that the orders
    of a visit stay readable; it is empty for a request without that cookie.
    """

    visitor_id: str
    customer: Customer | None = None

    @property
    def cart_id(self) -> str:
        """The cart this caller fills: the customer's own when signed in."""
        return f"customer:{self.customer.id}" if self.customer else f"visitor:{self.visitor_id}"

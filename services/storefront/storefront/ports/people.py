"""Customers, their sessions, and a brake on guessing."""

from __future__ import annotations

from typing import Protocol

from storefront.domain.accounts import Customer


class Accounts(Protocol):
    """Registered customers."""

    async def create(self, email: str, name: str, password_hash: str) -> Customer:
        """Register; raises ConflictError when the address (any case) is taken."""

    async def get(self, customer_id: str) -> Customer:
        """The customer as they are now; raises NotFoundError."""

    async def credentials(self, email: str) -> tuple[Customer, str] | None:
        """The customer and the password hash for this address, or None."""

    async def replace_hash(self, customer_id: str, password_hash: str) -> None:
        """Store a hash made with newer parameters."""

    async def set_staff(self, email: str, is_staff: bool) -> None:
        """Make someone staff or not; raises NotFoundError."""


class Sessions(Protocol):
    """Signed-in sessions; a token is known to the browser only, its hash to the shop."""

    async def create(self, customer: Customer) -> str:
        """A new session; returns its unguessable token (256 bits)."""

    async def customer(self, token: str) -> Customer | None:
        """Whose session this is; None when unknown or expired."""

    async def delete(self, token: str) -> None:
        """End the session; unknown tokens are no error."""


class RateLimiter(Protocol):
    """Counts attempts in a window that starts with the first of them."""

    async def take(self, name: str, limit: int, window_seconds: int) -> None:
        """Count one attempt; raises TooManyAttemptsError when it is more than ``limit``.

        Counting and refusing are one step, so that attempts at the same time are limited too.
        """

    async def give_back(self, name: str) -> None:
        """Take back one attempt that turned out to be harmless."""

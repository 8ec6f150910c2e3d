"""Everything that use cases refuse, in the shop's words; the web layer turns them into answers."""

from __future__ import annotations

from collections.abc import Sequence

from .orders import Shortage


class ShopError(Exception):
    """Base of all refusals; ``str(error)`` is fit for the visitor's eyes."""


class NotFoundError(ShopError):
    """There is no such thing, or it is not the caller's to see. HTTP 404."""


class InvalidInputError(ShopError):
    """Input broke a rule; ``errors`` lists (field, message). HTTP 422."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(f"{field}: {message}" for field, message in self.errors))


class OutOfStockError(ShopError):
    """Stock cannot serve the order; nothing was charged or reserved. HTTP 409.

    ``replayed``: an earlier request with the same key was told so already.
    """

    def __init__(self, shortages: Sequence[Shortage], *, replayed: bool = False) -> None:
        self.shortages = list(shortages)
        self.replayed = replayed
        super().__init__(
            "; ".join(f"{s.name} ({s.sku}): {s.available} left" for s in self.shortages)
        )


class PaymentDeclinedError(ShopError):
    """The payment was declined; the stock was given back. HTTP 402.

    ``replayed``: an earlier request with the same key was told so already.
    """

    def __init__(self, *, replayed: bool = False) -> None:
        self.replayed = replayed
        super().__init__("The payment was declined. Nothing was charged.")


class ConflictError(ShopError):
    """The thing exists already or was changed meanwhile. HTTP 409."""


class CartOrderedError(ShopError):
    """What is in the cart was bought already, with another idempotency key. HTTP 409."""

    def __init__(self, order_number: str) -> None:
        self.order_number = order_number
        super().__init__(
            f"This cart was ordered already, as {order_number}. Nothing was charged again."
        )


class KeyReusedError(ShopError):
    """An idempotency key came again with another body. HTTP 422."""

    def __init__(self) -> None:
        super().__init__("This idempotency key was used before, with another request.")


class NotSignedInError(ShopError):
    """Signing in is needed, or e-mail and password do not match. HTTP 401."""


class ForbiddenError(ShopError):
    """The caller may not do this. HTTP 403."""


class TooManyAttemptsError(ShopError):
    """A rate limit was hit; try again after ``retry_after`` seconds. HTTP 429."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(f"Too many attempts. Try again in {retry_after} seconds.")


class UnavailableError(ShopError):
    """A dependency is down or slow; the same request may be sent again. HTTP 503."""

    def __init__(self, what: str, retry_after: int = 2) -> None:
        self.what = what
        self.retry_after = retry_after
        super().__init__("The shop is briefly unable to do this. Please try again.")

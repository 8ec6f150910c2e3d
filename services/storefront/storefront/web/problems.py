"""Refusals and failures as answers: RFC 9457 for programs, a page in the shop's look for people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.exceptions import HTTPException

from storefront.domain import errors as refused

from .headers import PRIVATE, Headers
from .reply import PROBLEM, Reply


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, ready to be told; ``kind`` is documented on /docs."""

    status: int
    kind: str
    title: str
    detail: str
    errors: list[tuple[str, str]] = field(default_factory=list)
    headers: Headers = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)


class UnsupportedBodyError(refused.ShopError):
    """The body's media type is not the one this address takes. HTTP 415."""


class BadRequestError(refused.ShopError):
    """The request itself is malformed. HTTP 400."""


# HTTP status, kind, title of every refusal: the API's vocabulary, printed on /docs.
KINDS: dict[type[refused.ShopError], tuple[int, str, str]] = {
    BadRequestError: (400, "bad-request", "Bad request"),
    refused.NotSignedInError: (401, "not-signed-in", "Not signed in"),
    refused.PaymentDeclinedError: (402, "payment-declined", "Payment declined"),
    refused.ForbiddenError: (403, "forbidden", "Forbidden"),
    refused.NotFoundError: (404, "not-found", "Not found"),
    refused.OutOfStockError: (409, "out-of-stock", "Not enough stock"),
    refused.CartOrderedError: (409, "cart-ordered", "Cart ordered already"),
    refused.ConflictError: (409, "conflict", "Conflict"),
    UnsupportedBodyError: (415, "unsupported-media-type", "Unsupported media type"),
    refused.InvalidInputError: (422, "invalid-input", "Invalid input"),
    refused.KeyReusedError: (422, "idempotency-key-reused", "Idempotency key reused"),
    refused.TooManyAttemptsError: (429, "too-many-attempts", "Too many attempts"),
    refused.UnavailableError: (503, "unavailable", "Briefly unavailable"),
}
_HTTP = {
    404: ("not-found", "Not found", "There is nothing at this address."),
    405: ("method-not-allowed", "Method not allowed", "This address does not take this method."),
    408: ("timeout", "Request timeout", "The request's body did not arrive in time."),
    413: ("too-large", "Content too large", "The request's body is larger than 64 KiB."),
}
CRASH = Problem(500, "internal", "Internal error", "Something went wrong here. It has been noted.")


def http_problem(status: int, headers: Headers | None = None) -> Problem:
    """A failure of HTTP itself, such as an unknown address."""
    kind, title, detail = _HTTP.get(status, ("bad-request", "Bad request", "Bad request."))
    return Problem(status, kind, title, detail, headers=headers or [])


def describe(error: Exception) -> Problem:
    """Any exception as a problem; what is not a refusal is a crash that says nothing."""
    if isinstance(error, HTTPException):
        sent = (error.headers or {}).items()
        return http_problem(error.status_code, [(k.lower().encode(), v.encode()) for k, v in sent])
    for kind_of_error in type(error).__mro__:
        if kind_of_error in KINDS:
            break
    else:
        return CRASH
    status, kind, title = KINDS[kind_of_error]
    headers: Headers = []
    extra: dict[str, Any] = {}
    errors: list[tuple[str, str]] = []
    detail = str(error) or title
    if isinstance(error, refused.TooManyAttemptsError | refused.UnavailableError):
        headers.append((b"retry-after", b"%d" % max(1, error.retry_after)))
    if isinstance(error, refused.InvalidInputError):
        errors = error.errors
        detail = "Some fields are not as they should be."
    if isinstance(error, refused.OutOfStockError):
        errors = [(s.sku, f"Only {s.available} left.") for s in error.shortages]
        extra["shortages"] = [
            {"sku": s.sku, "name": s.name, "requested": s.requested, "available": s.available}
            for s in error.shortages
        ]
    if isinstance(error, refused.CartOrderedError):
        extra["order"] = error.order_number
    if getattr(error, "replayed", False):
        headers.append((b"idempotent-replayed", b"true"))
    return Problem(status, kind, title, detail, errors, headers, extra)


def as_problem(problem: Problem) -> Reply:
    """RFC 9457 JSON. The same problem gives the same bytes, so that replays are equal."""
    body: dict[str, Any] = {
        "type": f"/docs#problem-{problem.kind}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.errors:
        body["errors"] = [{"field": name, "message": text} for name, text in problem.errors]
    body |= problem.extra
    return Reply(problem.status, [PROBLEM, *PRIVATE, *problem.headers], msgspec.json.encode(body))

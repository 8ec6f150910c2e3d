"""Registering, signing in and out, and knowing who is asking."""

from __future__ import annotations

import contextlib
import hashlib

from storefront.domain.accounts import Caller, Customer
from storefront.domain.errors import (
    ForbiddenError,
    NotFoundError,
    NotSignedInError,
    UnavailableError,
)
from storefront.domain.inputs import Checker
from storefront.ports import Accounts, Carts, RateLimiter, Sessions

from .passwords import hash_password, needs_rehash, verify_password

WINDOW_SECONDS = 300
FAILURES_PER_ACCOUNT = 10
FAILURES_PER_ADDRESS = 100
REGISTRATIONS_PER_ADDRESS = 60
REGISTRATION_WINDOW_SECONDS = 60


async def register(
    accounts: Accounts,
    sessions: Sessions,
    carts: Carts,
    limiter: RateLimiter,
    *,
    email: str,
    password: str,
    name: str,
    address: str,
    visitor_id: str,
) -> tuple[Customer, str]:
    """A new customer, signed in; returns them and the session's token.

    ``address`` is the client's network address. Raises InvalidInputError with every bad field,
    ConflictError for an e-mail that is registered, TooManyAttemptsError.
    """
    given = Checker({"email": email, "password": password, "name": name}, _REGISTER_FIELDS)
    email, name, password = given.email(), given.text("name", 100), given.password()
    if email and password.casefold() == email.casefold():
        given.problem("password", "must not be the e-mail address")
    given.done()
    with contextlib.suppress(UnavailableError):  # without the cache people can still register
        await limiter.take(
            _counter("register", address), REGISTRATIONS_PER_ADDRESS, REGISTRATION_WINDOW_SECONDS
        )
    customer = await accounts.create(email, name, await hash_password(password))
    return customer, await _open_session(sessions, carts, customer, visitor_id)


async def sign_in(
    accounts: Accounts,
    sessions: Sessions,
    carts: Carts,
    limiter: RateLimiter,
    *,
    email: str,
    password: str,
    address: str,
    visitor_id: str,
) -> tuple[Customer, str]:
    """The customer and a fresh session's token; the visitor's cart joins the customer's.

    Raises InvalidInputError for malformed input, NotSignedInError when e-mail and password do not
    match, TooManyAttemptsError after too many failures, UnavailableError when they cannot be
    counted: guessing passwords must not get easier while the cache is down.
    """
    given = Checker({"email": email, "password": password}, ("email", "password"))
    email, password = given.email(), given.password()
    given.done()
    by_account = _counter("sign-in", email.casefold())
    by_address = _counter("sign-in-from", address)
    await limiter.take(by_account, FAILURES_PER_ACCOUNT, WINDOW_SECONDS)
    await limiter.take(by_address, FAILURES_PER_ADDRESS, WINDOW_SECONDS)
    known = await accounts.credentials(email)
    if not await verify_password(known[1] if known else None, password) or known is None:
        raise NotSignedInError("E-mail and password do not match.")
    customer, stored = known
    for counter in (by_account, by_address):
        with contextlib.suppress(UnavailableError):
            await limiter.give_back(counter)
    if needs_rehash(stored):
        await accounts.replace_hash(customer.id, await hash_password(password))
    return customer, await _open_session(sessions, carts, customer, visitor_id)


async def sign_out(sessions: Sessions, token: str) -> None:
    """End the session; an unknown token is no error."""
    if token:
        await sessions.delete(token)


async def identify(sessions: Sessions, visitor_id: str, session_token: str | None) -> Caller:
    """Who sent a request with these cookies."""
    customer = await sessions.customer(session_token) if session_token else None
    return Caller(visitor_id, customer)


async def make_staff(accounts: Accounts, email: str, *, is_staff: bool = True) -> None:
    """Give or take staff rights; raises NotFoundError. Sessions show it at the next sign-in."""
    await accounts.set_staff(email, is_staff)


async def require_staff(accounts: Accounts, caller: Caller) -> Customer:
    """The caller, if they are staff now, whatever their session says.
    Raises NotSignedInError or ForbiddenError.
    """
    if caller.customer is None:
        raise NotSignedInError("Please sign in.")
    try:
        customer = await accounts.get(caller.customer.id)
    except NotFoundError:
        raise NotSignedInError("Please sign in.") from None
    if not customer.is_staff:
        raise ForbiddenError("This is for staff only.")
    return customer


_REGISTER_FIELDS = ("email", "password", "name")


async def _open_session(
    sessions: Sessions, carts: Carts, customer: Customer, visitor_id: str
) -> str:
    """Always a new token: one that was known before signing in must not become valid by it."""
    if visitor_id:
        await carts.merge(f"visitor:{visitor_id}", f"customer:{customer.id}")
    return await sessions.create(customer)


def _counter(what: str, who: str) -> str:
    """A counter's name; hashed, so that the cache holds no addresses."""
    return f"{what}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"

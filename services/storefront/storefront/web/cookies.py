"""The shop's cookies: who the visitor is, who is signed in, and the number on the cart.

`visitor` and `session` are unguessable tokens. `cart_items` is for display only, so that pages of
the catalogue need no cart; whoever changes it changes a number on their own screen.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

_DAY = 24 * 3600
_VISITOR_AGE = 365 * _DAY
_SESSION_AGE = 30 * _DAY
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,128}\Z")

CART_ITEMS = "cart_items"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a request's cookies say; empty strings for what is missing or malformed."""

    visitor: str = ""
    session: str = ""
    cart_items: int = 0
    any_of_ours: bool = False


NOTHING = Sent()


class CookieJar:
    """Reads and writes the shop's cookies; ``secure`` adds Secure and the __Host- prefix."""

    def __init__(self, *, secure: bool) -> None:
        prefix = "__Host-" if secure else ""
        self._flags = "; Path=/; SameSite=Lax" + ("; Secure" if secure else "")
        self.visitor_name = f"{prefix}visitor"
        self.session_name = f"{prefix}session"

    def read(self, header: str) -> Sent:
        """What a Cookie header says; other cookies are ignored."""
        found: dict[str, str] = {}
        for part in header.split(";"):
            name, equals, value = part.strip().partition("=")
            if equals and name not in found:
                found[name] = value
        visitor = found.get(self.visitor_name)
        session = found.get(self.session_name)
        items = found.get(CART_ITEMS)
        return Sent(
            visitor=visitor if visitor and _TOKEN.match(visitor) else "",
            session=session if session and _TOKEN.match(session) else "",
            cart_items=int(items)
            if items and items.isascii() and items.isdecimal() and len(items) <= 3
            else 0,
            any_of_ours=not (visitor is None and session is None and items is None),
        )

    def visitor(self, token: str) -> str:
        """A Set-Cookie value that keeps this visitor token."""
        return f"{self.visitor_name}={token}; Max-Age={_VISITOR_AGE}; HttpOnly{self._flags}"

    def forget_visitor(self) -> str:
        """A Set-Cookie value after which the next visit is a new visitor's."""
        return f"{self.visitor_name}=; Max-Age=0; HttpOnly{self._flags}"

    def session(self, token: str) -> str:
        """A Set-Cookie value that signs in; with an empty token it signs out."""
        age = _SESSION_AGE if token else 0
        return f"{self.session_name}={token}; Max-Age={age}; HttpOnly{self._flags}"

    def cart_items(self, count: int) -> str:
        """A Set-Cookie value with the number that the cart badge shows."""
        age = 30 * _DAY if count else 0
        return f"{CART_ITEMS}={min(count, 999)}; Max-Age={age}; HttpOnly{self._flags}"


def new_token() -> str:
    """An unguessable visitor token of 256 bits."""
    return secrets.token_urlsafe(32)


def visitor_id(token: str) -> str:
    """What the shop stores of a visitor token: its hash; empty for no token."""
    return hashlib.sha256(token.encode()).hexdigest() if token else ""

"""Who asks: the storefront's visitor and session cookies, read and set exactly as it does."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,128}\Z")
_VISITOR_AGE = 365 * 24 * 3600


def token(cookies: Mapping[str, str], name: str) -> str:
    """The token in cookie ``name``; empty when it is missing or malformed."""
    value = cookies.get(name, "")
    return value if _TOKEN.match(value) else ""


def hashed(token: str) -> str:
    """What the shop stores of a token: its SHA-256, as hex; empty for no token."""
    return hashlib.sha256(token.encode()).hexdigest() if token else ""


def new_token() -> str:
    """An unguessable visitor token of 256 bits."""
    return secrets.token_urlsafe(32)


def visitor_cookie(name: str, token: str) -> str:
    """A Set-Cookie value that keeps a visitor token; a ``__Host-`` name makes it Secure."""
    secure = "; Secure" if name.startswith("__Host-") else ""
    return f"{name}={token}; Max-Age={_VISITOR_AGE}; HttpOnly; Path=/; SameSite=Lax{secure}"


class Sessions:
    """Sessions in DynamoDB, as the storefront writes them; ``clock`` gives seconds since 1970."""

    def __init__(self, client: Any, table: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def customer(self, token: str) -> str | None:
        """The customer's id, None for nobody; raises botocore's errors."""
        if not token:
            return None
        found = self._client.get_item(
            TableName=self._table,
            Key={"session_id": {"S": hashed(token)}},
            ConsistentRead=True,  # signing out must hold at once
        ).get("Item")
        # DynamoDB removes expired items late (its promise is days).
        if found is None or int(found["expires_at"]["N"]) <= self._clock():
            return None
        return str(found["customer_id"]["S"])

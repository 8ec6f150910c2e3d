"""The servers behind the storefront's tests, and the names and passwords that lead to them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from sandbox.postgres import Postgres
from sandbox.valkey import Valkey

OWNER = "shopmaster"
APP_USER = "storefront"
APP_PASSWORD = "app-" + uuid4().hex
OWNER_PASSWORD = "own-" + uuid4().hex
TEMPLATE = "shop_template"


@dataclass(frozen=True)
class Parts:
    """The running servers and the secrets that lead to them."""

    postgres: Postgres
    valkey: Valkey
    app_secret: str
    owner_secret: str
    cache_secret: str

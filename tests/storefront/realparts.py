"""The servers behind the storefront's tests, and the names and passwords that lead to them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from uuid import uuid4

from sandbox.part import HOST, Part
from sandbox.postgres import Postgres
from sandbox.process import Command
from sandbox.valkey import Valkey

OWNER = "shopmaster"
APP_USER = "storefront"
APP_PASSWORD = "app-" + uuid4().hex
OWNER_PASSWORD = "own-" + uuid4().hex
TEMPLATE = "shop_template"


class Moto(Part):
    """moto's server in a process of its own."""

    name = "moto"

    def command(self) -> Command:
        return Command(
            name=self.name,
            argv=[sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(self.port)],
            env={"PATH": os.environ["PATH"], "MOTO_ACCOUNT_ID": "123456789012"},
            log=self.log,
        )


@dataclass(frozen=True)
class Parts:
    """The running servers and the secrets that lead to them."""

    postgres: Postgres
    valkey: Valkey
    app_secret: str
    owner_secret: str
    cache_secret: str

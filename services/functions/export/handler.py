"""Write what Personalize learns from, and say whether it is enough.

Called by the training's state machine with ``{"run": "<id>"}``; answers ``{"interactions": {"key",
"rows"}, "items": ..., "users": ..., "enough": {"interactions": bool, "purchases": bool}, "why":
str}``: enough for what learns from everything, and for what learns from purchases only.
"""

from __future__ import annotations

import functools
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pg8000.native import Connection
from shared import database, environment, observe
from shared.patience import client

from . import sources
from .files import CsvFile
from .ledger import Ledger, judge
from .sources import Interaction

STATEMENT_SECONDS = 60.0
_RUN = re.compile(r"[A-Za-z0-9_-]{1,100}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything an export needs; ``s3`` is boto3's client."""

    database: database.Database
    s3: Any
    records_bucket: str
    training_bucket: str

    def export(self, run: object) -> dict[str, Any]:
        """Write the three files of a run; raises ValueError for a bad run, else what failed."""
        if not isinstance(run, str) or not _RUN.match(run):
            raise ValueError("run must have 1 to 100 of A-Z, a-z, 0-9, '_' and '-'")
        with (
            tempfile.TemporaryDirectory(prefix="export-") as folder,
            closing(Ledger(Path(folder))) as ledger,
        ):
            try:
                connection = self.database.connect()
                # One picture of the shop, however long it takes to copy.
                connection.run("begin isolation level repeatable read, read only")
                items = self._items(connection, ledger, run)
                with self._file(run, "interactions") as interactions:
                    for purchase in sources.purchases(connection):
                        _note(purchase, ledger, interactions)
                    purchases = interactions.rows
                    self.database.close()
                    skipped = self._events(ledger, interactions)
            finally:
                self.database.close()
            users = self._users(ledger, run)
            enough, why = judge(interactions.rows, purchases, ledger.returning())
        files = {"interactions": interactions, "items": items, "users": users}
        observe.count({"ExportedInteractions": interactions.rows, "ExportSkipped": skipped})
        observe.log.info("exported", extra={"run": run, "enough": enough, "why": why})
        return {
            **{name: {"key": file.key, "rows": file.rows} for name, file in files.items()},
            "enough": enough,
            "why": why,
        }

    def _file(self, run: str, kind: str) -> CsvFile:
        return CsvFile(self.s3, self.training_bucket, f"training/{run}/{kind}.csv", kind)

    def _items(self, connection: Connection, ledger: Ledger, run: str) -> CsvFile:
        with self._file(run, "items") as file:
            for sku, price, category, created in sources.items(connection):
                ledger.add_item(sku)
                file.write(
                    {
                        "ITEM_ID": sku,
                        "PRICE": str(Decimal(price) / 100),
                        "CATEGORY_L1": category,
                        "CREATION_TIMESTAMP": created,
                    }
                )
        return file

    def _events(self, ledger: Ledger, file: CsvFile) -> int:
        """Add the events; returns how many lines were none, or of no product, or came again."""
        skipped = 0
        for event in sources.events(self.s3, self.records_bucket):
            if event is None or not _note(event, ledger, file):
                skipped += 1
        return skipped

    def _users(self, ledger: Ledger, run: str) -> CsvFile:
        with self._file(run, "users") as file:
            for user, customer in ledger.users():
                status = "customer" if customer else "visitor"
                file.write({"USER_ID": user, "MEMBERSHIP_STATUS": status})
        return file


def _note(interaction: Interaction, ledger: Ledger, file: CsvFile) -> bool:
    if not ledger.take(interaction):
        return False
    file.write(
        {
            "USER_ID": interaction.user,
            "ITEM_ID": interaction.sku,
            "TIMESTAMP": interaction.at,
            "EVENT_TYPE": interaction.type,
        }
    )
    return True


def wire(variables: Mapping[str, str] = os.environ) -> Service:
    """The service that the environment describes; raises SettingsError."""
    env = environment.Reader(variables)
    address = database.address(env)
    records_bucket = env.text("RECORDS_BUCKET")
    training_bucket = env.text("TRAINING_BUCKET")
    set_up = observe.set_up_logging(env)
    env.done()
    set_up()
    login = database.Login(client("secretsmanager", 5.0, retries=2), address.secret_arn)
    return Service(
        database=database.Database(address, login, seconds=STATEMENT_SECONDS),
        s3=client("s3", 10.0, retries=4),
        records_bucket=records_bucket,
        training_bucket=training_bucket,
    )


service = functools.cache(wire)


def handle(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """The Lambda entry point; raises what went wrong, so that the state machine tries again."""
    observe.name_request(request_id=str(getattr(context, "aws_request_id", "")))
    return service().export(event.get("run"))

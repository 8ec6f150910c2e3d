"""What an export must remember, on disk: events and products seen, and how often users came."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from .sources import Interaction

# Personalize's minimum (Developer Guide, "ECOMMERCE use cases"): of all kinds for every use, and of
# purchases for "Best sellers" and "Frequently bought together", which learn from nothing else.
FEWEST_INTERACTIONS = 1000
FEWEST_PURCHASES = 1000
FEWEST_USERS = 25
OFTEN = 2  # interactions, from which on a user counts

_TABLES = """
    pragma journal_mode = off;
    pragma synchronous = off;
    create table seen (id blob primary key) without rowid;
    create table items (sku text primary key) without rowid;
    create table users (id text primary key, customer int, times int) without rowid;
"""


class Ledger:
    """A SQLite file in ``folder``; the caller removes the folder."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)
        self._connection.executescript(_TABLES)
        self._connection.execute("begin")

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()

    def add_item(self, sku: str) -> None:
        """A product that exists."""
        self._connection.execute("insert or ignore into items values (?)", (sku,))

    def take(self, interaction: Interaction) -> bool:
        """Whether it counts: of a product that exists, and not seen before."""
        known = "select 1 from items where sku = ?"
        if self._connection.execute(known, (interaction.sku,)).fetchone() is None:
            return False
        if interaction.event_id:
            event_id = UUID(interaction.event_id).bytes
            added = self._connection.execute("insert or ignore into seen values (?)", (event_id,))
            if not added.rowcount:
                return False
        self._connection.execute(
            "insert into users values (?, ?, 1) on conflict do update"
            " set times = times + 1, customer = max(customer, excluded.customer)",
            (interaction.user, interaction.signed_in),
        )
        return True

    def users(self) -> Iterator[tuple[str, bool]]:
        """(id, whether a customer) of everybody who did something."""
        for user, customer in self._connection.execute("select id, customer from users"):
            yield user, bool(customer)

    def returning(self) -> int:
        """How many users did at least two things."""
        counted = "select count(*) from users where times >= ?"
        return int(self._connection.execute(counted, (OFTEN,)).fetchone()[0])


def judge(interactions: int, purchases: int, returning: int) -> tuple[dict[str, bool], str]:
    """Whether Personalize can learn from all interactions, and from purchases alone; why (not)."""
    enough = interactions >= FEWEST_INTERACTIONS and returning >= FEWEST_USERS
    bought = enough and purchases >= FEWEST_PURCHASES
    return {"interactions": enough, "purchases": bought}, (
        f"{interactions} interactions ({FEWEST_INTERACTIONS} needed),"
        f" {purchases} of them purchases ({FEWEST_PURCHASES} needed for shelves of what sells),"
        f" {returning} users with at least {OFTEN} ({FEWEST_USERS} needed)"
    )

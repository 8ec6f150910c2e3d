"""Shelves from PostgreSQL: ranking lives there, in functions the storefront uses too.

Whoever proposes products, this is where they are checked: what is sold out or was bought is not
shown, as of this moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.database import Database, Row

from .question import Question

_SUMMARY = (
    "p.sku, p.slug, p.name, p.category, p.price, p.currency, p.image_url, p.in_stock, p.rating"
)
# What was bought says what somebody likes, too: "for you" is about it, and never shows it.
_RANKED = f"""
    with bought as materialized (
        select array(
            select sku from bought_skus(cast(:visitor as text), cast(:customer as uuid))
        ) as skus
    )
    select s.source, {_SUMMARY}
    from bought cross join lateral shelf_products(
        cast(:shelf as text),
        cast(:context as text[])
            || case when cast(:shelf as text) = 'for-you' then bought.skus else '{{}}' end,
        bought.skus || cast(:shown as text[]),
        cast(:wanted as int)
    ) s join product_summaries p using (sku)
    where p.in_stock
    order by s.place
"""
_PROPOSED = f"""
    select {_SUMMARY}
    from unnest(cast(:proposed as text[])) with ordinality as c (sku, place)
    join product_summaries p using (sku)
    where p.in_stock and p.sku <> all (cast(:context as text[]))
        and p.sku not in (
            select sku from bought_skus(cast(:visitor as text), cast(:customer as uuid))
        )
    order by c.place limit cast(:wanted as int)
"""
_VIEWED = f"""
    select {_SUMMARY}
    from unnest(cast(:context as text[])) with ordinality as c (sku, place)
    join product_summaries p using (sku)
    where p.in_stock
    order by c.place limit cast(:wanted as int)
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Who the shelf is for: the visitor's id (empty: unknown) and the customer's, if signed in."""

    visitor: str
    customer: str | None

    @property
    def user(self) -> str:
        """Personalize's USER_ID; empty for nobody known."""
        return self.customer or self.visitor


class Shelves:
    """Every method answers items as the API shows them; raises DatabaseUnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ranked(
        self,
        question: Question,
        person: Person,
        *,
        wanted: int | None = None,
        shown: Sequence[str] = (),
    ) -> tuple[list[dict[str, Any]], str]:
        """What goes with the context, then what sells; with the source of the first item.

        ``wanted`` items (a whole shelf), none of those that are ``shown`` already.
        """
        rows = self._database.rows(
            _RANKED,
            shelf=question.shelf,
            context=question.context,
            shown=list(shown),
            wanted=question.limit if wanted is None else wanted,
            visitor=person.visitor or None,
            customer=person.customer,
        )
        return [_item(row[1:]) for row in rows], rows[0][0] if rows else "popular"

    def usable(
        self, proposed: Sequence[str], question: Question, person: Person
    ) -> list[dict[str, Any]]:
        """Those of the proposed products that may be shown, in the order proposed."""
        rows = self._database.rows(
            _PROPOSED,
            proposed=list(proposed),
            context=question.context,
            wanted=question.limit,
            visitor=person.visitor or None,
            customer=person.customer,
        )
        return [_item(row) for row in rows]

    def viewed(self, question: Question) -> list[dict[str, Any]]:
        """The context itself, as far as it is in stock."""
        rows = self._database.rows(_VIEWED, context=question.context, wanted=question.limit)
        return [_item(row) for row in rows]


def _item(row: Row) -> dict[str, Any]:
    sku, slug, name, category, price, currency, image_url, in_stock, rating = row
    return {
        "sku": sku,
        "slug": slug,
        "name": name,
        "category": category,
        "price": {"amount": price, "currency": currency},
        "image_url": image_url,
        "in_stock": in_stock,
        "rating": None if rating is None else float(rating),
    }

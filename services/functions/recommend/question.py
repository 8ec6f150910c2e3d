"""What may be asked: a shelf, the products it is about, and how many."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shared.gateway import invalid

SHELVES = ("for-you", "also-bought", "popular", "recently-viewed")
MOST_CONTEXT = 20
MOST_ITEMS = 24
_USUAL_ITEMS = 8
_SKU = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")  # as in the catalogue


@dataclass(frozen=True, slots=True)
class Question:
    """One shelf; ``context`` are different SKUs in the order given, the latest first."""

    shelf: str
    context: list[str]
    limit: int


def parse(query: Sequence[tuple[str, str]]) -> Question:
    """The question in a query string's pairs; raises RefusalError 422 naming every problem."""
    errors: list[tuple[str, str]] = []
    given: dict[str, list[str]] = {"shelf": [], "sku": [], "limit": []}
    for name, value in query:
        if name in given:
            given[name].append(value)
        else:
            shown = "".join(c if c.isascii() and c.isprintable() else "?" for c in name[:60])
            errors.append((shown, "is not a known parameter"))
    errors += [(name, "may be given once") for name in ("shelf", "limit") if len(given[name]) > 1]
    shelf = given["shelf"][0] if given["shelf"] else ""
    if shelf not in SHELVES:
        errors.append(("shelf", f"must be one of: {', '.join(SHELVES)}"))
    if len(given["sku"]) > MOST_CONTEXT:
        errors.append(("sku", f"may be given {MOST_CONTEXT} times at most"))
    if not all(_SKU.match(sku) for sku in given["sku"]):
        errors.append(("sku", "may have 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'"))
    if shelf == "recently-viewed" and not given["sku"]:
        errors.append(("sku", "is required for this shelf"))
    limit = given["limit"][0] if given["limit"] else str(_USUAL_ITEMS)
    if not re.fullmatch(r"[0-9]{1,2}", limit) or not 1 <= int(limit) <= MOST_ITEMS:
        errors.append(("limit", f"must be a whole number from 1 to {MOST_ITEMS}"))
    if errors:
        raise invalid(errors[:20])
    return Question(shelf, list(dict.fromkeys(given["sku"])), int(limit))

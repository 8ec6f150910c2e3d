"""A cart remembers what and how many; names, prices and stock are looked up when it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_QUANTITY = 99
MAX_LINES = 100


@dataclass(frozen=True, slots=True)
class Cart:
    """``items`` maps SKU to quantity in the order they were added; ``version`` grows by changes.

    ``taken`` is the highest version whose contents were taken out (bought, or moved to another
    cart). Neither number ever comes again in a cart of this id, also when the cart had expired.
    """

    id: str
    items: dict[str, int] = field(default_factory=dict)
    version: int = 0
    taken: int = 0


@dataclass(frozen=True, slots=True)
class CartLine:
    """A line as shown and sold; prices in minor units, ``available`` in units."""

    sku: str
    slug: str
    name: str
    image_url: str
    quantity: int
    unit_price: int
    available: int

    @property
    def line_total(self) -> int:
        """Price of the whole line in minor units."""
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True)
class PricedCart:
    """A cart with the shop's own current prices."""

    lines: list[CartLine]
    currency: str
    version: int

    @property
    def subtotal(self) -> int:
        """Sum of the lines in minor units."""
        return sum(line.line_total for line in self.lines)

    @property
    def count(self) -> int:
        """Units in the cart."""
        return sum(line.quantity for line in self.lines)


def merged(mine: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    """Both carts' lines; what is in both is added up, to at most MAX_QUANTITY a line."""
    both = dict(mine)
    for sku, quantity in other.items():
        both[sku] = min(MAX_QUANTITY, both.get(sku, 0) + quantity)
    return both

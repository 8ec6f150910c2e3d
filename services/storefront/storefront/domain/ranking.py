"""What goes with what, and what sells, learned from baskets.

Item-to-item neighbours by asymmetric cosine (Aiolli, 2013) with shrinkage: how often two products
come together, weighed against how often each comes at all, and trusted only as far as it was seen.
Chosen by measurement; the figures stand in docs/adr/0028 and come from ``python -m
bench.recommend``. Plain Python: a million lines take seconds, and numpy with scipy would make the
image 200 MB heavier.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from heapq import nlargest

NEIGHBOURS = 24  # kept of every product
LARGEST = 150  # products in a basket; whoever has more is a reseller or a machine
_ALPHA = 0.6  # of the product that is looked at; the neighbour's share is the rest
_SHRINKAGE = 5.0  # baskets of two: so much evidence is half believed
_TOGETHER_HALF_LIFE = 180.0  # days
_POPULAR_HALF_LIFE = 30.0
_LEAST = 1e-30  # a score that is old, not gone; smaller ones do not fit the column


class Baskets:
    """Collects what was bought, put into a cart or looked at together; strings only once.

    Memory: about 110 bytes a line, however the lines are spread.
    """

    def __init__(self) -> None:
        self._index: dict[str, int] = {}
        self._baskets: list[tuple[int, ...]] = []
        self._weights = array("d")
        self._popularity: list[float] = []
        self._people: dict[tuple[str, float], int] = {}
        self._counted: set[int] = set()

    def add(self, skus: Iterable[str], age: int, weight: float = 1.0, who: str = "") -> None:
        """One basket, the latest of a person first; doubles count once.

        Args:
            skus: what was in it.
            age: in whole days, so that scores stay as they are for a day unless something happens.
            weight: 1.0 for a purchase, less for what says less.
            who: whose it was. What one person buys again and again is popular with one person:
                only the latest time counts. Everybody without a name is somebody else.
        """
        index = self._index
        basket = tuple({index.setdefault(sku, len(index)) for sku in skus})
        self._popularity += [0.0] * (len(index) - len(self._popularity))
        recent = weight * 0.5 ** (age / _POPULAR_HALF_LIFE)
        new = basket
        if who:
            person = self._people.setdefault((who, weight), len(self._people)) << 32
            new = tuple(item for item in basket if person | item not in self._counted)
            self._counted.update(person | item for item in new)
        for item in new:
            self._popularity[item] += recent
        if 0 < len(basket) <= LARGEST:
            self._baskets.append(basket)
            # A large basket says less about any two of its products than a small one.
            share = max(1, len(basket) - 1) ** -0.5
            self._weights.append(weight * share * 0.5 ** (age / _TOGETHER_HALF_LIFE))

    def popularity(self) -> Iterator[tuple[str, float]]:
        """(SKU, score) of everything seen; what was bought lately weighs most."""
        return ((sku, max(self._popularity[item], _LEAST)) for sku, item in self._index.items())

    def neighbours(self, count: int = NEIGHBOURS) -> Iterator[tuple[str, str, float]]:
        """(SKU, neighbour, score), at most ``count`` of each SKU, the best first.

        One product at a time is worked out, so that memory does not grow with the pairs.
        """
        skus = list(self._index)
        starts, members = self._members()
        totals = [
            sum(self._weights[basket] for basket in members[starts[item] : starts[item + 1]])
            for item in range(len(skus))
        ]
        rarity = [total ** (_ALPHA - 1) if total else 0.0 for total in totals]
        for item, sku in enumerate(skus):
            together: dict[int, float] = {}
            seen = together.get
            for basket in members[starts[item] : starts[item + 1]]:
                weight = self._weights[basket]
                for other in self._baskets[basket]:
                    together[other] = seen(other, 0.0) + weight
            together.pop(item, None)
            best = nlargest(
                count,
                [
                    (weight * weight / (weight + _SHRINKAGE) * rarity[other], -other)
                    for other, weight in together.items()
                ],
            )
            scale = totals[item] ** -_ALPHA if best else 0.0
            for score, other in best:
                yield sku, skus[-other], max(score * scale, _LEAST)

    def _members(self) -> tuple[array[int], array[int]]:
        """The baskets of every product, one after the other, and where each product's begin."""
        starts = array("q", bytes(8 * (len(self._index) + 1)))
        for basket in self._baskets:
            for item in basket:
                starts[item + 1] += 1
        for item in range(len(self._index)):
            starts[item + 1] += starts[item]
        members, free = array("l", bytes(8 * starts[-1])), starts[:]
        for number, basket in enumerate(self._baskets):
            for item in basket:
                members[free[item]] = number
                free[item] += 1
        return starts, members

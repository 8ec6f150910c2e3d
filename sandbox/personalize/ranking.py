"""What is recommended: counted from the interactions that were imported, and from recent events.

Weighted counts stand in for the service's models: how popular a product is, which ones the same
people take, and what somebody did lately. The answers change with the data, and only with it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

WEIGHTS = {"Purchase": 4.0, "AddToCart": 2.0}  # everything else counts as one
_LATEST = 50  # interactions of one person that count as being of the same taste
_NEIGHBOURS = 100  # kept for each item

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Interaction:
    """Somebody did something with an item, at a time in seconds."""

    user: str
    item: str
    kind: str
    at: int

    @property
    def weight(self) -> float:
        """How much it says."""
        return WEIGHTS.get(self.kind, 1.0)


def interactions(rows: Iterable[Row]) -> list[Interaction]:
    """Rows of an Interactions dataset."""
    return [
        Interaction(row["USER_ID"], row["ITEM_ID"], row.get("EVENT_TYPE") or "", row["TIMESTAMP"])
        for row in rows
    ]


class Ranking:
    """Counted once for an import."""

    def __init__(self, found: Sequence[Interaction], items: Iterable[Row]) -> None:
        """``items`` are rows of an Items dataset, for filters."""
        self.items: dict[str, Row] = {row["ITEM_ID"]: row for row in items}
        self._of_user: dict[str, list[Interaction]] = defaultdict(list)
        self._popular: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for one in sorted(found, key=lambda i: i.at):
            self._of_user[one.user].append(one)
            self._popular[""][one.item] += one.weight
            self._popular[one.kind][one.item] += 1
        self._neighbours = self._together()

    def _together(self) -> dict[str, dict[str, float]]:
        """The cosine between items over the people who took both."""
        norms: dict[str, float] = defaultdict(float)
        shared: dict[tuple[str, str], float] = defaultdict(float)
        for told in self._of_user.values():
            taste = _taste(told[-_LATEST:])
            for item, weight in taste.items():
                norms[item] += weight * weight
            for (a, of_a), (b, of_b) in combinations(sorted(taste.items()), 2):
                shared[a, b] += of_a * of_b
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for (a, b), both in shared.items():
            found[a][b] = found[b][a] = both / math.sqrt(norms[a] * norms[b])
        return {
            item: dict(sorted(near.items(), key=lambda n: (-n[1], n[0]))[:_NEIGHBOURS])
            for item, near in found.items()
        }

    def history(self, user: str, lately: Iterable[Interaction]) -> list[Interaction]:
        """Imported and recent, the oldest first."""
        return [*self._of_user.get(user, ()), *lately]

    def popular(self, kind: str = "") -> dict[str, float]:
        """Scores by how often it was done; for everything, or one kind of event."""
        return dict(self._popular.get(kind) or self._popular[""])

    def near(self, item: str) -> dict[str, float]:
        """Scores of what the people who took this also took; popular ones when nobody did."""
        found = self._neighbours.get(item) or self.popular()
        return {other: score for other, score in found.items() if other != item}

    def for_user(self, history: Sequence[Interaction]) -> dict[str, float]:
        """Scores by nearness to what somebody did; popular ones fill up, for newcomers entirely."""
        popular = self.popular()
        most = max(popular.values(), default=1.0)
        scores = {item: 0.01 * count / most for item, count in popular.items()}
        for item, weight in _taste(history[-_LATEST:]).items():
            for other, nearness in self._neighbours.get(item, {}).items():
                scores[other] = scores.get(other, 0.0) + weight * nearness
        return scores


def _taste(told: Iterable[Interaction]) -> dict[str, float]:
    """The strongest thing that somebody did with each item."""
    found: dict[str, float] = {}
    for one in told:
        found[one.item] = max(found.get(one.item, 0.0), one.weight)
    return found

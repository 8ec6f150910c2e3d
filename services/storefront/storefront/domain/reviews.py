"""What buyers say about products."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Review:
    """One buyer's opinion; ``rating`` is 1-5 stars, ``author`` as shown to everybody, time aware
    UTC. Only who has bought the product may write one, so that each is a verified purchase.
    """

    author: str
    rating: int
    title: str
    text: str
    written_at: dt.datetime


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A page of a product's reviews, and the sums over all of them.

    ``distribution`` counts the reviews with one to five stars; ``average`` is None without any.
    """

    items: list[Review]
    page: int
    page_size: int
    count: int
    average: float | None
    distribution: tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a customer has to do with a product: whether they bought it, and what they wrote."""

    bought: bool
    review: Review | None


def shown_name(name: str) -> str:
    """A reviewer's name as everybody may see it: ``Ada B.`` for Ada Byron."""
    first, *rest = name.split() or [""]
    return f"{first} {rest[-1][0].upper()}." if rest else first

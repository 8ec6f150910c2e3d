"""Products as visitors see them, and what may be asked of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Sort = Literal["relevance", "price", "-price", "name", "newest", "rating"]
SORTS: tuple[Sort, ...] = ("relevance", "price", "-price", "name", "newest", "rating")
MAX_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Category:
    """A category with the number of products that are for sale in it."""

    slug: str
    name: str
    product_count: int


@dataclass(frozen=True, slots=True)
class ProductSummary:
    """A product as lists show it; ``price`` in minor units, ``rating`` 1.0-5.0 or None."""

    sku: str
    slug: str
    name: str
    category: str  # the category's slug
    price: int
    currency: str
    image_url: str
    in_stock: bool
    rating: float | None


@dataclass(frozen=True, slots=True)
class ReviewSummary:
    """How often and how well a product was reviewed; ``average`` is None without reviews."""

    count: int
    average: float | None


@dataclass(frozen=True, slots=True)
class Product:
    """A product with everything its own page shows; ``available`` in units."""

    summary: ProductSummary
    category_name: str
    description: str
    attributes: dict[str, str]
    available: int
    reviews: ReviewSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a visitor asks of the catalogue; prices in minor units, ``page`` from 1."""

    text: str = ""
    category: str | None = None
    min_price: int | None = None
    max_price: int | None = None
    in_stock: bool = False
    sort: Sort = "relevance"
    page: int = 1
    page_size: int = 20


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """How many hits a category has; ``value`` is its slug."""

    value: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class PriceBand:
    """How many hits cost ``min`` to ``max`` minor units, both included; ``max`` None: no end."""

    min: int
    max: int | None
    count: int


@dataclass(frozen=True, slots=True)
class ProductPage:
    """One page of hits with the counts that help to narrow them down."""

    items: list[ProductSummary]
    total: int
    page: int
    page_size: int
    categories: list[CategoryCount] = field(default_factory=list)
    prices: list[PriceBand] = field(default_factory=list)


ShelfName = Literal["for-you", "also-bought", "popular"]


@dataclass(frozen=True, slots=True)
class Recommendations:
    """Products for a shelf, the best first, and where the choice came from."""

    items: list[ProductSummary]
    source: Literal["personalize", "co-purchase", "popular"]


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """A checked line of a catalogue file; ``price`` in minor units, ``line`` as in the file."""

    line: int
    sku: str
    slug: str
    name: str
    description: str
    category: str
    category_slug: str
    price: int
    currency: str
    stock: int
    image_url: str
    attributes: dict[str, str]

"""What the API takes and gives. These types validate requests and make the OpenAPI document."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from msgspec import Meta, Struct

from storefront.domain.orders import OrderStatus

MAX_MONEY = 2_147_483_647
MAX_PAGE = 10_000


class Input(Struct, forbid_unknown_fields=True, frozen=True):
    """Base of everything that is sent to the shop: unknown fields are refused."""


class ProductsQuery(Input, frozen=True):
    """What may be asked of the catalogue; prices in minor units, empty means not given."""

    q: Annotated[str, Meta(max_length=200, description="Words to search for")] = ""
    category: Annotated[str, Meta(max_length=100, description="A category's slug")] = ""
    min_price: Annotated[int, Meta(ge=0, le=MAX_MONEY)] | None = None
    max_price: Annotated[int, Meta(ge=0, le=MAX_MONEY)] | None = None
    in_stock: bool = False
    sort: Literal["relevance", "price", "-price", "name", "newest", "rating"] = "relevance"
    page: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 1
    page_size: Annotated[int, Meta(ge=1, le=100)] = 20


class NoQuery(Input, frozen=True):
    """For calls without parameters."""


class RecommendationsQuery(Input, frozen=True):
    """How many products to recommend."""

    limit: Annotated[int, Meta(ge=1, le=24)] = 8


class ReviewsQuery(Input, frozen=True):
    """Which page of a product's reviews."""

    page: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 1


class ReviewBody(Input, frozen=True):
    """A review of a product that the customer has bought; ``rating`` in stars."""

    rating: Annotated[int, Meta(ge=1, le=5)]
    title: Annotated[str, Meta(min_length=1, max_length=120)]
    text: Annotated[str, Meta(min_length=1, max_length=4000)]


class Quantity(Input, frozen=True):
    """How many of a product should be in the cart; 0 removes it."""

    quantity: Annotated[int, Meta(ge=0, le=99)]


class AddressBody(Input, frozen=True):
    """Where an order goes; ``country`` is ISO 3166 alpha-2."""

    name: str
    line1: str
    city: str
    postal_code: str
    country: str
    line2: str | None = None


class CheckoutBody(Input, frozen=True):
    """A checkout of the cart; nothing here says what anything costs."""

    email: str
    shipping_address: AddressBody
    shipping_method: Literal["standard", "express"]
    payment_token: str
    coupon: str | None = None


class Credentials(Input, frozen=True):
    """E-mail and password of a customer."""

    email: str
    password: str


class Registration(Input, frozen=True):
    """A new customer; the password has 8 to 128 characters."""

    email: str
    password: str
    name: str


class MoneyOut(Struct, frozen=True):
    """An amount in minor units of the currency."""

    amount: int
    currency: str


class CategoryOut(Struct, frozen=True):
    """A category and how many products it has."""

    slug: str
    name: str
    product_count: int


class CategoriesOut(Struct, frozen=True):
    """All categories."""

    items: list[CategoryOut]


class SummaryOut(Struct, frozen=True):
    """A product in a list."""

    sku: str
    slug: str
    name: str
    category: str
    price: MoneyOut
    image_url: str
    in_stock: bool
    rating: float | None


class CategoryFacet(Struct, frozen=True):
    """How many hits a category has; ``value`` is its slug."""

    value: str
    count: int


class PriceFacet(Struct, frozen=True):
    """How many hits cost ``min`` to ``max`` minor units, both included; max null: no end."""

    min: int
    max: int | None
    count: int


class FacetsOut(Struct, frozen=True):
    """Counts that help to narrow a search down."""

    category: list[CategoryFacet]
    price: list[PriceFacet]


class ProductsOut(Struct, frozen=True):
    """One page of hits."""

    items: list[SummaryOut]
    total: int
    page: int
    page_size: int
    facets: FacetsOut


class ReviewsOut(Struct, frozen=True):
    """How often and how well a product was reviewed."""

    count: int
    average: float | None


class ProductOut(SummaryOut, frozen=True):
    """A product with everything its own page shows."""

    description: str
    attributes: dict[str, str]
    available: int
    reviews: ReviewsOut


class ReviewOut(Struct, frozen=True):
    """A buyer's review; ``rating`` is 1-5 stars, ``author`` a shortened name."""

    author: str
    rating: int
    title: str
    text: str
    verified_purchase: bool
    written_at: dt.datetime


class ReviewSummaryOut(ReviewsOut, frozen=True):
    """As with the product, and how many reviews gave ``1`` to ``5`` stars."""

    distribution: dict[str, int]


class ReviewListOut(Struct, frozen=True):
    """One page of a product's reviews, newest first; the summary is over all of them."""

    items: list[ReviewOut]
    total: int
    page: int
    page_size: int
    summary: ReviewSummaryOut


class RecommendationsOut(Struct, frozen=True):
    """Products to show beside another, and where the choice came from."""

    items: list[SummaryOut]
    source: Literal["personalize", "co-purchase", "popular"]


class CartLineOut(Struct, frozen=True):
    """A line of the cart; ``available`` is what stock could serve now."""

    sku: str
    name: str
    quantity: int
    unit_price: MoneyOut
    line_total: MoneyOut
    available: int


class CartOut(Struct, frozen=True):
    """The cart at the shop's current prices; ``version`` grows with every change."""

    items: list[CartLineOut]
    subtotal: MoneyOut
    version: int


class OrderLineOut(Struct, frozen=True):
    """A line of an order, at the price it was sold for."""

    sku: str
    name: str
    quantity: int
    unit_price: MoneyOut
    line_total: MoneyOut


class OrderOut(Struct, frozen=True):
    """An order; ``total`` is what was charged."""

    number: str
    status: OrderStatus
    items: list[OrderLineOut]
    subtotal: MoneyOut
    discount: MoneyOut
    shipping: MoneyOut
    tax: MoneyOut
    total: MoneyOut
    placed_at: dt.datetime


class OrdersOut(Struct, frozen=True):
    """The customer's orders, newest first."""

    items: list[OrderOut]


class CustomerOut(Struct, frozen=True):
    """Who is signed in."""

    email: str
    name: str


class FieldError(Struct, frozen=True):
    """What is wrong with one field."""

    field: str
    message: str


class ProblemOut(Struct, frozen=True, omit_defaults=True):
    """RFC 9457 problem details; ``errors`` names bad fields."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []

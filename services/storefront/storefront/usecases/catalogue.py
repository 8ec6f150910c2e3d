"""Looking for products and at them."""

from __future__ import annotations

import re

from storefront.domain.catalogue import (
    MAX_PAGE_SIZE,
    SORTS,
    Category,
    Product,
    ProductPage,
    ProductSummary,
    Query,
    Recommendations,
)
from storefront.domain.errors import InvalidInputError, NotFoundError
from storefront.ports import Catalogue

MAX_TEXT = 200  # characters of a search
MAX_PAGE = 1_000_000
MAX_PRICE = 2**31 - 1  # minor units
MAX_RECOMMENDATIONS = 50
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


async def categories(catalogue: Catalogue) -> list[Category]:
    """All categories with products, by name."""
    return await catalogue.categories()


async def category(catalogue: Catalogue, slug: str) -> Category:
    """One category; raises NotFoundError."""
    for found in await catalogue.categories():
        if found.slug == slug:
            return found
    raise NotFoundError("There is no such category.")


async def search(catalogue: Catalogue, query: Query, *, facets: bool = True) -> ProductPage:
    """One page of hits; a page after the last is empty.

    Raises InvalidInputError for everything out of range and for an unknown category.
    """
    problems = _problems(query)
    if problems:
        raise InvalidInputError(problems)
    if query.category is not None and not _SLUG.fullmatch(query.category):
        raise _unknown_category()
    page = await catalogue.search(query, facets=facets)
    if page.total == 0 and query.category is not None:
        known = {known.slug for known in await catalogue.categories()}
        if query.category not in known:
            raise _unknown_category()
    return page


async def product(catalogue: Catalogue, slug: str) -> Product:
    """The product; raises NotFoundError."""
    return await catalogue.product(_checked(slug))


async def recommendations(catalogue: Catalogue, slug: str, limit: int) -> Recommendations:
    """Products to show beside this one; raises NotFoundError, InvalidInputError for the limit."""
    if not 1 <= limit <= MAX_RECOMMENDATIONS:
        message = f"must be from 1 to {MAX_RECOMMENDATIONS}"
        raise InvalidInputError([("limit", message)])
    return await catalogue.recommendations(_checked(slug), limit)


async def featured(catalogue: Catalogue, limit: int) -> list[ProductSummary]:
    """Products for the home page."""
    return await catalogue.featured(limit)


def _problems(query: Query) -> list[tuple[str, str]]:
    problems = []
    if len(query.text) > MAX_TEXT:
        problems.append(("q", f"must be at most {MAX_TEXT} characters"))
    elif _CONTROL.search(query.text):
        problems.append(("q", "must not contain control characters"))
    for name, price in (("min_price", query.min_price), ("max_price", query.max_price)):
        if price is not None and not 0 <= price <= MAX_PRICE:
            problems.append((name, f"must be from 0 to {MAX_PRICE}"))
    if (
        query.min_price is not None
        and query.max_price is not None
        and query.min_price > query.max_price
    ):
        problems.append(("max_price", "must not be less than min_price"))
    if query.sort not in SORTS:
        problems.append(("sort", f"must be one of {', '.join(SORTS)}"))
    if not 1 <= query.page <= MAX_PAGE:
        problems.append(("page", f"must be from 1 to {MAX_PAGE}"))
    if not 1 <= query.page_size <= MAX_PAGE_SIZE:
        problems.append(("page_size", f"must be from 1 to {MAX_PAGE_SIZE}"))
    return problems


def _unknown_category() -> InvalidInputError:
    return InvalidInputError([("category", "there is no such category")])


def _checked(slug: str) -> str:
    if not _SLUG.fullmatch(slug):
        raise NotFoundError("There is no such product.")
    return slug

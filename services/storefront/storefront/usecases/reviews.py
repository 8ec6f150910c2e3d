"""Reviewing what one has bought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storefront.domain.accounts import Caller
from storefront.domain.errors import InvalidInputError, NotSignedInError
from storefront.domain.inputs import Checker
from storefront.domain.reviews import Review, ReviewPage, Standing
from storefront.ports import Reviews

PAGE_SIZE = 10
MAX_PAGE = 10_000
MAX_TITLE, MAX_TEXT = 120, 4000  # characters


async def write_review(
    reviews: Reviews, caller: Caller, slug: str, raw: Mapping[str, Any]
) -> Review:
    """Store the caller's review of a product: ``rating`` 1-5, ``title`` and ``text``.

    Raises NotSignedInError, InvalidInputError with every bad field, NotFoundError, ForbiddenError
    for who has not bought it, ConflictError for a second review.
    """
    if caller.customer is None:
        raise NotSignedInError("Sign in to review what you have bought.")
    given = Checker(raw, ("rating", "title", "text"))
    rating = raw.get("rating")
    if rating is None:
        given.problem("rating", "is required")
    elif not isinstance(rating, int) or isinstance(rating, bool) or not 1 <= rating <= 5:
        given.problem("rating", "must be a whole number from 1 to 5")
    title, text = given.text("title", MAX_TITLE), given.text("text", MAX_TEXT, lines=True)
    given.done()
    assert rating is not None
    return await reviews.add(caller.customer.id, slug, rating=rating, title=title, text=text)


async def standing(reviews: Reviews, caller: Caller, slug: str) -> Standing:
    """Whether the caller bought the product, and their review of it; raises NotFoundError and
    NotSignedInError.
    """
    if caller.customer is None:
        raise NotSignedInError("Sign in to review what you have bought.")
    return await reviews.standing(caller.customer.id, slug)


async def product_reviews(
    reviews: Reviews, slug: str, page: int = 1, page_size: int = PAGE_SIZE
) -> ReviewPage:
    """One page of a product's reviews, newest first; raises NotFoundError, InvalidInputError."""
    if not 1 <= page <= MAX_PAGE:
        raise InvalidInputError([("page", f"must be from 1 to {MAX_PAGE}")])
    return await reviews.of_product(slug, page, page_size)

"""Reviews for programs."""

from __future__ import annotations

from starlette.requests import Request

from storefront.usecases import reviews
from storefront.web.headers import public
from storefront.web.inputs import json_object, query, require_json, slug_of
from storefront.web.reply import Reply, as_json, shared_json
from storefront.web.site import Site

from .schemas import ReviewsQuery
from .views import review_out, reviews_out

_SHARED = public(5)


async def list_reviews(site: Site, request: Request) -> Reply:
    """What buyers say about a product, newest first."""
    asked = query(request.scope, ReviewsQuery)
    slug = slug_of(request, "slug")
    found = await reviews.product_reviews(site.shop.reviews, slug, asked.page)
    return shared_json(reviews_out(found), _SHARED)


async def write_review(site: Site, request: Request) -> Reply:
    """Review a product that the signed-in customer has bought, once."""
    slug = slug_of(request, "slug")
    require_json(request)
    raw = json_object(request)
    visitor = await site.visitor(request)
    review = await reviews.write_review(site.shop.reviews, visitor.caller, slug, raw)
    return as_json(review_out(review), 201)

"""The catalogue for programs."""

from __future__ import annotations

from starlette.requests import Request

from storefront.domain.catalogue import Query
from storefront.domain.errors import InvalidInputError
from storefront.web.headers import public
from storefront.web.inputs import query, slug_of
from storefront.web.reply import Reply, shared_json
from storefront.web.site import Site

from .schemas import ProductsQuery, RecommendationsOut, RecommendationsQuery
from .views import categories_out, product_out, products_out, summary_out

_SHARED = public(5)


async def list_categories(site: Site, request: Request) -> Reply:
    """All categories with the number of their products."""
    del request
    return shared_json(categories_out(await site.shop.catalogue.categories()), _SHARED)


async def search_products(site: Site, request: Request) -> Reply:
    """Search, narrow down, sort and page through the products."""
    asked = query(request.scope, ProductsQuery)
    if None not in (asked.min_price, asked.max_price) and asked.min_price > asked.max_price:  # type: ignore[operator]
        raise InvalidInputError([("max_price", "must not be below min_price")])
    if asked.category:
        await _known_category(site, asked.category)
    page = await site.shop.catalogue.search(
        Query(
            text=asked.q.strip(),
            category=asked.category or None,
            min_price=asked.min_price,
            max_price=asked.max_price,
            in_stock=asked.in_stock,
            sort=asked.sort,
            page=asked.page,
            page_size=asked.page_size,
        )
    )
    return shared_json(products_out(page), _SHARED)


async def _known_category(site: Site, slug: str) -> None:
    """Raise InvalidInputError for a category that does not exist."""
    if any(c.slug == slug for c in await site.categories()):
        return
    # The remembered list may be some seconds old.
    if not any(c.slug == slug for c in await site.shop.catalogue.categories()):
        raise InvalidInputError([("category", "is not a category of this shop")])


async def show_product(site: Site, request: Request) -> Reply:
    """One product with everything about it."""
    product = await site.shop.catalogue.product(slug_of(request, "slug"))
    return shared_json(product_out(product), _SHARED)


async def recommend(site: Site, request: Request) -> Reply:
    """Products to show beside this one."""
    asked = query(request.scope, RecommendationsQuery)
    found = await site.shop.catalogue.recommendations(slug_of(request, "slug"), asked.limit)
    items = [summary_out(item) for item in found.items]
    return shared_json(RecommendationsOut(items, found.source), _SHARED)

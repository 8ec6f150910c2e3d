"""Home, category, search and product pages: the same for everyone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import minijinja
import msgspec
from starlette.requests import Request

from storefront.domain.catalogue import (
    Category,
    Product,
    ProductPage,
    ProductSummary,
    Query,
)
from storefront.domain.errors import NotFoundError, ShopError
from storefront.usecases import reviews
from storefront.web import listing
from storefront.web.inputs import slug_of, typed
from storefront.web.render import POPULAR, Page
from storefront.web.site import Site
from storefront.web.words import paragraphs

from .reviews import sums, view

_REVIEWS = 3  # the newest, on the product's own page
_HELP = 4  # products shown where a search found none
LOW_STOCK = 5  # units from which on the page says how few are left


async def home(site: Site, request: Request) -> Page:
    """What the shop is, its categories, and what sells."""
    del request
    categories, popular = await asyncio.gather(site.categories(), site.shelves.popular())
    tiles = await asyncio.gather(*(_tile(site, category) for category in categories))
    return site.templates.page(
        "home.html",
        categories,
        heroes=popular.items[:3],
        popular=site.templates.shelf(
            "popular", popular, POPULAR, more=("/search?sort=rating", "Best rated")
        ),
        tiles=tiles,
        total=f"{sum(category.product_count for category in categories):,}",
    )


async def _tile(site: Site, category: Category) -> tuple[Category, str]:
    """A category and a picture for it; an empty address when there is none to be had."""
    query = Query(category=category.slug, sort="rating", page_size=1)
    try:
        found = await site.tiles.get(
            query, partial(site.shop.catalogue.search, query, facets=False)
        )
    except ShopError:
        return category, ""
    return category, found.items[0].image_url if found.items else ""


async def category(site: Site, request: Request) -> Page:
    """A category's products, narrowed down and ordered; raises NotFoundError."""
    slug = slug_of(request, "category")
    categories = await site.categories()
    if not any(c.slug == slug for c in categories):
        raise NotFoundError("There is no such category.")
    chosen = listing.read(f"/c/{slug}", typed(request.scope), category_page=True)
    found, counts = await _find(site, chosen.query(slug))
    return site.lists.page(tuple(categories), slug, chosen, found, counts)


async def search(site: Site, request: Request) -> Page:
    """What fits the visitor's words, and help where nothing does."""
    chosen = listing.read("/search", typed(request.scope), category_page=False)
    categories = await site.categories()
    found, counts = await _find(site, chosen.query())
    instead: list[ProductSummary] = []
    if not found.total:
        instead = (await site.shelves.popular()).items
    return site.lists.page(tuple(categories), "", chosen, found, counts, instead[:_HELP])


async def _find(site: Site, query: Query) -> tuple[ProductPage, ProductPage]:
    """A page of hits, and the counts beside it, which may be some seconds old."""
    same = replace(query, sort="relevance", page=1, page_size=1)
    counts = site.counts.fresh(same)
    if counts is not None:
        return await site.shop.catalogue.search(query, facets=False), counts
    return await asyncio.gather(
        site.shop.catalogue.search(query, facets=False),
        site.counts.get(same, partial(site.shop.catalogue.search, same)),
    )


async def product(site: Site, request: Request) -> Page:
    """Everything about a product, and what goes with it; raises NotFoundError."""
    slug = slug_of(request, "slug")
    item, beside, categories = await asyncio.gather(
        site.shop.catalogue.product(slug), site.shelves.beside_product(slug), site.categories()
    )
    said = None
    if item.reviews.count:
        said = await reviews.product_reviews(site.shop.reviews, slug, page_size=_REVIEWS)
    return site.templates.page(
        "product.html",
        categories,
        current=item.summary.category,
        product=item.summary,
        category_name=item.category_name,
        paragraphs=paragraphs(item.description),
        attributes=list(item.attributes.items()),
        available=item.available,
        low=LOW_STOCK,
        most=min(99, item.available),
        reviews=item.reviews,
        sums=sums(said) if said else None,
        newest=[view(review) for review in said.items] if said else [],
        structured=_structured(site, item),
        beside=site.templates.shelf(
            "also-bought",
            beside,
            "Customers also bought",
            popular_title="Goes well with it",
            about=[item.summary.sku],
            more=(f"/c/{item.summary.category}", f"All of {item.category_name}"),
        ),
    )


def _structured(site: Site, item: Product) -> str:
    """schema.org data for search engines, safe inside a script element."""
    s, url = item.summary, site.settings.public_url
    pictures = site.settings.assets_url or url
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": s.name,
        "sku": s.sku,
        "category": item.category_name,
        "description": item.description,
        "image": s.image_url if s.image_url.startswith("http") else pictures + s.image_url,
        "offers": {
            "@type": "Offer",
            "url": f"{url}/p/{s.slug}",
            "price": f"{s.price / 100:.2f}",
            "priceCurrency": s.currency,
            "availability": f"https://schema.org/{'InStock' if item.available else 'OutOfStock'}",
        },
    }
    if item.reviews.count and item.reviews.average:
        data["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": round(item.reviews.average, 2),
            "reviewCount": item.reviews.count,
        }
    text = msgspec.json.encode(data).decode()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return minijinja.safe(text)

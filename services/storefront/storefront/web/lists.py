"""Category and search pages: all around the cards is made once a choice, not once a visit."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import minijinja

from storefront.domain.catalogue import (
    Category,
    CategoryCount,
    PriceBand,
    ProductPage,
    ProductSummary,
)

from .listing import PAGE_SIZE, Listing
from .render import Page, Templates

_SEAM = "<!--cards-->"
_KEPT = 2000
Frame = tuple[bytes, bytes, bytes]  # up to the personal piece, up to the cards, after them


class Lists:
    """Makes list pages from frames; a frame is kept as long as all that it shows is the same."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._frame = functools.lru_cache(maxsize=_KEPT)(self._make_frame)

    def page(
        self,
        categories: tuple[Category, ...],
        slug: str,
        chosen: Listing,
        found: ProductPage,
        counts: ProductPage,
        instead: Sequence[ProductSummary] = (),
    ) -> Page:
        """The page of category ``slug``, or of a search where it is empty.

        ``instead`` are products to offer where nothing was found.
        """
        before, between, after = self._frame(
            categories,
            slug,
            chosen,
            found.total,
            bool(found.items),
            tuple(counts.prices),
            tuple(counts.categories),
        )
        cards = self._templates.cards(found.items or instead).encode()
        return Page(before, b"".join((between, cards, after)))

    def _make_frame(
        self,
        categories: tuple[Category, ...],
        slug: str,
        chosen: Listing,
        total: int,
        any_items: bool,
        bands: tuple[PriceBand, ...],
        category_counts: tuple[CategoryCount, ...],
    ) -> Frame:
        money = {
            amount: self._templates.round_money(amount)
            for band in bands
            for amount in (band.min, (band.max or 0) + 1)
        }
        page = self._templates.page(
            "category.html" if slug else "search.html",
            categories,
            current=slug,
            category=next((c for c in categories if c.slug == slug), None),
            all_categories=categories,
            text=chosen.text,
            listing=chosen,
            hidden=[(k, v) for k, v in chosen.fields.items() if k not in ("sort", "page")],
            sorts=chosen.sorts(),
            bands=chosen.bands(bands, money),
            category_choices=chosen.categories(category_counts),
            stock=chosen.stock(),
            cleared=chosen.cleared(),
            pages=chosen.pages(total),
            previous=chosen.at(chosen.page - 1) if chosen.page > 1 else "",
            next=chosen.at(chosen.page + 1) if chosen.page * PAGE_SIZE < total else "",
            total=total,
            any_items=any_items,
            cards=minijinja.safe(_SEAM),
        )
        between, _, after = page.after.partition(_SEAM.encode())
        return page.before, between, after

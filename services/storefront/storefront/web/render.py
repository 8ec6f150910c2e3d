"""HTML: minijinja templates, the pieces that are made once and used often, and the page's seam.

A page is the same for everyone but for one piece of its header: "Sign in" or "Account", and the
number on the cart. `Page` keeps the bytes before and after that piece, so that a page in memory is
personal after joining three byte strings.
"""

from __future__ import annotations

import functools
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import minijinja

from storefront.domain.catalogue import Category, ProductSummary, Recommendations
from storefront.domain.money import Money
from storefront.settings import Settings

from .assets import Assets

_TEMPLATES = Path(__file__).with_name("templates")
_SEAM = "<!--you-->"
_CARDS_KEPT = 8192
_EMPTY_ONE = 4  # products that the script may put into an empty shelf
_ABOUT = 20  # SKUs that the recommender takes
POPULAR = "What people take home"


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered page without its personal piece."""

    before: bytes
    after: bytes

    def whole(self, piece: bytes) -> bytes:
        """The page with the personal piece in place."""
        return self.before + piece + self.after


def stars(rating: float) -> int:
    """A rating in half stars, 2-10, for the class names of the style sheet."""
    return max(2, min(10, round(rating * 2)))


def address(url: str) -> str:
    """A URL for an attribute, escaped as far as it must be: minijinja escapes slashes too."""
    return minijinja.safe(html.escape(url))


class Templates:
    """All templates, compiled once; values are escaped unless they are templates' own output."""

    def __init__(self, settings: Settings, assets: Assets) -> None:
        sources = {path.name: path.read_text("utf-8") for path in _TEMPLATES.glob("*.html")}
        self._currency = settings.currency
        self._assets_url = settings.assets_url
        self._env = minijinja.Environment(
            templates=sources,
            filters={
                "money": self.money,
                "stars": stars,
                "address": address,
                "picture": self.picture,
            },
            globals={
                "files": {
                    "css": minijinja.safe(assets.address("site.css")),
                    "office": minijinja.safe(assets.address("office.css")),
                    "js": minijinja.safe(assets.address("site.js")),
                    "shelves": minijinja.safe(assets.address("shelves.js")),
                    "icon": minijinja.safe(assets.address("icon.svg")),
                    "serif": minijinja.safe(assets.address("young-serif.woff2")),
                },
                "shop": settings.shop_name,
                "pictures": minijinja.safe(settings.assets_url),
                "public_url": minijinja.safe(html.escape(settings.public_url)),
            },
            debug=False,  # or errors would show what people typed, and end in the logs
            undefined_behavior="strict",
            trim_blocks=True,
            lstrip_blocks=True,
        )
        # A product looks the same wherever and however often it is listed: made once, as long as
        # nothing about it changes (price and stock are part of the key).
        self._card = functools.lru_cache(maxsize=_CARDS_KEPT)(self._make_card)
        self._you = functools.lru_cache(maxsize=4096)(self._make_you)
        self._nav = functools.lru_cache(maxsize=256)(self._make_nav)

        # Only the script can fill these, once the visitor agrees.
        nobody_knows = Recommendations([], "popular")
        seen = self.shelf("recently-viewed", nobody_knows, "You looked at these")
        self._env.add_global("recently_viewed", seen)
        self._env.add_global("for_you", self.for_you(nobody_knows))

    def money(self, amount: int) -> str:
        """Minor units as people read them."""
        return str(Money(amount, self._currency))

    def picture(self, url: str) -> str:
        """A product picture's URL for an attribute: our own ones are on the asset host."""
        return address(self._assets_url + url if url.startswith("/") else url)

    def round_money(self, amount: int) -> str:
        """As `money`, without cents where there are none."""
        return self.money(amount).replace(".00", "")

    def fragment(self, name: str, **values: Any) -> str:
        """A template's output as it is."""
        return self._env.render_template(name, **values)

    def page(
        self, template: str, categories: Sequence[Category], /, *, current: str = "", **values: Any
    ) -> Page:
        """A whole page; ``current`` is the category to mark in the navigation."""
        nav = self._nav(tuple(categories), current)
        text = self._env.render_template(template, nav=minijinja.safe(nav), **values)
        before, _, after = text.partition(_SEAM)
        return Page(before.encode(), after.encode())

    def cards(self, products: Sequence[ProductSummary]) -> str:
        """List items of product cards, safe to be put into a template."""
        return minijinja.safe("".join(map(self._card, products)))

    def shelf(
        self,
        name: str,
        found: Recommendations,
        title: str,
        *,
        popular_title: str = "",
        about: Sequence[str] = (),
        more: tuple[str, str] | None = None,
    ) -> str:
        """A shelf as a section, safe to be put into a template; an empty one is hidden.

        The script asks for it anew with its name, its number of products and what it is ``about``
        (SKUs), and shows it then. ``popular_title`` is for products that are there because they
        sell; ``more`` is an address and its words.
        """
        section = self._env.render_template(
            "shelf.html",
            name=name,
            title=title,
            popular_title=popular_title or title,
            found=found,
            limit=len(found.items) or _EMPTY_ONE,
            about=urlencode([("sku", sku) for sku in about[:_ABOUT]]),
            cards=self.cards(found.items),
            more=more,
        )
        return minijinja.safe(section)

    def for_you(self, found: Recommendations) -> str:
        """The shelf of what fits somebody, which says so when it is what fits most."""
        return self.shelf("for-you", found, "Chosen for you", popular_title=POPULAR)

    def you(self, *, signed_in: bool, cart_items: int) -> bytes:
        """The personal piece of the header."""
        return self._you(signed_in, cart_items)

    def _make_card(self, product: ProductSummary) -> str:
        return self._env.render_template("card.html", product=product)

    def _make_you(self, signed_in: bool, cart_items: int) -> bytes:
        return self._env.render_template(
            "you.html", signed_in=signed_in, cart_items=cart_items
        ).encode()

    def _make_nav(self, categories: tuple[Category, ...], current: str) -> str:
        return self._env.render_template("nav.html", categories=categories, current=current)

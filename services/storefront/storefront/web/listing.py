"""Lists of products as people narrow them down: filters, links to other choices, paging."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from storefront.domain.catalogue import CategoryCount, PriceBand, Query, Sort

PAGE_SIZE = 20
MAX_TEXT = 200
_MAX_PAGE = 10_000
_MAX_PRICE = 2_147_483_647
_BAND = re.compile(r"(\d{1,10})-(\d{0,10})\Z", re.ASCII)
_SORTS: tuple[tuple[Sort, str], ...] = (
    ("relevance", "Recommended"),
    ("newest", "Newest"),
    ("price", "Price, low to high"),
    ("-price", "Price, high to low"),
    ("rating", "Best rated"),
    ("name", "Name"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A link to the same list, narrowed down or ordered differently."""

    label: str
    href: str
    chosen: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a visitor chose on a list; anything that makes no sense is left out, not refused."""

    path: str
    text: str = ""
    category: str = ""  # chosen as a filter; empty on a category's own page
    band: tuple[int, int | None] | None = None
    in_stock: bool = False
    sort: Sort = "relevance"
    page: int = 1

    def query(self, category: str | None = None) -> Query:
        """What to ask of the catalogue; ``category`` where the list's page is a category's own."""
        low, high = self.band or (None, None)
        return Query(
            text=self.text,
            category=category or self.category or None,
            min_price=low,
            max_price=high,
            in_stock=self.in_stock,
            sort=self.sort,
            page=self.page,
            page_size=PAGE_SIZE,
        )

    @property
    def fields(self) -> dict[str, str]:
        """The choices as query parameters; whatever is as usual is left out."""
        low, high = self.band or (0, None)
        given = {
            "q": self.text,
            "category": self.category,
            "price": f"{low}-{'' if high is None else high}" if self.band else "",
            "in_stock": "1" if self.in_stock else "",
            "sort": "" if self.sort == "relevance" else self.sort,
            "page": "" if self.page == 1 else str(self.page),
        }
        return {name: value for name, value in given.items() if value}

    @property
    def href(self) -> str:
        """The address of exactly this list."""
        return f"{self.path}?{urlencode(self.fields)}" if self.fields else self.path

    @property
    def filtered(self) -> bool:
        """Whether anything but words and order narrows the list down."""
        return bool(self.category or self.band or self.in_stock)

    def cleared(self) -> str:
        """The address without filters."""
        return replace(self, category="", band=None, in_stock=False, page=1).href

    def sorts(self) -> list[tuple[str, str, bool]]:
        """Value, label and chosen for the order."""
        words = {"relevance": "Best match"} if self.text else {}
        return [(sort, words.get(sort, label), sort == self.sort) for sort, label in _SORTS]

    def categories(self, counts: Sequence[CategoryCount]) -> list[Choice]:
        """Links that choose a category as a filter, or let go of the chosen one."""
        return [
            Choice(
                c.name,
                replace(self, category="" if c.value == self.category else c.value, page=1).href,
                c.value == self.category,
                c.count,
            )
            for c in counts
        ]

    def bands(self, bands: Sequence[PriceBand], money: Mapping[int, str]) -> list[Choice]:
        """Links that choose a price band, or let go of the chosen one."""
        return [
            Choice(
                _band_label(band.min, band.max, money),
                replace(
                    self,
                    band=None if (band.min, band.max) == self.band else (band.min, band.max),
                    page=1,
                ).href,
                (band.min, band.max) == self.band,
                band.count,
            )
            for band in bands
        ]

    def stock(self) -> Choice:
        """The link that shows only what is in stock, or everything again."""
        other = replace(self, in_stock=not self.in_stock, page=1)
        return Choice("In stock only", other.href, self.in_stock)

    def pages(self, total: int) -> list[Choice | None]:
        """Links to the pages around this one, the first and the last; None for a gap."""
        last = min(_MAX_PAGE, -(-total // PAGE_SIZE))
        if last <= 1:
            return []
        near = {1, last, *range(self.page - 1, self.page + 2)}
        shown: list[Choice | None] = []
        previous = 0
        for number in sorted(n for n in near if 1 <= n <= last):
            if number > previous + 1:
                shown.append(None)
            shown.append(Choice(str(number), self.at(number), number == self.page))
            previous = number
        return shown

    def at(self, page: int) -> str:
        """The address of another page of the same list."""
        return replace(self, page=page).href


def read(path: str, given: Mapping[str, str], *, category_page: bool) -> Listing:
    """The choices in a query string that a person may have typed."""
    sort = given.get("sort", "")
    page = given.get("page", "")
    return Listing(
        path=path,
        text="" if category_page else given.get("q", "")[:MAX_TEXT].strip(),
        category="" if category_page else given.get("category", "")[:100],
        band=_band(given.get("price", "")),
        in_stock=given.get("in_stock") == "1",
        sort=next((known for known, _ in _SORTS if known == sort), "relevance"),
        page=int(page) if re.fullmatch(r"[1-9]\d{0,3}", page, re.ASCII) else 1,
    )


def _band(text: str) -> tuple[int, int | None] | None:
    match = _BAND.match(text)
    if match is None:
        return None
    low, high = int(match[1]), int(match[2]) if match[2] else None
    if low > _MAX_PRICE or (high is not None and not low <= high <= _MAX_PRICE):
        return None
    return low, high


def _band_label(low: int, high: int | None, money: Mapping[int, str]) -> str:
    if high is None:
        return f"{money[low]} and over"
    # Bands end one minor unit before the next begins; people read round prices.
    return f"Under {money[high + 1]}" if low == 0 else f"{money[low]} to {money[high + 1]}"

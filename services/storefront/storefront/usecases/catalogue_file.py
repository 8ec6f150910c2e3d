"""Catalogue files: CSV in UTF-8, checked line by line.

Header ``sku,name,description,category,price,currency,stock,image_url``, and optionally a ninth
column ``attributes`` ("Colour: Sage; Material: Stoneware"). Everything that is wrong is collected,
with its line and column, so that a file can be put right in one go.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from storefront.domain.catalogue import CatalogueRow

COLUMNS = ("sku", "name", "description", "category", "price", "currency", "stock", "image_url")
ATTRIBUTES = "attributes"
PICTURES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
}
MAX_PRICE = 100_000_000  # minor units
MAX_STOCK = 1_000_000
MAX_KEPT = 100  # problems remembered in words; the rest is counted
_MAX_SLUG = 80
_LENGTHS = {"sku": 64, "name": 200, "description": 10_000, "category": 100, "image_url": 2_000}
_SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PRICE = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?")
_STOCK = re.compile(r"[0-9]{1,9}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONG_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # tab and newline are text
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_LETTERS = str.maketrans(  # what decomposing leaves as it is; apostrophes join
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "þ": "th", "'": "", "\u2019": ""}
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong (or odd) on a line, counted from 1; ``column`` is empty for a whole line."""

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        """``line 73214, price: "12,99" is not ...``."""
        return f"line {self.line}{', ' if self.column else ''}{self.column}: {self.message}"


@dataclass
class Problems:
    """The first MAX_KEPT problems, and how many there are in all."""

    kept: list[Problem] = field(default_factory=list)
    count: int = 0

    def add(self, line: int, column: str, message: str) -> None:
        """Note one."""
        self.count += 1
        if self.count <= MAX_KEPT:
            self.kept.append(Problem(line, column, message))


def parse(lines: Iterable[bytes], currency: str) -> tuple[list[CatalogueRow], Problems]:
    """All good rows of a file given as lines of bytes, and all problems.

    ``image_url`` is as in the file: empty, https, an absolute path, or the relative path of a file.
    ``slug`` is made of the name; whoever stores the row makes it unique.
    """
    problems = Problems()
    rows: list[CatalogueRow] = []
    file = _File(currency, problems)
    width = 0
    for line, cells in _records(lines, problems):
        if not width:
            width = _header(cells, line, problems)
            if not width:
                break
        elif len(cells) != width:
            problems.add(line, "", f"{len(cells)} columns instead of {width}")
        elif (row := file.row(line, cells)) is not None:
            rows.append(row)
    if not width and not problems.count:
        problems.add(1, "", f"the file is empty; expected the header {','.join(COLUMNS)}")
    return rows, problems


def slugify(text: str) -> str:
    """Lower-case ASCII words joined by hyphens; empty when nothing of ``text`` can be kept."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    words = _NOT_SLUG.sub("-", plain.encode("ascii", "ignore").decode()).strip("-")
    return words[:_MAX_SLUG].rstrip("-")


def shown(value: str) -> str:
    """A value as messages quote it: on one line, and not too long."""
    return json.dumps(value if len(value) <= 60 else value[:57] + "...", ensure_ascii=False)


def _decoded(lines: Iterable[bytes], problems: Problems) -> Iterator[str]:
    for number, raw in enumerate(lines, 1):
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as problem:
            wrong = raw[problem.start]
            problems.add(number, "", f"not UTF-8: byte 0x{wrong:02x} at {problem.start + 1}")
            text = raw.decode("utf-8", "replace")
        yield text


def _records(lines: Iterable[bytes], problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Each record that is no empty line, with the line it begins on."""
    reader = csv.reader(_decoded(lines, problems), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            problems.add(line, "", f"not CSV: {problem}")
            continue
        if cells:
            yield line, cells


def _header(cells: list[str], line: int, problems: Problems) -> int:
    """The number of columns, or 0 for a wrong header."""
    if tuple(cells) in (COLUMNS, (*COLUMNS, ATTRIBUTES)):
        return len(cells)
    problems.add(
        line, "", f"expected the header {','.join(COLUMNS)} (and optionally {ATTRIBUTES} after it),"
        f" found {shown(','.join(cells))}",
    )  # fmt: skip
    return 0


class _File:
    """Checks rows one after the other, knowing those before."""

    def __init__(self, currency: str, problems: Problems) -> None:
        self._currency = currency
        self._problems = problems
        self._first_line: dict[str, int] = {}  # by SKU
        self._categories: dict[str, tuple[str, str]] = {}  # as written: slug and first spelling
        self._spelling: dict[str, str] = {}  # of a category, by slug
        self._attributes: dict[str, dict[str, str]] = {}

    def row(self, line: int, cells: list[str]) -> CatalogueRow | None:
        """The checked row, or None after adding what is wrong with it."""
        before = self._problems.count
        texts = [
            self._text(line, column, cell) for column, cell in zip(COLUMNS, cells, strict=False)
        ]
        sku, name, description, category, price, currency, stock, image_url = texts
        self._check_sku(line, sku)
        if currency != self._currency:
            self._wrong(line, "currency", currency, f"is not the shop's {self._currency}")
        self._check_image_url(line, image_url)
        amount, units = self._amount(line, price), self._units(line, stock)
        attributes = self._read_attributes(line, cells[8]) if len(cells) > 8 else {}
        if self._problems.count > before:
            return None
        category_slug, category_name = self._category(category)
        return CatalogueRow(
            line=line,
            sku=sku,
            slug=slugify(name) or slugify(sku) or "product",
            name=name,
            description=description,
            category=category_name,
            category_slug=category_slug,
            price=amount,
            currency=currency,
            stock=units,
            image_url=image_url,
            attributes=attributes,
        )

    def _wrong(self, line: int, column: str, value: str, message: str) -> None:
        self._problems.add(line, column, f"{shown(value)} {message}")

    def _text(self, line: int, column: str, value: str) -> str:
        if not value.isascii():
            value = unicodedata.normalize("NFC", value)
        value = value.strip()
        control = _CONTROL
        if column == "description":
            value = value.replace("\r\n", "\n")
            control = _LONG_CONTROL
        if column in ("sku", "name", "category") and not value:
            self._problems.add(line, column, "is empty")
        elif len(value) > _LENGTHS.get(column, 40):
            limit = _LENGTHS.get(column, 40)
            self._problems.add(line, column, f"has {len(value)} characters; {limit} are allowed")
        elif column != "sku" and (found := control.search(value)) is not None:
            message = f"contains the control character U+{ord(found[0]):04X}"
            self._problems.add(line, column, message)
        return value

    def _check_sku(self, line: int, sku: str) -> None:
        if sku and not _SKU.fullmatch(sku):
            self._wrong(line, "sku", sku, "may have letters A-Z, digits, '.', '_' and '-' only")
        elif (first := self._first_line.setdefault(sku, line)) != line and sku:
            self._wrong(line, "sku", sku, f"is on line {first} already")

    def _amount(self, line: int, price: str) -> int:
        match = _PRICE.fullmatch(price)
        if match is None:
            self._wrong(line, "price", price, "is not a decimal number with at most two places")
            return 0
        amount = int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))
        if not 0 < amount <= MAX_PRICE:
            self._wrong(line, "price", price, f"is not from 0.01 to {MAX_PRICE // 100}")
        return amount

    def _units(self, line: int, stock: str) -> int:
        if _STOCK.fullmatch(stock) is None or int(stock) > MAX_STOCK:
            self._wrong(line, "stock", stock, f"is not a whole number from 0 to {MAX_STOCK}")
            return 0
        return int(stock)

    def _check_image_url(self, line: int, url: str) -> None:
        if not url or (url.startswith("/") and not url.startswith("//")):
            return
        if url.startswith("https://"):
            if len(url.split()) != 1 or len(url) == len("https://"):
                self._wrong(line, "image_url", url, "is not an address")
        elif url.startswith("//") or "\\" in url or _SCHEME.match(url):
            message = "is neither https://, nor a path, nor a file beside the catalogue"
            self._wrong(line, "image_url", url, message)
        elif not url.lower().endswith(tuple(PICTURES)):
            self._wrong(line, "image_url", url, f"is no picture ({' '.join(PICTURES)})")

    def _category(self, name: str) -> tuple[str, str]:
        """Slug and name; names that differ only in case or punctuation are one category."""
        known = self._categories.get(name)
        if known is None:
            slug = slugify(name) or "c-" + hashlib.sha256(name.encode()).hexdigest()[:8]
            known = slug, self._spelling.setdefault(slug, name)
            self._categories[name] = known
        return known

    def _read_attributes(self, line: int, text: str) -> dict[str, str]:
        known = self._attributes.get(text)
        if known is not None:
            return known
        before = self._problems.count
        attributes: dict[str, str] = {}
        for part in filter(None, (part.strip() for part in text.split(";"))):
            name, colon, value = (piece.strip() for piece in part.partition(":"))
            if not (colon and name and value):
                self._wrong(line, ATTRIBUTES, part, 'is not like "Colour: Sage; Size: 30 cm"')
            elif name in attributes:
                self._wrong(line, ATTRIBUTES, name, "is there twice")
            elif len(name) > 60 or len(value) > 300 or _CONTROL.search(part):
                message = "is too long (60 and 300 characters) or has control characters"
                self._wrong(line, ATTRIBUTES, part, message)
            attributes[unicodedata.normalize("NFC", name)] = unicodedata.normalize("NFC", value)
        if len(attributes) > 50:
            self._problems.add(line, ATTRIBUTES, f"has {len(attributes)}; 50 are allowed")
        if self._problems.count == before:
            self._attributes[text] = attributes
        return attributes

"""Importing a catalogue file with its pictures: all of it or nothing."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from storefront.domain.catalogue import CatalogueRow
from storefront.domain.errors import UnavailableError
from storefront.ports import Catalogue, Images

from .catalogue_file import PICTURES, Problems, parse, shown

MAX_PICTURE = 10 * 1024 * 1024  # bytes
UPLOADS = 16  # at the same time
_BEGINNINGS = {
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".webp": (b"RIFF",),
    ".svg": (b"<svg", b"<?xml", b"<!--", b"<!DOCTYPE svg"),
}


class BadCatalogueError(Exception):
    """The file was refused and nothing was changed; ``problems`` says why."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        super().__init__(f"{problems.count} problems")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: numbers of products and of distinct pictures, and what is odd."""

    rows: int
    created: int
    updated: int
    pictures: int
    warnings: Problems


@dataclass(frozen=True, slots=True)
class _Picture:
    """A file beside the catalogue; its key is made of its content."""

    path: Path
    key: str


async def import_catalogue(
    catalogue: Catalogue, images: Images, file: Path, currency: str
) -> Imported:
    """Create and update products by SKU; stock becomes the file's number.

    A picture file that does not exist is a warning, and its product gets no picture. Pictures are
    stored before the one transaction that changes the catalogue: their keys are made of their
    content, so that what an import stores before it fails does no harm and is not stored twice.

    How it ended is remembered, for who watches. Raises BadCatalogueError naming every bad line,
    OSError when the file cannot be read, and UnavailableError.
    """
    try:
        return await _import(catalogue, images, file, currency)
    except (BadCatalogueError, OSError, UnavailableError):
        with contextlib.suppress(UnavailableError):  # then that is what is in trouble
            await catalogue.note_refused_import()
        raise


async def _import(catalogue: Catalogue, images: Images, file: Path, currency: str) -> Imported:
    warnings = Problems()
    rows, pictures = await asyncio.to_thread(_read, file, currency, warnings)
    await _store(images, pictures)
    created, updated = await catalogue.import_rows(rows)
    return Imported(len(rows), created, updated, len(pictures), warnings)


def _read(
    file: Path, currency: str, warnings: Problems
) -> tuple[list[CatalogueRow], list[_Picture]]:
    with file.open("rb") as lines:
        rows, problems = parse(lines, currency)
    folder = _Folder(file.parent, problems, warnings)
    rows = [_pictured(row, folder) for row in rows]
    if problems.count:
        problems.kept.sort(key=lambda problem: problem.line)
        raise BadCatalogueError(problems)
    return rows, list(folder.pictures.values())


def _pictured(row: CatalogueRow, folder: _Folder) -> CatalogueRow:
    if not row.image_url or row.image_url.startswith(("/", "https://")):
        return row
    return replace(row, image_url=folder.image_url(row.line, row.image_url))


class _Folder:
    """Finds the pictures beside a catalogue file, each once."""

    def __init__(self, folder: Path, problems: Problems, warnings: Problems) -> None:
        self._folder = folder.resolve()
        self._problems = problems
        self._warnings = warnings
        self._urls: dict[str, str] = {}
        self.pictures: dict[str, _Picture] = {}  # by key

    def image_url(self, line: int, name: str) -> str:
        """Where the shop will show the picture; empty where there is no such file."""
        if name not in self._urls:
            path = (self._folder / name).resolve()
            if not path.is_relative_to(self._folder):
                message = f"{shown(name)} leads outside the catalogue's folder"
                self._problems.add(line, "image_url", message)
                return ""
            if not path.is_file():
                message = f"there is no file {shown(name)}; the product has no picture"
                self._warnings.add(line, "image_url", message)
                return ""
            self._urls[name] = self._read(line, name, path)
        return self._urls[name]

    def _read(self, line: int, name: str, path: Path) -> str:
        suffix = path.suffix.lower()
        with path.open("rb") as file:
            body = file.read(MAX_PICTURE + 1)
        if len(body) > MAX_PICTURE:
            message = f"{shown(name)} has more than {MAX_PICTURE // 1024**2} MB"
        elif not _looks_like(suffix, body):
            message = f"{shown(name)} is no {suffix.removeprefix('.').upper()} picture"
        else:
            key = hashlib.sha256(body).hexdigest()[:32] + suffix
            self.pictures.setdefault(key, _Picture(path, key))
            return f"/images/{key}"
        self._problems.add(line, "image_url", message)
        return ""


def _looks_like(suffix: str, body: bytes) -> bool:
    if suffix == ".avif":
        return body[4:8] == b"ftyp"
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_BEGINNINGS[suffix])


async def _store(images: Images, pictures: Iterable[_Picture]) -> None:
    """Store all, a few at a time."""
    waiting = iter(pictures)

    async def work() -> None:
        for picture in waiting:
            body = await asyncio.to_thread(picture.path.read_bytes)
            await images.put(picture.key, body, PICTURES[picture.path.suffix.lower()])

    tasks = [asyncio.create_task(work()) for _ in range(UPLOADS)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()

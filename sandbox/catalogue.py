"""Fills an empty shop: generates the catalogue once, then imports it as a merchant would."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from .guard import Guard
from .part import HOST
from .pods import Site, run_to_end
from .process import Command, PartError, tail

_LIMIT = 600.0  # seconds for either step


class Catalogue:
    """The seed: made in the background, kept in the state folder."""

    def __init__(self, site: Site, guard: Guard) -> None:
        self._site, self._guard = site, guard
        self.directory = site.directory / "seed"
        self._making: asyncio.Task[None] | None = None

    @property
    def file(self) -> Path:
        """What is imported."""
        return self.directory / "catalogue.csv"

    def begin(self) -> None:
        """Generate it in the background when this is a first start."""
        first = not (self._site.directory / "postgres" / "data").exists()
        if first and self._can_make and self._is_stale():
            self._making = asyncio.create_task(self._make())

    @property
    def _sources(self) -> Path:
        return self._site.storefront / "seed"

    @property
    def _can_make(self) -> bool:
        return (self._sources / "__main__.py").exists()

    def _fingerprint(self) -> str:
        """Of the generator: what it made before is good as long as this is the same."""
        digest = hashlib.sha256()
        for path in sorted(self._sources.rglob("*.py")):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def _is_stale(self) -> bool:
        mark = self.directory / "fingerprint"
        return not mark.exists() or mark.read_text() != self._fingerprint()

    async def _make(self) -> None:
        making = self.directory.with_name("seed.new")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700, parents=True)
        fingerprint = self._fingerprint()
        await self._run("seed", [sys.executable, "-m", "seed", str(making)], {})
        (making / "fingerprint").write_text(fingerprint)
        shutil.rmtree(self.directory, ignore_errors=True)
        making.rename(self.directory)

    async def fill(self, port: int, environment: Mapping[str, str]) -> int:
        """Import into a shop without products, asking a web process; returns how many it has."""
        total = await asyncio.to_thread(_total, port)
        if total or not self._can_make:
            return total
        if self._making is None and self._is_stale():
            self._making = asyncio.create_task(self._make())
        if self._making is not None:
            await self._making
        argv = [sys.executable, "-m", "storefront", "import-catalogue", str(self.file)]
        await self._run("import", argv, environment)
        return await asyncio.to_thread(_total, port)

    async def _run(self, name: str, argv: list[str], environment: Mapping[str, str]) -> None:
        command = Command(
            name=name,
            argv=argv,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "PYTHONPATH": str(self._site.storefront),
                "PYTHONUNBUFFERED": "1",
                "LANG": "C.UTF-8",
                **environment,
            },
            cwd=self._site.storefront,
            log=self._site.logs / f"{name}.log",
        )
        status = await run_to_end(command, self._guard, _LIMIT)
        if status:
            raise PartError(f"{name} failed (status {status}):\n{tail(command.log)}")

    async def cancel(self) -> None:
        """Stop generating."""
        if self._making is not None and not self._making.done():
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)


def _total(port: int) -> int:
    """How many products the shop shows."""
    url = f"http://{HOST}:{port}/api/v1/products?page_size=1"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return int(json.load(answer)["total"])

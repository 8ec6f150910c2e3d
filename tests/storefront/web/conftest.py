"""A stocked shop for each module of web tests, on the real parts: opening one costs more than most
of the tests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from storefront.settings import Settings
from storefront.web.app import create_app
from storefront.wiring import open_shop
from web_kit import NASTY, row, stock, visitor


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(settings: Settings) -> AsyncIterator[Any]:
    async with open_shop(settings) as shop:
        await stock(shop)
        yield shop


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no reason for a page to go without shelves; whoever tests that says so."""
    monkeypatch.setattr("storefront.web.shelves.PATIENCE", 30.0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nasty(shop: Any) -> str:
    """The slug of a product whose every text is an attack."""
    hostile = row(98, name=NASTY, description=NASTY, attributes={NASTY: NASTY}, slug="nasty")
    await shop.catalogue.import_rows([hostile])
    return hostile.slug


@pytest.fixture(scope="module")
def app(shop: Any) -> Any:
    return create_app(shop)


@pytest_asyncio.fixture(loop_scope="module")
async def client(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of its own for every test."""
    async with visitor(app) as client:
        yield client

"""What pages show beside what they are about: never waited for long, never the end of a page."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import partial

from storefront.domain.accounts import Caller
from storefront.domain.catalogue import Recommendations
from storefront.domain.errors import ShopError, UnavailableError
from storefront.usecases import shelves
from storefront.wiring import Shop

from .remember import Remembered, observe

_log = logging.getLogger(__name__)
SECONDS = 30.0
_KEPT = 5000
PATIENCE = 0.3  # seconds that a page waits for a shelf, and then does without
POPULAR = 8
BESIDE = 4
NOTHING = Recommendations([], "popular")
Ask = Callable[[], Awaitable[Recommendations]]


class Shelves:
    """The shelves that every page has without a script; an empty one where nobody can say.

    A shelf may be old: the next visitor gets the new one. Once one took longer than PATIENCE, no
    page waits for any until one comes in time again; meanwhile they are tried one by one behind the
    pages' backs.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._kept: Remembered[Hashable, Recommendations] = Remembered(SECONDS, _KEPT)
        # A shelf that hangs holds a connection; most are left to what pages are about.
        self._turns = asyncio.Semaphore(max(1, shop.settings.database_pool_size // 3))
        self._asking = 0
        self._troubled = False

    async def popular(self) -> Recommendations:
        """What sells."""
        ask = partial(self._shop.shelves.shelf, "popular", [], [], POPULAR)
        return await self._shared("popular", ask)

    async def beside_product(self, slug: str) -> Recommendations:
        """What is bought with a product."""
        ask = partial(self._shop.catalogue.recommendations, slug, BESIDE)
        return await self._shared(("product", slug), ask)

    async def beside(self, skus: Sequence[str]) -> Recommendations:
        """What is bought with these products, such as those of a cart."""
        ask = partial(self._shop.shelves.shelf, "also-bought", skus, [], BESIDE)
        return await self._shared(("products", *skus), ask)

    async def for_you(self, caller: Caller) -> Recommendations:
        """What fits to what the caller has bought, and is none of it; never an old answer."""
        ask = partial(shelves.for_you, self._shop.shelves, caller, BESIDE)
        return self._shown(await self._wait(partial(self._ask, ask), None))

    async def _shared(self, key: Hashable, ask: Ask) -> Recommendations:
        found = self._kept.fresh(key)
        if found is not None:
            return self._shown(found)
        again = partial(self._kept.get, key, partial(self._ask, ask))
        return self._shown(await self._wait(again, self._kept.at_hand(key)))

    def _shown(self, found: Recommendations) -> Recommendations:
        """The same; counts where pages got their shelves from."""
        self._shop.metrics.shelf(found.source if found.items else "none")
        return found

    async def _wait(self, ask: Ask, old: Recommendations | None) -> Recommendations:
        """The answer if it comes in time; one at hand is not waited for, but made anew."""
        if self._troubled and self._asking:
            return old or NOTHING
        flight = asyncio.ensure_future(ask())
        flight.add_done_callback(observe)
        if old is None and not self._troubled:
            await asyncio.wait({flight}, timeout=PATIENCE)
            if not flight.done() or isinstance(flight.exception(), UnavailableError):
                _log.warning("pages go without shelves for now")
                self._troubled = True
        if not flight.done():
            return old or NOTHING
        if (problem := flight.exception()) is None:
            return flight.result()
        if not isinstance(problem, ShopError):
            _log.error("a shelf failed", exc_info=problem)
        return old or NOTHING

    async def _ask(self, ask: Ask) -> Recommendations:
        """One question to the source, when it is its turn; raises UnavailableError."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._turns.acquire()
        except TimeoutError:
            raise UnavailableError("shelves") from None
        self._asking += 1
        began = time.monotonic()
        try:
            found = await ask()
        finally:
            self._asking -= 1
            self._turns.release()
        self._troubled = time.monotonic() - began > PATIENCE
        return found

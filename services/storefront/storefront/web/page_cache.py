"""Catalogue pages in memory, answered before any routing."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.types import Scope

from .remember import Remembered
from .render import Page
from .reply import Reply
from .site import Site, cookies_of

_LIMIT = 2000  # pages, at some 15 KB each
Make = Callable[[Site, Request], Awaitable[Page]]


@dataclass(frozen=True, slots=True)
class _Kept:
    page: Page
    tag: bytes
    endpoint: object  # for the counts: a page at hand is not routed


class PageCache:
    """Pages that are the same for everyone, kept for PAGE_CACHE_SECONDS (0: not at all).

    A page is kept by path and raw query string. Whoever has one of the shop's cookies gets the same
    bytes with their own piece in the header, and is told that nobody may keep that.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._kept: Remembered[tuple[str, bytes], _Kept] = Remembered(
            site.settings.page_cache_seconds, _LIMIT
        )

    def ready(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Reply | None:
        """The answer if the page is at hand and fresh."""
        kept = self._kept.fresh((scope["path"], scope["query_string"]))
        if kept is None or scope["method"] not in ("GET", "HEAD"):
            return None
        scope["endpoint"] = kept.endpoint
        return self._reply(kept, scope, headers.get(b"if-none-match"))

    async def serve(self, make: Make, request: Request) -> Reply:
        """The page, made by ``make`` unless it is at hand."""
        scope = request.scope
        if self._site.settings.page_cache_seconds <= 0:
            page = await make(self._site, request)
            return self._site.show(page, cookies_of(scope), shared=True)
        key = (scope["path"], scope["query_string"])
        kept = await self._kept.get(key, partial(self._keep, make, request))
        given = request.headers.get("if-none-match")
        return self._reply(kept, scope, given.encode("latin-1") if given else None)

    async def _keep(self, make: Make, request: Request) -> _Kept:
        page = await make(self._site, request)
        digest = hashlib.blake2b(page.before, digest_size=12)
        digest.update(page.after)
        tag = f'"{digest.hexdigest()}"'.encode()
        return _Kept(page, tag, request.scope.get("endpoint"))

    def _reply(self, kept: _Kept, scope: Scope, given_tag: bytes | None) -> Reply:
        sent = cookies_of(scope)
        reply = self._site.show(kept.page, sent, shared=True)
        if not sent.any_of_ours:
            reply.headers.append((b"etag", kept.tag))
            # Caches that compress mark the tag as weak.
            if given_tag is not None and kept.tag in given_tag:
                return Reply(304, reply.headers, b"")
        return reply

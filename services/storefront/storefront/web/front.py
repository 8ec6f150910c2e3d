"""What every request passes: one thin layer of plain ASGI.

It names the request, refuses what comes from another site, bounds the body, answers pages that are
in memory, puts the security headers on every answer, and turns a crash into an answer.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storefront.domain.errors import ForbiddenError
from storefront.logs import log_context
from storefront.metrics import SLOW_SECONDS
from storefront.tracing import NOWHERE, Span, SpanKind, fail, ids, inside, start

from . import headers as h
from .cookies import NOTHING
from .failures import Failures
from .metrics import PROBES, RouteTable
from .page_cache import PageCache
from .problems import http_problem
from .site import Site

_log = logging.getLogger("storefront.access")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:=-]{1,128}\Z")
MAX_BODY = 64 * 1024
_BODY_SECONDS = 10.0
# A sender that is cut off while it still sends may never read the answer, so that a body which is
# too large is read to its end and thrown away, within reason.
_MOST_DISCARDED = 16 * 1024 * 1024


class _TooLargeError(Exception):
    """The body is larger than MAX_BODY."""


class _GoneError(Exception):
    """The client left before its request was whole; nobody waits for an answer."""


class Front:
    """The outermost layer of the web application."""

    def __init__(
        self, app: ASGIApp, site: Site, pages: PageCache, failures: Failures, table: RouteTable
    ) -> None:
        self._app = app
        self._site = site
        self._pages = pages
        self._failures = failures
        self._table = table
        self._tracer = site.shop.tracer
        self._security = h.security(secure=site.settings.cookie_secure)
        policy = (b"content-security-policy", h.page_policy(site.settings.assets_url))
        self._unless_said = (policy, h.OWN_SITE)
        self._own = urlsplit(site.settings.public_url).netloc.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; other events go straight through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        given = headers.get(b"x-request-id")
        request_id = given if given and _REQUEST_ID.match(given) else secrets.token_hex(8).encode()
        cookie = headers.get(b"cookie")
        scope["shop.cookies"] = self._site.jar.read(cookie.decode("latin-1")) if cookie else NOTHING
        scope["shop.request_id"] = request_id.decode()
        status, span = 0, None

        async def dress(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                sent = [*message["headers"], *self._security, (b"x-request-id", request_id)]
                sent += [one for one in self._unless_said if not h.has(message["headers"], one[0])]
                if self._site.health.draining:
                    sent.append((b"connection", b"close"))
                message["headers"] = sent
            await send(message)

        ready = self._pages.ready(scope, headers)
        if ready is not None:
            await ready(scope, receive, dress)
        else:
            span = self._span(scope, headers)
            with log_context(request_id=scope["shop.request_id"]), inside(span):
                try:
                    await self._handle(scope, headers, receive, dress)
                except Exception as problem:  # the last place before the connection would drop
                    route = self._table.of(scope)
                    _log.exception("request crashed", extra={"route": route.route})
                    if status:
                        route.note(failed=True, seconds=time.perf_counter() - began)
                        raise  # the answer has begun: only cutting it off says that it is not whole
                    await (await self._failures.answer(scope, problem))(scope, receive, dress)
                finally:
                    self._describe(span, scope, status)
        took = time.perf_counter() - began
        route = self._table.of(scope)
        route.note(failed=status >= 500, seconds=took)
        if status >= 500 or took >= SLOW_SECONDS or _log.isEnabledFor(logging.DEBUG):
            self._note(scope, route.route, status, took, span)

    async def _handle(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        length = headers.get(b"content-length", b"")
        if scope["method"] in _SAFE and not (length.isdigit() and int(length) > MAX_BODY):
            await self._app(scope, receive, send)
            return
        if not self._same_site(headers):
            refusal: Exception = ForbiddenError("Requests from other sites are refused.")
            await (await self._failures.answer(scope, refusal))(scope, receive, send)
            return
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                scope["shop.body"] = await _read(receive)
        except _GoneError:
            return
        except (TimeoutError, _TooLargeError) as problem:
            status = 413 if isinstance(problem, _TooLargeError) else 408
            closing = http_problem(status, [(b"connection", b"close")])
            await (await self._failures.tell(scope, closing))(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _same_site(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a state change comes from our own pages, or from no browser at all."""
        own = (self._own, headers.get(b"host", b"").decode("latin-1").lower())
        origin = headers.get(b"origin")
        if origin is not None:
            return _netloc(origin) in own
        if headers.get(b"sec-fetch-site") in (b"cross-site", b"same-site"):
            return False
        referer = headers.get(b"referer")
        return referer is None or _netloc(referer) in own

    def _span(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Span:
        """A span for what is not in memory; for that there is nothing to find out."""
        parent = headers.get(b"traceparent", b"").decode("latin-1")
        if scope["path"] in PROBES:
            return start(NOWHERE, "", SpanKind.SERVER, None)
        return start(self._tracer, scope["method"], SpanKind.SERVER, parent)

    def _describe(self, span: Span, scope: Scope, status: int) -> None:
        if span.is_recording():
            route = self._table.of(scope).route
            span.update_name(route)
            span.set_attribute("http.request.method", scope["method"])
            span.set_attribute("http.route", route.partition(" ")[2] or route)
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                fail(span, str(status))

    def _note(self, scope: Scope, route: str, status: int, took: float, span: Span | None) -> None:
        level = logging.INFO if status >= 500 or took >= SLOW_SECONDS else logging.DEBUG
        _log.log(
            level,
            "request",
            extra={
                "request_id": scope["shop.request_id"],
                **(ids(span) if span else {}),
                "method": scope["method"],
                "route": route,  # the path itself may be anything that somebody typed
                "status": status,
                "milliseconds": round(took * 1000, 1),
            },
        )


def _netloc(url: bytes) -> str | None:
    """Host and port of an http(s) address; None for anything else, such as ``null``."""
    try:
        parts = urlsplit(url.decode("ascii"))
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in ("http", "https") and parts.netloc else None


async def _read(receive: Receive) -> bytes:
    """The whole body; raises _TooLargeError once it is read to its end (or to _MOST_DISCARDED)."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError  # half a request must not count as a whole one
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= MAX_BODY:
            chunks.append(chunk)
        if not message.get("more_body", False) or size > _MOST_DISCARDED:
            break
    if size > MAX_BODY:
        raise _TooLargeError
    return b"".join(chunks)

"""Which form a failure takes: JSON for programs, a page for people."""

from __future__ import annotations

import logging
import re

from starlette.requests import Request
from starlette.types import Scope

from storefront.tracing import ids

from .problems import CRASH, Problem, as_problem, describe
from .reply import Reply, see_other
from .site import Site, cookies_of

_log = logging.getLogger(__name__)
_FOR_PROGRAMS = (
    "/api/",
    "/images/",
    "/static/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
)
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9._~/-]+\Z")
_WORDS = {
    401: ("Please sign in", "This page is for signed-in customers."),
    403: ("That did not come from here", "The request came from another site, so it was refused."),
    404: ("This page has flown", "The address may be mistyped, or the thing is no longer sold."),
    405: ("Not like this", "This address cannot be used that way."),
    429: ("One moment, please", "There were too many attempts in a short time."),
    500: ("Something broke on our side", "It has been noted. Please try again in a moment."),
    503: ("We will be right back", "The shop is briefly unable to do this. Please try again."),
}


class Failures:
    """Answers for everything that is not a success."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def answer(self, scope: Scope, error: Exception) -> Reply:
        """The answer for an exception of any kind."""
        problem = describe(error)
        path: str = scope["path"]
        if problem.status == 404 and path.endswith("/") and not path.startswith(_FOR_PROGRAMS):
            without_slashes = "/" + path.strip("/")  # one at the front: never another host
            if _PLAIN_PATH.match(without_slashes) and scope["method"] in ("GET", "HEAD"):
                return see_other(without_slashes)
        return await self.tell(scope, problem)

    async def on_error(self, request: Request, error: Exception) -> Reply:
        """As `answer`, in the form that Starlette's exception handlers have."""
        return await self.answer(request.scope, error)

    async def tell(self, scope: Scope, problem: Problem) -> Reply:
        """The answer for a problem."""
        if scope["path"].startswith(_FOR_PROGRAMS):
            return as_problem(problem)
        try:
            return await self._page(scope, problem)
        except Exception:  # noqa: BLE001 - there must be an answer, and it is logged
            _log.exception("no page for a problem", extra={"status": problem.status})
            return as_problem(CRASH)

    async def _page(self, scope: Scope, problem: Problem) -> Reply:
        title, text = _WORDS.get(problem.status, (problem.title, problem.detail))
        page = self._site.templates.page(
            "problem.html",
            await self._site.navigation(),
            status=problem.status,
            title=title,
            text=text,
            errors=problem.errors,
            request_id=scope.get("shop.request_id", ""),
            trace_id=ids().get("trace_id", ""),
        )
        reply = self._site.show(page, cookies_of(scope), shared=False, status=problem.status)
        reply.headers.extend(problem.headers)
        return reply

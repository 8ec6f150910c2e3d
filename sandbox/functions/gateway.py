"""An HTTP API of API Gateway: stages, routes, throttling, CORS, permissions, and its own answers.

When a function fails, throws, or answers nonsense, an HTTP API says 500; when the integration takes
too long or Lambda throttles, 503. The words are those of the service.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.telemetry import emf

from .declared import Api, Route
from .payload import Answer, MalformedError, Request, answer, event, message
from .pool import Outcome, Pool, ThrottledError

BODY_LIMIT = 10 * 1_048_576  # bytes of a request


class _FailedError(Exception):
    """The integration failed."""


class _UnavailableError(Exception):
    """The integration did not answer in time, or could not begin."""


@dataclass(slots=True)
class _Bucket:
    """Tokens of one route."""

    rate: float
    burst: float
    tokens: float = field(init=False)
    seen: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens, self.seen = self.burst, time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self.tokens = min(self.burst, self.tokens + (now - self.seen) * self.rate)
        self.seen = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(frozen=True, slots=True)
class _Compiled:
    route: Route
    method: str
    path: re.Pattern[str]
    order: tuple[int, int, int]  # the smallest that matches wins
    bucket: _Bucket | None


class Gateway:
    """Answers the requests to one API; every problem that a client does not see goes to a log."""

    def __init__(self, api: Api, pools: Mapping[str, Pool], log: Path) -> None:
        self.api, self._pools, self._log = api, pools, log
        self._stages = {
            name: sorted((_compile(route) for route in routes), key=lambda c: c.order)
            for name, routes in api.stages.items()
        }
        self._running: set[asyncio.Task[Outcome]] = set()
        self._sender = emf.Sender.here()

    async def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        begun = time.monotonic()
        found = self._preflight(request) or await self._route(request)
        self._with_cors(request, found)
        took = (time.monotonic() - begun) * 1000
        self._say(f"{request.method} {request.path} {found.status} {took:.0f} ms")
        kind = found.status // 100
        metrics = {"Count": 1, "4xx": int(kind == 4), "5xx": int(kind == 5), "Latency": took}
        self._sender.send(emf.document("AWS/ApiGateway", {"ApiId": self.api.id}, metrics))
        return found

    async def _route(self, request: Request) -> Answer:
        stage, path = self._stage(request.path)
        for compiled in self._stages.get(stage, ()):
            matched = compiled.path.fullmatch(path)
            if matched is None or compiled.method not in ("ANY", request.method):
                continue
            if compiled.bucket is not None and not compiled.bucket.take():
                return message(429, "Too Many Requests")
            if request.size > BODY_LIMIT:
                return message(413, "Request Entity Too Large")
            parameters = {
                name: urllib.parse.unquote(value) for name, value in matched.groupdict().items()
            }
            return await self._integrate(compiled.route, stage, request, parameters)
        return message(404, "Not Found")

    def _stage(self, path: str) -> tuple[str, str]:
        """The stage that a path names, and the path within it."""
        first, _, rest = path.lstrip("/").partition("/")
        if first != "$default" and first in self._stages:
            return first, f"/{rest}"
        return "$default", path

    async def _integrate(
        self, route: Route, stage: str, request: Request, parameters: Mapping[str, str]
    ) -> Answer:
        trace = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"
        made = event(request, self.api, stage, route.key, parameters, trace)
        try:
            return answer(json.loads(await self._invoke(route, made, trace)))
        except MalformedError as problem:
            said, found = f"malformed answer: {problem}", message(500, "Internal Server Error")
        except _UnavailableError as problem:
            said, found = str(problem), message(503, "Service Unavailable")
        except _FailedError as problem:
            said, found = str(problem), message(500, "Internal Server Error")
        self._say(f"route {route.key}: {route.function}: {said}")
        return found

    async def _invoke(self, route: Route, made: Mapping[str, Any], trace: str) -> str:
        """The JSON text that the function answers."""
        pool = self._pools.get(route.function)
        if pool is None or (route.qualifier and not _knows(pool, route.qualifier)):
            raise _FailedError(f"there is no function {route.invoked}")
        if not route.permitted:
            raise _FailedError(f"no aws.lambda_.Permission of {route.invoked} lets this API in")
        # A task of its own: Lambda goes on although nobody waits for the answer any more.
        running = asyncio.create_task(pool.invoke(json.dumps(made), route.qualifier, trace))
        self._running.add(running)
        running.add_done_callback(self._over)
        await asyncio.wait((running,), timeout=route.timeout)
        if not running.done():
            raise _UnavailableError(f"no answer within {route.timeout:g} s")
        try:
            outcome = running.result()
        except ThrottledError as problem:
            raise _UnavailableError("it has no concurrency left") from problem
        if outcome.error:
            raise _FailedError(outcome.payload[:500])
        return outcome.payload

    def _over(self, task: asyncio.Task[Outcome]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also when nobody waited

    def _preflight(self, request: Request) -> Answer | None:
        asked = request.header("access-control-request-method")
        if not self.api.cors or request.method != "OPTIONS" or not asked:
            return None
        return Answer(204)

    def _with_cors(self, request: Request, given: Answer) -> None:
        """As declared, whatever the function said itself; nothing for an origin not declared."""
        cors, origin = self.api.cors, request.header("origin")
        if not cors:
            return
        given.headers = [
            (name, value) for name, value in given.headers if not name.startswith("access-control-")
        ]
        allowed = [str(o) for o in cors.get("allowOrigins") or []]
        if not origin or ("*" not in allowed and origin not in allowed):
            return
        told = {
            "access-control-allow-origin": "*" if "*" in allowed else origin,
            "access-control-allow-credentials": "true" if cors.get("allowCredentials") else "",
            "access-control-expose-headers": ",".join(cors.get("exposeHeaders") or []),
        }
        if given.status == 204 and request.method == "OPTIONS":
            told |= {
                "access-control-allow-methods": ",".join(cors.get("allowMethods") or []),
                "access-control-allow-headers": ",".join(cors.get("allowHeaders") or []),
                "access-control-max-age": str(cors.get("maxAge") or ""),
            }
        given.headers += [(name, value) for name, value in told.items() if value]

    def _say(self, line: str) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%H:%M:%S')} {line}\n")


def _knows(pool: Pool, qualifier: str) -> bool:
    return qualifier == "$LATEST" or qualifier in pool.function.aliases


def _compile(route: Route) -> _Compiled:
    """`Full match, then greedy, then $default`, a method before ANY."""
    bucket = None if route.rate is None else _Bucket(route.rate, float(route.burst))
    if route.key == "$default":
        return _Compiled(route, "ANY", re.compile(r"/.*", re.DOTALL), (2, 0, 0), bucket)
    method, path = route.key.split(" ", 1)
    pattern = "".join(
        f"(?P<{part[1:-2]}>.+)" if part.endswith("+}")
        else f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{")
        else re.escape(part)
        for part in re.split(r"(\{[^}]+\})", path)
    )  # fmt: skip
    order = (int("+}" in path), path.count("{"), int(method == "ANY"))
    return _Compiled(route, method, re.compile(pattern), order, bucket)

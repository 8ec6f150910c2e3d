"""Lambda's Invoke API, as boto3 speaks it."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.parse
import uuid
from collections.abc import Mapping

from .declared import split_arn
from .payload import Answer, Request
from .pool import Outcome, Pool, ThrottledError

_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")


class _RefusedError(Exception):
    """Status, error type and message."""


class Invoker:
    """``POST /2015-03-31/functions/NAME/invocations``: by name, logical name or ARN."""

    def __init__(self, pools: Mapping[str, Pool]) -> None:
        self._pools = pools
        self._labels = {pool.function.label: pool for pool in pools.values()}
        self._running: set[asyncio.Task[Outcome]] = set()

    async def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        try:
            pool, qualifier = self._find(request)
            payload = request.body.decode(errors="replace") or "{}"
            _check(payload)
            return await self._invoke(request, pool, payload, qualifier)
        except ThrottledError as problem:
            return _refuse(429, "TooManyRequestsException", str(problem))
        except _RefusedError as problem:
            return _refuse(*problem.args)

    def _find(self, request: Request) -> tuple[Pool, str]:
        """The function and the qualifier that a request names."""
        matched = _PATH.fullmatch(request.path)
        if matched is None or request.method != "POST":
            known = ", ".join(sorted(self._pools))
            raise _RefusedError(404, "UnknownOperationException", f"only Invoke, of {known}")
        text = urllib.parse.unquote(matched[1])
        name, qualifier = split_arn(text)
        qualifier = dict(urllib.parse.parse_qsl(request.query)).get("Qualifier", qualifier)
        pool = self._pools.get(name) or self._labels.get(name)
        if pool is None or (qualifier not in ("", "$LATEST", *pool.function.aliases)):
            known = ", ".join(sorted(self._labels))
            said = f"Function not found: {text}; there are: {known}"
            raise _RefusedError(404, "ResourceNotFoundException", said)
        return pool, qualifier

    async def _invoke(self, request: Request, pool: Pool, payload: str, qualifier: str) -> Answer:
        kind = request.header("x-amz-invocation-type") or "RequestResponse"
        if kind == "DryRun":
            return Answer(204)
        # A task of its own: Lambda goes on although nobody waits for the answer any more.
        running = asyncio.create_task(
            pool.invoke(payload, qualifier, request.header("x-amzn-trace-id"))
        )
        self._running.add(running)
        running.add_done_callback(self._over)
        if kind == "Event":
            return Answer(202)
        outcome = await asyncio.shield(running)
        version = pool.function.aliases.get(qualifier, "$LATEST")
        headers = [("content-type", "application/json"), ("x-amz-executed-version", version)]
        if outcome.error:
            headers.append(("x-amz-function-error", outcome.error))
        return Answer(200, headers, outcome.payload.encode())

    def _over(self, task: asyncio.Task[Outcome]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also when nobody waited


def _check(payload: str) -> None:
    try:
        json.loads(payload)
    except ValueError as problem:
        said = f"Could not parse request body into json: {problem}"
        raise _RefusedError(400, "InvalidRequestContentException", said) from problem


def _refuse(status: int, kind: str, text: str) -> Answer:
    body = json.dumps({"Type": "User", "Message": text, "message": text}).encode()
    headers = [
        ("content-type", "application/json"),
        ("x-amzn-errortype", kind),
        ("x-amzn-requestid", str(uuid.uuid4())),
    ]
    return Answer(status, headers, body)

"""`python -m sandbox.aws.server DIRECTORY PORT`: moto on uvicorn, one request at a time.

One thread does everything, so what the journal says is the order in which things happened, and
moto's races between threads cannot occur. Only a long poll of a queue waits, without blocking.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import re
import sys
import time
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import uvicorn
from moto.dynamodb.parsing.expressions import (  # type: ignore[attr-defined]
    UpdateExpressionParser,
)
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.secretsmanager.utils import SecretsManagerSecretIdentifier
from moto.sqs.models import sqs_backends

from . import ACCOUNT, fast, queues
from .firehose import Deliveries
from .journal import Journal
from .memory import DynamoMemory, S3Memory, SsmMemory

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]

_CREDENTIAL = re.compile(rb"Credential=[^/]+/\d+/([^/]+)/([^/]+)/")
_POLL = 0.2  # seconds between looks at a queue whose messages may become visible again


def _steady_secret_arns() -> None:
    """A secret keeps its ARN over a restart: the random end becomes a hash of its name."""

    def generate(self: Any, existing_ids: Any = None, tags: Any = None) -> str:
        del existing_ids, tags
        digest = zlib.crc32(self.name.encode())
        suffix = "".join(chr(ord("a") + (digest >> shift & 15)) for shift in range(0, 24, 4))
        return f"arn:aws:secretsmanager:{self.region}:{self.account_id}:secret:{self.name}-{suffix}"

    SecretsManagerSecretIdentifier.generate = generate  # type: ignore[method-assign]


def _remember_parsed_updates() -> None:
    """A shop sends the same few update expressions again and again; moto works on copies."""
    parsed = lru_cache(1024)(UpdateExpressionParser.make)
    UpdateExpressionParser.make = staticmethod(parsed)


class Server:
    """The ASGI application."""

    def __init__(self, directory: Path) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        journal = Journal(directory)
        self._dynamodb = DynamoMemory(journal)
        self._s3 = S3Memory(journal)
        self._ssm = SsmMemory(journal)
        self._deliveries = Deliveries()
        self._sent = asyncio.Event()  # replaced each time: "some queue got a message"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; see the ASGI specification."""
        if scope["type"] != "http":
            return
        if scope["path"] == "/_sandbox/health":
            await _reply(send, (200, [], b"ok"))
            return
        if scope["path"] == "/_sandbox/queues":
            await _reply(send, (200, [], json.dumps(queues.standing()).encode()))
            return
        body = await _body(receive)
        headers = dict(scope["headers"])
        found = _CREDENTIAL.search(headers.get(b"authorization", b""))
        region, service = (g.decode() for g in found.groups()) if found else ("us-east-1", "")
        operation = headers.get(b"x-amz-target", b"").rpartition(b".")[2].decode()
        if service == "dynamodb":
            answer = self._on_dynamodb(scope, region, operation, body)
        elif service == "sqs" and operation == "ReceiveMessage":
            answer = await self._on_receive(scope, receive, region, body)
        else:
            if service == "ssm":
                self._ssm.before(region)
            answer = self._long_way(scope, body)
            if answer[0] < 300:
                self._changed(scope, region, service, operation, body)
        await _reply(send, answer)

    def _changed(
        self, scope: Scope, region: str, service: str, operation: str, body: bytes
    ) -> None:
        """Keep what a successful request did."""
        match service:
            case "sqs":
                self._sent.set()
                self._sent = asyncio.Event()
            case "s3":
                path, query = _raw_path(scope), scope["query_string"].decode()
                self._s3.after(region, scope["method"], path, query, body)
            case "firehose":
                for bucket, key in self._deliveries.take():
                    self._s3.remember(bucket, key)
            case "ssm":
                self._ssm.after(region, operation, json.loads(body))

    def _on_dynamodb(self, scope: Scope, region: str, operation: str, body: bytes) -> Answer:
        if quick := fast.answer(region, operation, body):
            content, request = quick
            headers = [
                (b"content-type", b"application/x-amz-json-1.0"),
                (b"x-amz-crc32", fast.checksum(content)),
            ]
            answer: Answer = (200, headers, content)
        else:
            answer, request = self._long_way(scope, body), {}
        if answer[0] < 300:
            self._dynamodb.after(region, operation, request or json.loads(body or b"{}"))
        return answer

    async def _on_receive(self, scope: Scope, receive: Receive, region: str, body: bytes) -> Answer:
        """A long poll; moto's own would hold the thread."""
        request = json.loads(body)
        wait = request.get("WaitTimeSeconds")
        if wait is None:
            name = request.get("QueueUrl", "").rpartition("/")[2]
            queue = sqs_backends[ACCOUNT][region].queues.get(name)
            wait = int(getattr(queue, "receive_message_wait_time_seconds", 0))
        request["WaitTimeSeconds"] = 0
        deadline = time.monotonic() + wait
        gone = asyncio.ensure_future(receive())  # the caller hangs up
        try:
            while True:
                answer = self._long_way(scope, json.dumps(request).encode())
                left = deadline - time.monotonic()
                if answer[0] >= 300 or b'"Messages"' in answer[2] or left <= 0 or gone.done():
                    return answer
                sent = asyncio.ensure_future(self._sent.wait())
                await asyncio.wait(
                    (sent, gone), timeout=min(_POLL, left), return_when=asyncio.FIRST_COMPLETED
                )
                sent.cancel()
        finally:
            gone.cancel()

    def _long_way(self, scope: Scope, body: bytes) -> Answer:
        """Through moto's WSGI application."""
        got: list[tuple[int, list[tuple[bytes, bytes]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            encoded = [(key.lower().encode(), value.encode("latin-1")) for key, value in headers]
            got.append((int(status.split(" ", 1)[0]), encoded))

        chunks = self._moto(_environ(scope, body), start)
        content = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        return got[-1][0], got[-1][1], content


def _raw_path(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("latin-1")


def _environ(scope: Scope, body: bytes) -> dict[str, Any]:
    query = scope["query_string"].decode("latin-1")
    host, port = scope["server"]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "RAW_URI": _raw_path(scope) + (f"?{query}" if query else ""),
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)),
    }
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        if name == "CONTENT_TYPE":
            environ[name] = raw_value.decode("latin-1")
        elif name not in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):  # uvicorn undid the chunks
            environ[f"HTTP_{name}"] = raw_value.decode("latin-1")
    return environ


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _reply(send: Send, answer: Answer) -> None:
    status, headers, body = answer
    if not any(name == b"content-length" for name, _ in headers):
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve until told to stop."""
    directory, port = Path(sys.argv[1]), int(sys.argv[2])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    os.environ.setdefault("MOTO_ALLOW_NONEXISTENT_REGION", "true")
    _steady_secret_arns()
    _remember_parsed_updates()
    uvicorn.run(
        Server(directory),
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
    )


if __name__ == "__main__":
    main()

"""Collectors of traces: one in memory, one that speaks OTLP/HTTP, one that never answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Collector:
    """What arrived: spans by service, and all of it as text."""

    url: str = ""
    spans: list[tuple[str, Span]] = field(default_factory=list)
    text: str = ""
    connections: int = 0

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        self.text += MessageToJson(request)
        for resource in request.resource_spans:
            names = {a.key: a.value.string_value for a in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [(names["service.name"], span) for span in scope.spans]


@asynccontextmanager
async def collecting(*, hang: bool = False) -> AsyncIterator[Collector]:
    """A collector on a real socket; with ``hang`` it takes requests and never answers."""
    collector = Collector()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        collector.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                fields = dict(
                    line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line
                )
                body = await reader.readexactly(int(fields[b"content-length"]))
                if hang:
                    await reader.read()
                    break
                assert head.startswith(b"POST /v1/traces ")
                collector.take(body)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    collector.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield collector
    finally:
        server.close()

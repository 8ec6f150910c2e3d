"""Traces in the web layer: what visitors may steer, what they see, and collectors that fail."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from storefront.tracing import (
    A_SECOND,
    BURST,
    EXPORT_SECONDS,
    SpanKind,
    Thrifty,
    current,
    header,
    ids,
    inside,
    make_provider,
    open_tracing,
    start,
)
from storefront.web.app import create_app
from test_telemetry_private import running
from tracekit import collecting
from web_kit import page, visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")
GIVEN = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{GIVEN}-00f067aa0ba902b7-01"


class Traced:
    """The shop's application with its spans in memory."""

    def __init__(self, shop: Any, share: int, **changed: Any) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = make_provider("web", share, self.exporter, own_parents=False)
        tracer = self.provider.get_tracer("test")
        self.app = create_app(dataclasses.replace(shop, tracer=tracer, **changed))

    def spans(self) -> list[Any]:
        self.provider.force_flush()
        return list(self.exporter.get_finished_spans())


@pytest.fixture
def traced(shop: Any) -> Iterator[Traced]:
    made = Traced(shop, 100)
    yield made
    made.provider.shutdown()


async def test_a_span_names_the_template_and_goes_on_from_the_visitors_trace(
    traced: Traced,
) -> None:
    async with visitor(traced.app, traceparent=PARENT, tracestate="who=canary") as client:
        assert (await client.get("/p/thing-002?q=canary")).status_code == 200
    (span,) = traced.spans()
    assert span.name == "GET /p/{slug}"
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "http.route": "/p/{slug}",
        "http.response.status_code": 200,
    }
    assert f"{span.context.trace_id:032x}" == GIVEN
    assert "canary" not in span.to_json()


@pytest.mark.parametrize("given", ["", "nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "é"])
async def test_what_is_no_trace_context_begins_a_trace(traced: Traced, given: str) -> None:
    async with visitor(traced.app) as client:
        answer = await client.get("/cart", headers={"traceparent": given.encode()})
        assert answer.status_code == 200
    (span,) = traced.spans()
    assert span.parent is None
    assert span.context.trace_id != 0


async def test_a_visitor_cannot_have_everything_recorded(shop: Any) -> None:
    nothing = Traced(shop, 0)
    async with visitor(nothing.app, traceparent=PARENT) as client:
        for _ in range(20):
            await client.get("/cart")
    assert nothing.spans() == []
    nothing.provider.shutdown()


async def test_what_our_own_outbox_says_is_followed() -> None:
    exporter = InMemorySpanExporter()
    provider = make_provider("worker", 0, exporter, own_parents=True)
    tracer = provider.get_tracer("test")
    for flags in ("01", "00"):
        parent = f"{PARENT[:-2]}{flags}"
        with inside(start(tracer, "process x", SpanKind.CONSUMER, parent)):
            assert (current() or "").startswith(f"00-{GIVEN}-")
            assert (current() or "").endswith(f"-{flags}")
    provider.shutdown()
    assert len(exporter.get_finished_spans()) == 1
    assert current() is None


async def test_error_pages_show_request_and_trace(traced: Traced) -> None:
    async with visitor(traced.app, traceparent=PARENT) as client:
        missing = await client.get("/nowhere", headers={"x-request-id": "abc-1"})
    assert f"Request abc-1, trace {GIVEN}" in page(missing, 404).text
    (span,) = traced.spans()
    assert span.name == "unmatched"
    assert span.status.is_unset


async def test_a_crash_tells_its_status_and_nothing_else(shop: Any) -> None:
    class Broken:
        async def get(self, cart_id: str) -> Any:
            raise RuntimeError(f"canary {cart_id}")

    broken = Traced(shop, 100, carts=Broken())
    async with visitor(broken.app) as client:
        client.cookies.set("visitor", "v" * 43)
        crashed = await client.get("/cart")
    (span,) = broken.spans()
    broken.provider.shutdown()
    shown = page(crashed, 500).text
    assert f"trace {span.context.trace_id:032x}" in shown
    assert not span.status.is_ok
    assert span.attributes["error.type"] == "500"
    assert span.events == ()
    assert "canary" not in span.to_json() + shown


async def test_pages_show_a_trace_also_when_none_is_exported(settings: Any, shop: Any) -> None:
    async with (
        open_tracing(settings, "web", own_parents=False) as tracer,
        visitor(create_app(dataclasses.replace(shop, tracer=tracer))) as client,
    ):
        found = [page(await client.get("/nowhere"), 404).text for _ in range(2)]
    traces = {re.search(r"trace ([0-9a-f]{32})\b", text)[1] for text in found}  # type: ignore[index]
    assert len(traces) == 2


async def test_probes_are_not_traced(traced: Traced) -> None:
    async with visitor(traced.app) as client:
        for path in ("/healthz", "/readyz", "/metrics"):
            await client.get(path)
    assert traced.spans() == []


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many traces as somebody begins."""
    monkeypatch.setattr("storefront.tracing.BURST", 10_000)


@pytest.mark.usefixtures("unlimited")
async def test_the_end_sends_what_is_left(settings: Any) -> None:
    async with collecting() as collector:
        traced = dataclasses.replace(settings, otlp_endpoint=collector.url, trace_share=100)
        async with open_tracing(traced, "storefront-web", own_parents=False) as tracer:
            for number in range(700):  # more than one batch
                tracer.start_span(f"span {number}").end()
    assert len({span.name for _, span in collector.spans}) == 700
    assert {service for service, _ in collector.spans} == {"storefront-web"}


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize("listens", [True, False])
async def test_the_end_does_not_wait_for_a_collector_that_fails(
    settings: Any, *, listens: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as peer:
        url = f"http://127.0.0.1:{peer.getsockname()[1]}"
        if not listens:
            peer.close()
        traced = dataclasses.replace(settings, otlp_endpoint=url, trace_share=100)
        async with open_tracing(traced, "storefront-web", own_parents=False) as tracer:
            for _ in range(3000):  # more than the buffer holds
                tracer.start_span("span").end()
            ended = time.monotonic()
        took = time.monotonic() - ended
    assert took < 2.5 * EXPORT_SECONDS  # four batches, each of which would wait so long


async def test_a_collector_that_hangs_costs_nobody_anything(
    environment: dict[str, str], shop: Any
) -> None:
    said: list[str] = []
    async with collecting(hang=True) as collector:
        traced = {**environment, "OTLP_ENDPOINT": collector.url, "TRACE_SHARE": "100"}
        traced["OTEL_BSP_SCHEDULE_DELAY"] = (
            "1000"  # milliseconds; five seconds unless somebody says
        )
        async with running("web", traced, said) as web, httpx.AsyncClient(base_url=web) as client:
            slowest = 0.0
            deadline = time.monotonic() + 2.5  # longer than a batch waits, and than an export takes
            while time.monotonic() < deadline:
                began = time.monotonic()
                answers = await asyncio.gather(*(client.get("/cart") for _ in range(8)))
                assert {answer.status_code for answer in answers} == {200}
                slowest = max(slowest, time.monotonic() - began)
            stopped = time.monotonic()
        took = time.monotonic() - stopped
    assert collector.connections > 0
    assert slowest < 0.75 * EXPORT_SECONDS  # or an export that hangs has held up the loop
    assert took < 15
    assert "Traceback" not in said[0]


@pytest.mark.usefixtures("unlimited")
async def test_most_traces_are_left_out_before_the_sdk_sees_them(settings: Any) -> None:
    random.seed(3)
    async with collecting() as collector:
        traced = dataclasses.replace(settings, otlp_endpoint=collector.url, trace_share=5)
        async with open_tracing(traced, "storefront-web", own_parents=True) as tracer:
            spans = [start(tracer, "root", SpanKind.SERVER, None) for _ in range(4000)]
            for span in spans:
                start(tracer, "child", SpanKind.SERVER, header(span)).end()
                span.end()
    assert len({ids(span)["trace_id"] for span in spans}) == 4000
    sampled = {ids(s)["trace_id"] for s in spans if s.get_span_context().trace_flags.sampled}
    assert 0.035 < len(sampled) / 4000 < 0.065
    told = {(span.name, span.trace_id.hex()) for _, span in collector.spans}
    assert told == {(name, trace) for name in ("root", "child") for trace in sampled}


async def test_a_process_records_so_many_a_second_and_no_more(traced: Traced) -> None:
    now = 0.0
    tracer = Thrifty(traced.provider.get_tracer("test"), 100, clock=lambda: now)

    def recorded(requests: int) -> int:
        spans = [start(tracer, "root", SpanKind.SERVER, None) for _ in range(requests)]
        assert all(ids(span) for span in spans)  # for log lines
        return sum(span.is_recording() for span in spans)

    assert recorded(1000) == BURST
    now += 2
    assert recorded(1000) == 2 * A_SECOND
    now += 3600
    assert recorded(1000) == BURST

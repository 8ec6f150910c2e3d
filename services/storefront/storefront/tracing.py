"""Traces: one order's way through web, outbox, queue and worker, in W3C trace context.

Spans go through OpenTelemetry's SDK and leave over OTLP/HTTP from a thread of their own, with a
bounded buffer: a collector that is down or hangs costs spans, never a request. They hold words of
the program (route templates, event types) and event ids, never a value of a request. Of the trace
context only ``traceparent`` is taken and handed on: ``tracestate`` and ``baggage`` may hold
anything.

A span that is not sampled still has ids, so that log lines of one order can be found by them.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import (
    NonRecordingSpan,
    NoOpTracer,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

    from .settings import Settings

__all__ = [
    "EXPORT_SECONDS",
    "NOWHERE",
    "Span",
    "SpanKind",
    "Tracer",
    "current",
    "fail",
    "header",
    "ids",
    "inside",
    "open_tracing",
    "start",
]

NOWHERE: Tracer = NoOpTracer()
A_SECOND, BURST = 10, 100  # traces that one process records; so many at once after a quiet time
EXPORT_SECONDS = 2.0  # that one export may take, also the last one before the end
_W3C = TraceContextTextMapPropagator()
_NOTHING = Context()
_UNSEEN = TraceFlags(TraceFlags.RANDOM_TRACE_ID)  # not sampled


def current() -> str | None:
    """The ``traceparent`` of the span at work, to be handed on; None outside of any."""
    return header(trace.get_current_span())


def header(span: Span) -> str | None:
    """A span as a ``traceparent``; None for one that is nowhere."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, trace.set_span_in_context(span, _NOTHING))
    return carrier.get("traceparent")


def ids(span: Span | None = None) -> dict[str, str]:
    """Trace and span id of a span, by default the one at work, as logs and pages show them."""
    context = (span or trace.get_current_span()).get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}


def start(
    tracer: Tracer,
    name: str,
    kind: SpanKind,
    parent: str | None,
    attributes: Mapping[str, str] | None = None,
    *,
    since: dt.datetime | None = None,
) -> Span:
    """A span that goes on from a ``traceparent``; one that is missing or no such thing begins a
    trace. It must be ended by hand.
    """
    context = _W3C.extract({"traceparent": parent}, _NOTHING) if parent else _NOTHING
    began = None if since is None else int(since.timestamp() * 1e9)
    return tracer.start_span(name, context, kind, attributes, start_time=began)


@contextmanager
def inside(span: Span) -> Iterator[Span]:
    """Work in a span, which ends with it; of an exception it tells the type alone."""
    token = attach(trace.set_span_in_context(span))
    try:
        yield span
    except BaseException as problem:
        fail(span, type(problem).__name__)
        raise
    finally:
        detach(token)
        span.end()


def fail(span: Span, kind: str) -> None:
    """Mark a span as failed: ``kind`` is a type of exception or an HTTP status."""
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR))


@asynccontextmanager
async def open_tracing(
    settings: Settings, service: str, *, own_parents: bool
) -> AsyncIterator[Tracer]:
    """The tracer of a process; at the end what it still holds is sent, if that is quick.

    With ``own_parents`` the trace contexts that come in are our own. What comes from a browser is
    not: anybody could make us record all, so its trace id is kept and sampled like any other.
    """
    # The SDK takes a tenth of a second to import, which commands for the shell need not wait for.
    exporter: SpanExporter | None = None
    if settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )

        exporter = OTLPSpanExporter(
            f"{settings.otlp_endpoint}/v1/traces", timeout=EXPORT_SECONDS, headers={}
        )
    provider = make_provider(service, settings.trace_share, exporter, own_parents=own_parents)
    try:
        share = settings.trace_share if exporter else 0
        yield Thrifty(provider.get_tracer("storefront"), share)
    finally:
        # Sending blocks, so that it is left to a thread; what is not gone by then is thrown away.
        enough = asyncio.get_running_loop().call_later(
            EXPORT_SECONDS, exporter.shutdown if exporter else _nothing
        )
        await asyncio.to_thread(provider.shutdown)
        enough.cancel()


def _nothing() -> None:
    """There is nobody to stop."""


class Thrifty(Tracer):
    """Decides for traces that begin here before the SDK does anything: most are not recorded.

    Those get ids for the log lines and nothing else, for a fifth of what the SDK takes for it. What
    goes on from elsewhere is the SDK's to decide. A process records so many a second and no more:
    under load more of the same tell nothing new, and cost what visitors need.
    """

    def __init__(
        self, tracer: Tracer, share: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``tracer`` records each trace that begins with it; ``share`` per cent get so far."""
        self._tracer = tracer
        self._share = share / 100
        self._clock = clock
        self._left, self._counted = float(BURST), clock()

    def _affords(self) -> bool:
        now = self._clock()
        self._left = min(BURST, self._left + (now - self._counted) * A_SECOND)
        self._counted = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def _records(self) -> bool:
        return random.random() < self._share and self._affords()  # noqa: S311 - no secret

    def start_span(
        self, name: str, context: Context | None = None, *args: Any, **more: Any
    ) -> Span:
        """See `Tracer.start_span`."""
        above = trace.get_current_span(context)
        if above is trace.INVALID_SPAN and not self._records():
            about = SpanContext(
                random.getrandbits(128),
                random.getrandbits(64),
                is_remote=False,
                trace_flags=_UNSEEN,
            )
            return NonRecordingSpan(about)
        return self._tracer.start_span(name, context, *args, **more)

    def start_as_current_span(
        self, name: str, context: Context | None = None, *args: Any, **more: Any
    ) -> Any:
        """As `inside`: of an exception it tells the type alone."""
        return inside(self.start_span(name, context, *args, **more))


def make_provider(
    service: str, share: int, exporter: SpanExporter | None, *, own_parents: bool
) -> TracerProvider:
    """A provider that records what begins here, and ``share`` per cent of what strangers began;
    nothing without an exporter.
    """
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import (  # noqa: PLC0415
        ALWAYS_OFF,
        ALWAYS_ON,
        ParentBased,
        TraceIdRatioBased,
    )

    followed = ALWAYS_ON if own_parents else TraceIdRatioBased(share / 100)
    sampler = ParentBased(ALWAYS_ON, followed) if exporter else ALWAYS_OFF
    provider = TracerProvider(
        sampler=sampler,
        resource=Resource.create({"service.name": service, "service.namespace": "shop"}),
        shutdown_on_exit=False,
    )
    if exporter is not None:
        provider.add_span_processor(
            BatchSpanProcessor(
                exporter,
                max_queue_size=2048,
                max_export_batch_size=512,
            )
        )
    return provider

"""Recent traces: spans as OTLP brings them, put together by trace."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_TRACES = 500
MOST_SPANS = 200  # of one trace


@dataclass(frozen=True, slots=True)
class Span:
    """One span; times in seconds since the epoch. ``kind`` is such as server or consumer."""

    trace: str
    id: str
    parent: str
    service: str
    name: str
    kind: str
    start: float
    end: float
    failed: bool
    attributes: dict[str, str]

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max(self.end - self.start, 0.0)


@dataclass(slots=True)
class Trace:
    """Spans of one trace, in the order of their beginnings once `ordered`."""

    id: str
    spans: list[Span] = field(default_factory=list)

    @property
    def root(self) -> Span:
        """The span that nobody here began, the earliest of several."""
        known = {span.id for span in self.spans}
        roots = [span for span in self.spans if span.parent not in known]
        return min(roots or self.spans, key=lambda span: span.start)

    @property
    def start(self) -> float:
        """When it began."""
        return min(span.start for span in self.spans)

    @property
    def seconds(self) -> float:
        """From its beginning to the end of the last span."""
        return max(span.end for span in self.spans) - self.start

    @property
    def failed(self) -> bool:
        """Whether anything in it did."""
        return any(span.failed for span in self.spans)

    def ordered(self) -> list[tuple[int, Span]]:
        """Each span with its depth, parents before what they began."""
        known = {span.id for span in self.spans}
        below: dict[str, list[Span]] = {}
        for span in sorted(self.spans, key=lambda each: each.start):
            below.setdefault(span.parent if span.parent in known else "", []).append(span)
        found: list[tuple[int, Span]] = []
        left = [(0, span) for span in reversed(below.pop("", []))]
        while left:
            depth, span = left.pop()
            found.append((depth, span))
            left += [(depth + 1, inner) for inner in reversed(below.pop(span.id, []))]
        return found


class Traces:
    """The latest ones; the oldest is forgotten first."""

    def __init__(self) -> None:
        self._traces: OrderedDict[str, Trace] = OrderedDict()

    def add(self, span: Span) -> None:
        """Note a span."""
        trace = self._traces.setdefault(span.trace, Trace(span.trace))
        if len(trace.spans) < MOST_SPANS:
            trace.spans.append(span)
        if len(self._traces) > MOST_TRACES:
            self._traces.popitem(last=False)

    def __getitem__(self, id_: str) -> Trace:
        return self._traces[id_]

    def __contains__(self, id_: object) -> bool:
        return id_ in self._traces

    def __len__(self) -> int:
        return len(self._traces)

    def latest(self) -> Iterator[Trace]:
        """The youngest first."""
        return reversed(self._traces.values())


def decode(body: bytes) -> Iterator[Span]:
    """Spans of an OTLP/HTTP request (ExportTraceServiceRequest); raises ValueError."""
    # Imported when the first span comes: a sandbox at rest needs no protobuf.
    from google.protobuf.message import DecodeError  # noqa: PLC0415
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as otlp  # noqa: PLC0415

    request = otlp.ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError as problem:
        raise ValueError("this is no ExportTraceServiceRequest") from problem
    kinds = ("", "internal", "server", "client", "producer", "consumer")
    for resource in request.resource_spans:
        service = next(
            (a.value.string_value for a in resource.resource.attributes if a.key == "service.name"),
            "?",
        )
        for scope in resource.scope_spans:
            for told in scope.spans:
                yield Span(
                    trace=told.trace_id.hex(),
                    id=told.span_id.hex(),
                    parent=told.parent_span_id.hex(),
                    service=service,
                    name=told.name,
                    kind=kinds[told.kind] if told.kind < len(kinds) else "",
                    start=told.start_time_unix_nano / 1e9,
                    end=told.end_time_unix_nano / 1e9,
                    failed=told.status.code == 2,  # STATUS_CODE_ERROR
                    attributes={
                        a.key: a.value.string_value or str(a.value.int_value)
                        for a in told.attributes
                    },
                )

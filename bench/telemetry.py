"""What telemetry costs: the same pages with it and without, in turns, in one run."""

from __future__ import annotations

import contextlib
import statistics
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import load

ROUNDS = 27
# Time of a processor for each request: what a busy machine does beside it hardly shows in that.
HEAD = (
    f"{'telemetry':<40} {'with/s':>8} {'without/s':>9}   ratio"
    f" {'with µs':>9} {'without':>8}   ratio"
)
Web = Callable[..., AbstractContextManager[int]]
Run = Callable[[int, float], load.Result]


class _Collector(BaseHTTPRequestHandler):
    """Takes spans and throws them away."""

    protocol_version = "HTTP/1.1"
    taken = 0

    def do_POST(self) -> None:
        """Read one export."""
        _Collector.taken += len(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@contextlib.contextmanager
def _collecting() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Collector)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def rows(web: Web, run: Run, cpu: Callable[[int], float], seconds: float) -> Iterator[str]:
    """Lines of the table: medians of the ratios of rounds in which the two took turns.

    ``cpu`` tells the processor time of the process behind a port; what counts is how many requests
    the same time answers, with telemetry and without.
    """
    for name, cache, share in (
        ("category page, cached", True, 100),
        ("category page, database, 5 % traced", False, 5),
        ("category page, database, as many traced as may be", False, 100),
    ):
        with (
            _collecting() as url,
            web(cache=cache, variables=(f"OTLP_ENDPOINT={url}", f"TRACE_SHARE={share}")) as loud,
            web(cache=cache, telemetry=False) as quiet,
        ):
            rates: dict[int, list[float]] = {loud: [], quiet: []}
            costs: dict[int, list[float]] = {loud: [], quiet: []}
            for port in (loud, quiet):
                run(port, seconds / 6)  # warms up
            before = _Collector.taken
            for turn in range(ROUNDS):
                order = (loud, quiet) if turn % 2 else (quiet, loud)
                for port in order:
                    before_it = cpu(port)
                    result = run(port, seconds / 9)
                    rates[port].append(result.rate)
                    costs[port].append((cpu(port) - before_it) / len(result.latencies) * 1e6)
            if not cache and _Collector.taken == before:
                raise SystemExit("no span was exported: what was measured is not telemetry")
        on, off = (statistics.median(rates[port]) for port in (loud, quiet))
        speed = _ratio(rates[loud], rates[quiet])
        dear, cheap = (statistics.median(costs[port]) for port in (loud, quiet))
        work = _ratio(costs[quiet], costs[loud]) if cheap else 1.0
        taken = f"{dear:9,.0f} {cheap:8,.0f} {work:7.1%}"
        yield f"{name:<40} {on:8,.0f} {off:9,.0f} {speed:7.1%} {taken}"


def _ratio(above: list[float], below: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(above, below, strict=True))

"""What telemetry costs: the same pages with it and without, in turns, in one run."""

from __future__ import annotations

import contextlib
import statistics
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import load

ROUNDS = 9
HEAD = f"{'telemetry':<40} {'with/s':>8} {'without/s':>9}   ratio"
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


def rows(web: Web, run: Run, seconds: float) -> Iterator[str]:
    """Lines of the table: the median of the ratios of rounds in which the two took turns."""
    for name, cache, share in (
        ("category page, cached", True, 100),
        ("category page, database, 5 % traced", False, 5),
        ("category page, database, all traced", False, 100),
    ):
        with (
            _collecting() as url,
            web(cache=cache, variables=(f"OTLP_ENDPOINT={url}", f"TRACE_SHARE={share}")) as loud,
            web(cache=cache, telemetry=False) as quiet,
        ):
            pairs = []
            for port in (loud, quiet):
                run(port, seconds / 6)  # warms up
            before = _Collector.taken
            for turn in range(ROUNDS):
                order = (loud, quiet) if turn % 2 else (quiet, loud)
                rates = {port: run(port, seconds / 3).rate for port in order}
                pairs.append((rates[loud], rates[quiet]))
            if not cache and _Collector.taken == before:
                raise SystemExit("no span was exported: what was measured is not telemetry")
        ratio = statistics.median(on / off for on, off in pairs)
        on, off = (statistics.median(rates) for rates in zip(*pairs, strict=True))
        yield f"{name:<40} {on:8,.0f} {off:9,.0f} {ratio:7.1%}"

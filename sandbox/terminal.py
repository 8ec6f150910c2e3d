"""What a person sees: one line a step, with its time; plain when nobody looks."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_COLOURS = {"✓": "32", "✗": "31", "!": "33", "…": "36"}


class Terminal:
    """Writes to standard output; safe to use from threads."""

    def __init__(self, log: Path | None = None) -> None:
        """``log`` gets the same lines, plain."""
        self._log = log
        self._colour = sys.stdout.isatty()
        self._lock = threading.Lock()
        self.started = time.monotonic()

    def say(self, text: str, mark: str = " ") -> None:
        """One line; ``mark`` is ✓ done, ✗ failed, ! look here, … under way."""
        plain = f"{mark} {text}".rstrip()
        shown = plain
        if self._colour and mark in _COLOURS:
            shown = f"\x1b[{_COLOURS[mark]}m{mark}\x1b[0m {text}"
        encoding = sys.stdout.encoding or "utf-8"
        with self._lock:
            with contextlib.suppress(OSError):  # the terminal was closed
                print(shown.encode(encoding, "replace").decode(encoding), flush=True)
            if self._log is not None:
                with self._log.open("a", encoding="utf-8") as log:
                    log.write(f"{plain}\n")

    @contextmanager
    def step(self, doing: str, done: str) -> Iterator[None]:
        """Say ``doing`` if it is not over at once, then ``done`` with the time it took."""
        begun = time.monotonic()
        timer = threading.Timer(1.0, self.say, (f"{doing} ...", "…"))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
        self.done(done, begun)

    def done(self, text: str, begun: float) -> None:
        """A step that is over, with the time since ``begun`` (monotonic)."""
        self.say(f"{text} in {time.monotonic() - begun:.1f} s", "✓")

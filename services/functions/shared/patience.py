"""How long to wait for others: calls that may not outlast a budget, and when not to ask at all."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import boto3
from botocore.config import Config

T = TypeVar("T")

_MOST_ABANDONED = 4
_slots = threading.BoundedSemaphore(_MOST_ABANDONED)


def client(service: str, seconds: float, *, retries: int = 0) -> Any:
    """A boto3 client that connects and reads within ``seconds`` each, with so many retries."""
    config = Config(
        connect_timeout=seconds,
        read_timeout=seconds,
        retries={"total_max_attempts": 1 + retries, "mode": "standard"},
        tcp_keepalive=True,
    )
    return boto3.client(service, config=config)


def within(seconds: float, work: Callable[[], T]) -> T:
    """The result of ``work``; raises TimeoutError once ``seconds`` are over, whatever it does.

    A read timeout starts anew with every byte, so that a peer that trickles would hold the caller
    for ever. The work is left behind in its thread instead; a few may be left behind at a time.
    """
    if not _slots.acquire(blocking=False):
        raise TimeoutError("too many calls are still waiting")
    results: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put((work(), None))
        except BaseException as problem:  # noqa: BLE001 - raised again by the caller
            results.put((None, problem))
        finally:
            _slots.release()

    # A daemon: the process may end while it waits.
    threading.Thread(target=run, name="within", daemon=True).start()
    try:
        result, problem = results.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer within {seconds} s") from None
    if problem is not None:
        raise problem
    return result  # type: ignore[return-value]


class Breaker:
    """Says when to stop asking: after ``failures`` in a row nobody asks for ``seconds``.

    Then one may try: its success closes the breaker, its failure opens it again.
    """

    def __init__(
        self, failures: int, seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._seconds = seconds
        self._clock = clock
        self._failed = 0
        self._closed_at = 0.0

    @property
    def open(self) -> bool:
        """Whether not to ask."""
        return self._failed >= self._limit and self._clock() < self._closed_at

    def succeeded(self) -> None:
        """An answer came in time."""
        self._failed = 0

    def failed(self) -> None:
        """No answer, or a useless one."""
        self._failed += 1
        if self._failed >= self._limit:
            self._closed_at = self._clock() + self._seconds

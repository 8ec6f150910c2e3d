"""Logs: one JSON object a line on standard output, for machines first."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

import msgspec

from .tracing import ids

_context: ContextVar[dict[str, object] | None] = ContextVar("log_context", default=None)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


@contextmanager
def log_context(**fields: object) -> Iterator[None]:
    """Add fields such as ``request_id`` to every line logged inside, in this task."""
    token = _context.set({**(_context.get() or {}), **fields})
    try:
        yield
    finally:
        _context.reset(token)


class JsonFormatter(logging.Formatter):
    """A record as JSON: time (UTC), level, logger, message, the context's and ``extra`` fields."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; what JSON cannot hold is shown as text."""
        time = dt.datetime.fromtimestamp(record.created, dt.UTC)
        line: dict[str, object] = {
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **ids(),
            **(_context.get() or {}),
            **{key: value for key, value in vars(record).items() if key not in _STANDARD},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        try:
            return msgspec.json.encode(line, enc_hook=repr).decode()
        except (TypeError, UnicodeEncodeError):  # odd keys, text that is no Unicode
            return json.dumps({str(key): repr(value) for key, value in line.items()})


def set_up_logging(level: str, stream: TextIO = sys.stdout) -> None:
    """Send everything from ``level`` (debug, info, warning, error) up to ``stream``."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("botocore", "aiobotocore", "asyncio", "uvicorn.access", "urllib3"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
    logging.getLogger("storefront.metrics").setLevel(logging.INFO)  # numbers, at any level

"""Logs and metrics: one JSON object a line on standard output, which CloudWatch Logs collects.

Metrics are lines in CloudWatch's embedded metric format: no call, no agent, no cost in time. Who
somebody is (cookie, token, user) never gets into a line.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import sys
import time
from collections.abc import Mapping

NAMESPACE = "Shop/Recommendations"
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_request: dict[str, str] = {}  # a Lambda process serves one request at a time

log = logging.getLogger("functions")


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = dt.datetime.fromtimestamp(record.created, dt.UTC)
        line: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **_request,
            **{key: value for key, value in vars(record).items() if key not in _STANDARD},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=repr)


class _StandardOutput(logging.Handler):
    """Looks standard output up for every line: the runtime may exchange it."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stdout.write(self.format(record) + "\n")


def set_up_logging(level: str) -> None:
    """Send this program's lines from ``level`` (debug, info, warning, error) up to stdout."""
    handler = _StandardOutput()
    handler.setFormatter(_JsonFormatter())
    log.handlers = [handler]
    log.setLevel(level.upper())
    log.propagate = False  # the runtime's own handler would write every line twice


def name_request(**ids: str) -> None:
    """Put ``ids`` (such as request_id) on every line from here on, in place of the last ones."""
    _request.clear()
    _request.update(ids)


def count(values: Mapping[str, float], *, unit: str = "Count", **dimensions: str) -> None:
    """Write metrics by name, with the dimension ``FunctionName`` and the given ones.

    ``FunctionName`` is the deployed function's, so that two stacks in one account stay apart.
    """
    named = {"FunctionName": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local"), **dimensions}
    line = {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [list(named)],
                    "Metrics": [{"Name": name, "Unit": unit} for name in values],
                }
            ],
        },
        **_request,
        **named,
        **values,
    }
    sys.stdout.write(json.dumps(line) + "\n")

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
from collections.abc import Callable, Mapping

from . import environment

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_request: dict[str, str] = {}  # a Lambda process serves one request at a time
_namespace: list[str] = ["Shop"]  # of metrics, as set up

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


def set_up_logging(env: environment.Reader) -> Callable[[], None]:
    """What sends lines from LOG_LEVEL (debug, info, warning, error) up to stdout, and metrics into
    METRICS_NAMESPACE; call it once the environment is known to be right.
    """
    level = env.choice("LOG_LEVEL", environment.LOG_LEVELS, "info")
    namespace = env.text("METRICS_NAMESPACE")
    return lambda: _set_up(level, namespace)


def _set_up(level: str, namespace: str) -> None:
    _namespace[:] = [namespace]
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

    They are in the stack's namespace: two stacks in one account stay apart.
    """
    named = {"FunctionName": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local"), **dimensions}
    line = {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": _namespace[0],
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

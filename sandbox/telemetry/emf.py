"""CloudWatch's embedded metric format: how everybody in the sandbox says what was measured.

A document is a JSON object with the metrics' values and, below ``_aws``, what they are. A value is
a number, a list of numbers, or ``{"Values": [...], "Counts": [...]}``. Processes that write no log
of their own send documents as datagrams, as they would to a CloudWatch agent.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

AGENT = "EMF_AGENT"  # the variable that names the receiver, as host:port
Value = float | Mapping[str, list[float]]


@dataclass(frozen=True, slots=True)
class Datum:
    """A value of one metric, seen ``count`` times; ``seconds`` since the epoch."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]
    seconds: float
    value: float
    count: float = 1.0


def document(
    namespace: str, dimensions: Mapping[str, str], metrics: Mapping[str, Value]
) -> dict[str, object]:
    """A document of now; several values are ``{value: how often}`` as `counted` makes them."""
    told = {
        "Namespace": namespace,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name} for name in metrics],
    }
    aws = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [told]}
    return {"_aws": aws, **dimensions, **metrics}


def counted(values: Mapping[float, int]) -> Value:
    """Values with how often each was seen."""
    return {"Values": list(values), "Counts": [float(count) for count in values.values()]}


def read(line: bytes | str) -> Iterator[Datum]:
    """The values of a log line; nothing for one that is no document, or is not well-formed."""
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
        told = json.loads(line)
        aws = told["_aws"]
        seconds = float(aws["Timestamp"]) / 1000
        for directive in aws["CloudWatchMetrics"]:
            for names in directive.get("Dimensions") or [[]]:
                dimensions = frozenset((name, str(told[name])) for name in names)
                for metric in directive["Metrics"]:
                    name = str(metric["Name"])
                    for value, count in _values(told[name]):
                        yield Datum(
                            str(directive["Namespace"]), name, dimensions, seconds, value, count
                        )


def _values(told: Any) -> Iterator[tuple[float, float]]:
    if isinstance(told, Mapping):
        for value, count in zip(told["Values"], told["Counts"], strict=True):
            yield float(value), float(count)
    elif isinstance(told, list):
        for value in told:
            yield float(value), 1.0
    else:
        yield float(told), 1.0


class Sender:
    """Sends documents to whoever collects them; nobody there is no error, and nothing waits."""

    def __init__(self, address: str) -> None:
        """``address`` is host:port; with an empty one everything is thrown away."""
        host, _, port = address.rpartition(":")
        self._to = (host, int(port)) if port else None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    @classmethod
    def here(cls) -> Sender:
        """To the agent that this process's environment names."""
        return cls(os.environ.get(AGENT, ""))

    def send(self, sent: Mapping[str, object]) -> None:
        """Send a document."""
        if self._to is not None:
            with contextlib.suppress(OSError):
                self._socket.sendto(json.dumps(sent).encode(), self._to)

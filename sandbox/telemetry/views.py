"""What is shown: alarms, signals and traces, as JSON and as pages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from .alarms import CompositeAlarm, MetricAlarm
from .declared import Declared
from .watch import Standing, Watch

Answer = tuple[int, str, bytes]  # status, content type, body
_NAME = re.compile(r"[a-z0-9-]+")


class Views:
    """Answers by path; ``refresh`` takes what is new in logs first."""

    def __init__(self, declared: Declared, watch: Watch, refresh: Callable[[], None]) -> None:
        self._declared, self._watch, self._refresh = declared, watch, refresh

    def answer(self, path: str) -> Answer:
        """One GET."""
        self._refresh()
        match path.split("/")[1:]:
            case ["_sandbox", "health"]:
                return 200, "text/plain", b"ok"
            case ["alarms.json"]:
                return _json(self.alarms())
            case ["runbooks", name] if _NAME.fullmatch(name):
                return self._runbook(name)
        return 404, "text/plain", b"not found\n"

    def alarms(self) -> dict[str, Any]:
        """Every declared alarm as it stands."""
        watch = self._watch
        return {
            "speed": watch.clock.speed,
            "alarms": [alarm(standing) for standing in watch.standings()],
            "changes": [
                {"at": at(c.at), "alarm": c.label, "before": c.before, "after": c.after}
                for c in watch.changes
            ],
        }

    def _runbook(self, name: str) -> Answer:
        file = Path(self._declared.places.project) / "docs" / "runbooks" / f"{name}.md"
        if not file.is_file():
            return 404, "text/plain", b"there is no such runbook\n"
        return 200, "text/plain; charset=utf-8", file.read_bytes()


def alarm(standing: Standing) -> Mapping[str, Any]:
    """An alarm for programs."""
    told = standing.alarm
    shown: dict[str, Any] = {
        "alarm": told.label,
        "name": told.name,
        "state": standing.shown,
        "since": at(standing.since),
        "seconds": round(time.time() - standing.since, 1),
        "tells": standing.tells,
        "says": told.says.partition("\n")[0],
        "runbook": standing.runbook,
        "why": standing.why,
    }
    match told:
        case MetricAlarm():
            shown |= {"value": standing.value, "sign": told.sign, "threshold": told.threshold}
        case CompositeAlarm():
            shown |= {"rule": told.rule}
    return shown


def at(seconds: float) -> str:
    """A moment as text."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _json(told: Any) -> Answer:
    return 200, "application/json", msgspec.json.format(msgspec.json.encode(told)) + b"\n"

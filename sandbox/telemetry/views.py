"""What is shown: alarms, signals and traces, as JSON and as pages."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from . import render
from .alarms import CompositeAlarm, MetricAlarm
from .declared import Declared
from .promises import promises
from .signals import Signals, routes
from .spans import Trace
from .watch import Standing, Watch

Answer = tuple[int, str, bytes]  # status, content type, body
_NAME = re.compile(r"[a-z0-9-]+")
_ORDER = ("ALARM", "OK", "INSUFFICIENT_DATA", "NOT_MEASURED")


class Views:
    """Answers by path; ``refresh`` takes what is new in logs first."""

    def __init__(self, declared: Declared, watch: Watch, refresh: Callable[[], None]) -> None:
        self._declared, self._watch, self._refresh = declared, watch, refresh
        self._whole: Mapping[str, Callable[[], Answer]] = {
            "/": self._home,
            "/_sandbox/health": lambda: (200, "text/plain", b"ok"),
            "/alarms.json": lambda: _json(self.alarms()),
            "/signals.json": lambda: _json(self.signals()),
            "/traces.json": lambda: _json([trace(found) for found in watch.traces.latest()]),
        }

    def answer(self, path: str) -> Answer:
        """One GET."""
        self._refresh()
        if shown := self._whole.get(path):
            return shown()
        match path.split("/")[1:]:
            case ["traces", id_] if id_ in self._watch.traces:
                return self._page("trace.html", trace=self._watch.traces[id_], refresh=0)
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

    def signals(self) -> dict[str, Any]:
        """The golden signals of each tier, and of each route that was traced."""
        rows = Signals(self._watch, time.time()).rows()
        return {
            "speed": self._watch.clock.speed,
            "signals": [asdict(row) for row in rows],
            "routes": [asdict(route) for route in routes(self._watch)],
        }

    def _home(self) -> Answer:
        watch, now = self._watch, time.time()
        standings = list(watch.standings())
        telling = [s for s in standings if s.tells]
        ringing = [s for s in telling if s.shown == "ALARM"]
        return self._page(
            "home.html",
            now=now,
            clock=render.clock(now),
            refresh=2 if watch.clock.speed > 1 else 5,
            url=self._declared.places.url,
            speed=watch.clock.speed,
            open=watch.open,
            telling=sorted(telling, key=lambda s: _ORDER.index(s.shown)),
            windows=[s for s in standings if not s.tells],
            ringing=ringing,
            pages=[s for s in ringing if s.tells == "page"],
            judged=sum(not s.why for s in standings),
            total=len(standings),
            promises=promises(watch),
            signals=Signals(watch, now).rows(),
            routes=routes(watch)[:20],
            traced=len(watch.traces),
            traces=list(itertools.islice(watch.traces.latest(), 25)),
            changes=list(itertools.islice(watch.changes, 15)),
        )

    def _page(self, template: str, **told: Any) -> Answer:
        page = render.templates().get_template(template).render(name="Shop, watched", **told)
        return 200, "text/html; charset=utf-8", page.encode()

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
        case MetricAlarm(threshold=float()):
            shown |= {"value": standing.value, "sign": told.sign, "threshold": told.threshold}
        case CompositeAlarm():
            shown |= {"rule": told.rule}
    return shown


def trace(found: Trace) -> Mapping[str, Any]:
    """A trace for programs; times in seconds."""
    return {
        "trace": found.id,
        "name": found.root.name,
        "start": at(found.start),
        "seconds": found.seconds,
        "failed": found.failed,
        "spans": [asdict(span) for _, span in found.ordered()],
    }


def at(seconds: float) -> str:
    """A moment as text."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _json(told: Any) -> Answer:
    return 200, "application/json", msgspec.json.format(msgspec.json.encode(told)) + b"\n"

"""`python -m sandbox alarms`: how every declared alarm stands."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox import run_file
from sandbox.process import PartError

_MARKS = {"ALARM": "✗", "OK": "✓", "INSUFFICIENT_DATA": "…", "NOT_MEASURED": "-"}


def fetch(directory: Path, path: str) -> Any:
    """JSON that the running sandbox shows; raises PartError when it does not."""
    told = run_file.read(directory) if run_file.supervisor(directory) else {}
    found = [part for part in told.get("parts", []) if part["name"] == "telemetry"]
    if not found:
        raise PartError("the shop is not up; `make up` starts it")
    link = http.client.HTTPConnection(str(found[0]["address"]), timeout=10)
    try:
        link.request("GET", path)
        return json.loads(link.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise PartError(f"nobody watches the shop now: {problem}") from problem
    finally:
        link.close()


def alarms(directory: Path, *, as_json: bool) -> int:
    """Print them, those that ring first; 2 when one does that somebody is told of."""
    told = fetch(directory, "/alarms.json")
    if as_json:
        print(json.dumps(told, indent=1))
    else:
        order = list(_MARKS)
        for alarm in sorted(told["alarms"], key=lambda each: order.index(each["state"])):
            print(_line(alarm))
    return 2 if any(a["state"] == "ALARM" and a["tells"] for a in told["alarms"]) else 0


def _line(alarm: Mapping[str, Any]) -> str:
    value = "" if alarm.get("value") is None else f"{alarm['value']:.4g}"
    compared = f"{value} ({alarm['sign']} {alarm['threshold']:g})" if "threshold" in alarm else ""
    said = alarm["why"] or alarm["says"]
    return (
        f"{_MARKS[alarm['state']]} {alarm['state']:<17} {alarm['alarm']:<38}"
        f" {alarm['tells']:<7} {compared:<22} {said}"
    ).rstrip()

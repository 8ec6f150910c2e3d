"""personalize-events: PutEvents, kept and used at once."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.utils import parse_to_aware_datetime

from .ranking import Interaction
from .store import ACTIVE, PersonalizeError, Store, Thing
from .wire import check

if TYPE_CHECKING:
    from .server import Request

_MOST = 10  # events of one call


class Events:
    """What was put, by dataset group and user; a file of JSON lines remembers it."""

    def __init__(self, store: Store, file: Path | None = None) -> None:
        """Read what was put before."""
        self._store, self._file = store, file
        self._lock = threading.Lock()
        self._kept: list[dict[str, Any]] = []
        self._of_user: dict[tuple[str, str], list[Interaction]] = defaultdict(list)
        if file is not None and file.exists():
            for line in file.read_text().splitlines():
                self._keep(json.loads(line))

    def put(self, request: Request) -> dict[str, Any]:
        """PutEvents; raises PersonalizeError."""
        told = request.json()
        check(_put_events().input_shape, told)
        self._store.fail_if_scripted("PutEvents", told["trackingId"])
        if not 1 <= len(told["eventList"]) <= _MOST:
            raise _invalid(f"{len(told['eventList'])} events, 1 to {_MOST} are taken")
        group = self._tracker(told["trackingId"]).properties["datasetGroupArn"]
        lines = [self._line(group, told, event) for event in told["eventList"]]
        with self._lock:
            if self._file is not None:
                with self._file.open("a") as out:
                    out.writelines(f"{json.dumps(line)}\n" for line in lines)
            for line in lines:
                self._keep(line)
        return {}

    def _tracker(self, tracking: str) -> Thing:
        for tracker in self._store.all("event-tracker", trackingId=tracking):
            if tracker.status == ACTIVE:
                return tracker
        raise _invalid(f"{tracking} is no tracking id of an active event tracker")

    @staticmethod
    def _line(group: str, told: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **event,
            "sentAt": parse_to_aware_datetime(event["sentAt"]).timestamp(),
            "datasetGroupArn": group,
            "userId": told.get("userId"),
            "sessionId": told["sessionId"],
        }

    def _keep(self, line: dict[str, Any]) -> None:
        self._kept.append(line)
        if line.get("itemId"):
            # Without a user id, what a session did is known by the session.
            user = line.get("userId") or line["sessionId"]
            one = Interaction(user, line["itemId"], line["eventType"], int(line["sentAt"]))
            self._of_user[line["datasetGroupArn"], user].append(one)

    def of(self, group_arn: str, user: str) -> list[Interaction]:
        """What somebody did since the import."""
        with self._lock:
            return list(self._of_user.get((group_arn, user), ()))

    def all(self) -> list[dict[str, Any]]:
        """Every event, the oldest first, as it was put."""
        with self._lock:
            return list(self._kept)


@lru_cache(maxsize=1)
def _put_events() -> Any:
    model = botocore.session.Session().get_service_model("personalize-events")
    return model.operation_model("PutEvents")


def handlers(events: Events) -> dict[str, Callable[[Request], Mapping[str, Any]]]:
    """The service's path, and one to see what came."""
    return {
        "POST /events": events.put,
        "GET /_sandbox/events": lambda _request: {"events": events.all()},
    }


def _invalid(message: str) -> PersonalizeError:
    return PersonalizeError("InvalidInputException", message)

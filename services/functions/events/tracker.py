"""Events to Personalize as they happen: best effort, within a budget, never in the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from shared.observe import count, log
from shared.parameters import Parameters
from shared.patience import Breaker, within

from .batch import Event

_MOST_A_CALL = 10  # the API's limit


class Tracker:
    """PutEvents over a boto3 ``personalize-events`` client; the tracking id is a parameter."""

    def __init__(
        self,
        client: Any,
        parameters: Parameters,
        parameter: str,
        *,
        seconds: float,
        breaker: Breaker,
    ) -> None:
        self._client = client
        self._parameters = parameters
        self._parameter = parameter
        self._seconds = seconds
        self._breaker = breaker

    def send(self, events: Sequence[Event], *, user: str, visitor: str) -> None:
        """Send within the budget, or count that it was not done."""
        if self._breaker.open:
            count({"NotTracked": len(events)}, Reason="breaker")
            return
        try:
            sent = within(self._seconds, lambda: self._send(events, user, visitor))
        except (BotoCoreError, ClientError, TimeoutError) as problem:
            self._breaker.failed()
            log.warning("events not tracked", extra={"problem": type(problem).__name__})
            count({"NotTracked": len(events)}, Reason="failed")
            return
        self._breaker.succeeded()
        if sent:
            count({"Tracked": sent})

    def _send(self, events: Sequence[Event], user: str, visitor: str) -> int:
        tracking_id = self._parameters.get(self._parameter)
        if tracking_id is None:
            return 0
        for start in range(0, len(events), _MOST_A_CALL):
            self._client.put_events(
                trackingId=tracking_id,
                userId=user,
                sessionId=visitor,
                eventList=[_entry(event) for event in events[start : start + _MOST_A_CALL]],
            )
        return len(events)


def _entry(event: Event) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "eventId": event.id,
        "eventType": event.type,
        "itemId": event.sku,
        "sentAt": datetime.fromtimestamp(event.at / 1000, UTC),
    }
    if recommendation_id := event.told.get("recommendation_id"):
        entry["recommendationId"] = recommendation_id
    return entry

"""The record of truth: events as JSON lines in Firehose, which writes them to S3."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from shared.gateway import unavailable

from .batch import Event

_ATTEMPTS = 2


def line(event: Event, *, user: str, visitor: str, signed_in: bool, received_at: int) -> bytes:
    """One event as S3 holds it; ``received_at`` in ms since 1970."""
    record = {
        "id": event.id,
        "type": event.type,
        "sku": event.sku,
        "at": event.at,
        "user": user,
        "session": visitor,
        "customer": signed_in,
        **event.told,
        "received_at": received_at,
    }
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def put(client: Any, stream: str, lines: Sequence[bytes]) -> None:
    """Return once every line is durable in Firehose; raises RefusalError 503.

    Firehose may take some lines of a call and refuse others; only those are sent again. A call
    whose answer is lost may write lines twice: readers tell by the event's id.
    """
    waiting = list(lines)
    cause: Exception | None = None
    for _ in range(_ATTEMPTS):
        try:
            answer = client.put_record_batch(
                DeliveryStreamName=stream, Records=[{"Data": data} for data in waiting]
            )
        except (BotoCoreError, ClientError) as problem:
            cause = problem
            continue
        if not answer["FailedPutCount"]:
            return
        results = zip(waiting, answer["RequestResponses"], strict=True)
        waiting = [data for data, result in results if "ErrorCode" in result]
    raise unavailable("The record of events") from cause

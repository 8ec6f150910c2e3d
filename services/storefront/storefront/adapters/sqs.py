"""Order events on SQS, over an aiobotocore ``sqs`` client."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence
from typing import Any

import msgspec

from storefront.domain.errors import UnavailableError
from storefront.ports import Delivery, Event

from .aws import calling

log = logging.getLogger(__name__)
BATCH = 10  # SQS's own limit
_TRACE = "traceparent"
SEND_SECONDS = 5.0  # the client's own limit is made for receiving, which waits for messages


class _Message(msgspec.Struct):
    """An event's form on the wire; unknown fields of later versions are passed over."""

    id: str
    type: str
    payload: dict[str, Any]
    happened_at: dt.datetime


class SqsQueue:
    """The port `Queue`."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    async def send(self, events: Sequence[Event]) -> None:
        """See `Queue.send`; part of the events may have been sent when it raises."""
        for start in range(0, len(events), BATCH):
            entries = [
                {
                    "Id": str(index),
                    "MessageBody": msgspec.json.encode(
                        _Message(event.id, event.type, event.payload, event.happened_at)
                    ).decode(),
                    "MessageAttributes": _attributes(event),
                }
                for index, event in enumerate(events[start : start + BATCH])
            ]
            with calling("queue"):
                async with asyncio.timeout(SEND_SECONDS):
                    answer = await self._client.send_message_batch(
                        QueueUrl=self._url, Entries=entries
                    )
            if answer.get("Failed"):
                raise UnavailableError("queue")

    async def receive(self, wait_seconds: int) -> list[Delivery]:
        """See `Queue.receive`."""
        with calling("queue"):
            answer = await self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=BATCH,
                WaitTimeSeconds=wait_seconds,
                MessageAttributeNames=[_TRACE],
            )
        deliveries = []
        for message in answer.get("Messages", []):
            try:
                body = msgspec.json.decode(message["Body"], type=_Message)
            except msgspec.MsgspecError as problem:
                log.warning("message %s is no event: %s", message["MessageId"], problem)
                continue
            trace = message.get("MessageAttributes", {}).get(_TRACE, {}).get("StringValue")
            event = Event(body.id, body.type, body.payload, body.happened_at, trace)
            deliveries.append(Delivery(event, message["ReceiptHandle"]))
        return deliveries

    async def acknowledge(self, delivery: Delivery) -> None:
        """See `Queue.acknowledge`."""
        with calling("queue"):
            await self._client.delete_message(QueueUrl=self._url, ReceiptHandle=delivery.receipt)


def _attributes(event: Event) -> dict[str, dict[str, str]]:
    """The trace context goes beside the body, where tools of others look for it too."""
    if event.traceparent is None:
        return {}
    return {_TRACE: {"DataType": "String", "StringValue": event.traceparent}}

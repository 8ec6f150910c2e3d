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
                QueueUrl=self._url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=wait_seconds
            )
        deliveries = []
        for message in answer.get("Messages", []):
            try:
                body = msgspec.json.decode(message["Body"], type=_Message)
            except msgspec.MsgspecError as problem:
                log.warning("message %s is no event: %s", message["MessageId"], problem)
                continue
            event = Event(body.id, body.type, body.payload, body.happened_at)
            deliveries.append(Delivery(event, message["ReceiptHandle"]))
        return deliveries

    async def acknowledge(self, delivery: Delivery) -> None:
        """See `Queue.acknowledge`."""
        with calling("queue"):
            await self._client.delete_message(QueueUrl=self._url, ReceiptHandle=delivery.receipt)

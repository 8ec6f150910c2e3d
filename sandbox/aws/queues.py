"""How queues stand, for metrics: SQS itself tells an age to CloudWatch alone."""

from __future__ import annotations

import time

from moto.sqs.models import Queue, sqs_backends

from . import ACCOUNT


def standing() -> list[dict[str, str | int | float]]:
    """Every queue's name, visible messages, and age in seconds of its oldest one.

    A message that somebody has received and not yet deleted still grows older.
    """
    now = time.time()
    return [
        {
            "name": str(queue.name),
            "visible": int(queue.approximate_number_of_messages),
            "age": max((now - sent / 1000 for sent in _sent(queue)), default=0),
        }
        for backend in sqs_backends[ACCOUNT].values()
        for queue in backend.queues.values()
    ]


def _sent(queue: Queue) -> list[int]:
    """When each message was sent (epoch ms), also of those that somebody works on."""
    return [int(message.sent_timestamp or 0) for message in queue._messages]  # noqa: SLF001 - all

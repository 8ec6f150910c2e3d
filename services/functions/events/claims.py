"""Which batches were seen: a claim in DynamoDB, pending while it is written, then done.

A claim is a lease. Whoever crashes between claim and write leaves it pending, and once it has run
out the same batch is taken again: a replay is refused, a retry is not lost. The lease outlasts the
function's own time limit, so that nobody still writes under a lease that has run out.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from shared.gateway import RefusalError

LEASE_SECONDS = 15
# A batch older than 15 minutes is refused by its times, so nothing needs to be remembered longer;
# the rest is for clocks that differ.
KEPT_SECONDS = 3600


class Claims:
    """Claims over a boto3 ``dynamodb`` client; ``clock`` gives seconds since 1970.

    Items: ``id`` (key), ``state`` (pending | done), ``attempt``, ``leased_until`` (ms) and
    ``expires_at`` (s, the TTL).
    """

    def __init__(self, client: Any, table: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def take(self, batch_id: str) -> str:
        """Claim a batch; returns the attempt's name.

        Raises RefusalError 409 when it is done, or pending under somebody's lease (then with
        Retry-After), and botocore's errors.
        """
        attempt = secrets.token_hex(8)
        now = self._clock()
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    "id": {"S": batch_id},
                    "state": {"S": "pending"},
                    "attempt": {"S": attempt},
                    "leased_until": {"N": str(int((now + LEASE_SECONDS) * 1000))},
                    "expires_at": {"N": str(int(now) + KEPT_SECONDS)},
                },
                # DynamoDB removes expired items late (its promise is days).
                ConditionExpression="attribute_not_exists(id) OR expires_at <= :now"
                " OR (#state = :pending AND leased_until <= :now_ms)",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={
                    ":pending": {"S": "pending"},
                    ":now": {"N": str(int(now))},
                    ":now_ms": {"N": str(int(now * 1000))},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as problem:
            if problem.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise self._refusal(problem.response.get("Item") or {}, now) from None
        return attempt

    def _refusal(self, item: dict[str, Any], now: float) -> RefusalError:
        if item.get("state", {}).get("S") != "pending":
            return RefusalError(
                "conflict", "This batch has been accepted before.", reason="replayed"
            )
        left = int(item["leased_until"]["N"]) / 1000 - now
        return RefusalError(
            "conflict",
            "This batch is being written; if that fails it may be sent again.",
            reason="in-progress",
            retry_after=max(1, math.ceil(left)),
        )

    def done(self, batch_id: str, attempt: str) -> None:
        """The batch is durable. Raises botocore's errors."""
        self._client.update_item(
            TableName=self._table,
            Key={"id": {"S": batch_id}},
            UpdateExpression="SET #state = :done",
            ConditionExpression="attempt = :attempt",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":done": {"S": "done"}, ":attempt": {"S": attempt}},
        )

    def give_up(self, batch_id: str, attempt: str) -> None:
        """The batch was not written: it may be sent again at once. Raises botocore's errors."""
        self._client.delete_item(
            TableName=self._table,
            Key={"id": {"S": batch_id}},
            ConditionExpression="attempt = :attempt",
            ExpressionAttributeValues={":attempt": {"S": attempt}},
        )

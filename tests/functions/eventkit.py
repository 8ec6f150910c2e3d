"""A function `events` on real parts, batches for it, and what arrived in the record."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import boto3
from shared import gateway

STREAM_ROLE = "arn:aws:iam::123456789012:role/firehose"


def record_stream() -> tuple[str, str]:
    """A Firehose stream and the bucket it delivers to."""
    bucket, stream = f"records-{uuid4()}", f"events-{uuid4()}"
    place = {"LocationConstraint": "eu-west-1"}
    boto3.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    boto3.client("firehose").create_delivery_stream(
        DeliveryStreamName=stream,
        ExtendedS3DestinationConfiguration={
            "RoleARN": STREAM_ROLE,
            "BucketARN": f"arn:aws:s3:::{bucket}",
            "Prefix": "events/",
        },
    )
    return stream, bucket


def recorded(bucket: str) -> list[dict[str, Any]]:
    """Every event in the record."""
    s3 = boto3.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="events/")
    keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
    bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
    return [json.loads(line) for body in bodies for line in body.splitlines()]


def event(**fields: object) -> dict[str, Any]:
    """A good event of this moment."""
    return {
        "id": str(uuid4()),
        "type": "View",
        "sku": "MUG-1",
        "at": int(time.time() * 1000),
        **fields,
    }


def batch(*events: dict[str, Any], **fields: object) -> dict[str, Any]:
    """A good batch of this moment; without events it has one."""
    now = int(time.time() * 1000)
    return {"id": str(uuid4()), "sent_at": now, "events": list(events or (event(),)), **fields}


class Door:
    """The function as Lambda calls it, with a clock that can be moved."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        from events.handler import wire

        self.ahead = 0.0
        self.service = wire(variables, clock=lambda: time.time() + self.ahead)

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one request."""
        return gateway.serve(event, self.service.answer)

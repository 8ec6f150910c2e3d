"""What visitors did, in S3: JSON lines below ``events/``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from .aws import calling

FOLDER = "events/"


class S3Records:
    """Implements `ports.Records` over an aiobotocore ``s3`` client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    async def after(self, key: str) -> AsyncIterator[str]:
        """See `Records.after`."""
        with calling("records"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=FOLDER, StartAfter=key
            )
            async for page in pages:
                for item in page.get("Contents", []):
                    if item["Size"]:
                        yield item["Key"]

    async def lines(self, key: str) -> AsyncIterator[bytes]:
        """See `Records.lines`; read as it comes, whatever the size of the file."""
        with calling("records"):
            answer = await self._client.get_object(Bucket=self._bucket, Key=key)
            async with answer["Body"] as body:
                async for line in body.iter_lines(64 * 1024):
                    if line.strip():
                        yield line

"""Delivery to S3 as declared: moto's own knows neither expressions nor compression nor delimiters.

Each call is delivered at once: what was accepted is in the bucket. Firehose itself gathers records
for as long as the stream declares.
"""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.firehose.models import FirehoseBackend
from moto.s3.models import s3_backends

from . import prefixes


class Deliveries:
    """Takes over moto's delivery, and tells which objects were written."""

    def __init__(self) -> None:
        self._written: list[tuple[str, str]] = []
        deliver = self._deliver

        def put_s3_records(
            self: FirehoseBackend,
            delivery_stream_name: str,
            version_id: str,
            s3_destination: dict[str, Any],
            records: list[dict[str, bytes]],
        ) -> list[dict[str, str]]:
            objects = s3_backends[self.account_id][self.partition]
            return deliver(objects, delivery_stream_name, version_id, s3_destination, records)

        FirehoseBackend.put_s3_records = put_s3_records  # type: ignore[method-assign]

    def _deliver(
        self,
        objects: Any,
        stream: str,
        version: str,
        destination: Mapping[str, Any],
        records: Sequence[Mapping[str, bytes]],
    ) -> list[dict[str, str]]:
        now = datetime.now(UTC)
        zipped = destination.get("CompressionFormat") == "GZIP"
        extension = destination.get("FileExtension") or (".gz" if zipped else "")
        end = b"\n" if _delimits(destination) else b""
        body = b"".join(record["Data"] + end for record in records)
        bucket = destination["BucketARN"].rpartition(":")[2]
        key = prefixes.folder(destination.get("Prefix", ""), now)
        key += prefixes.name(stream, version, now, extension)
        objects.put_object(bucket, key, gzip.compress(body) if zipped else body)
        self._written.append((bucket, key))
        return [{"RecordId": str(uuid.uuid4())} for _ in records]

    def take(self) -> Iterator[tuple[str, str]]:
        """Bucket and key of what was written since the last time."""
        while self._written:
            yield self._written.pop(0)


def _delimits(destination: Mapping[str, Any]) -> bool:
    processing = destination.get("ProcessingConfiguration") or {}
    return bool(processing.get("Enabled")) and any(
        processor.get("Type") == "AppendDelimiterToRecord"
        for processor in processing.get("Processors") or []
    )

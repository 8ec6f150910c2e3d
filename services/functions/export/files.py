"""CSV files in S3, written part by part, in the columns of their schema."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PART = 8 * 1024 * 1024  # bytes; S3 takes parts from 5 MiB on, the last may be smaller
_SCHEMAS = Path(__file__).parent / "schemas"


def columns(kind: str) -> list[str]:
    """The columns of interactions, items or users, as their Avro schema lists them."""
    schema = json.loads((_SCHEMAS / f"{kind}.json").read_text())
    return [field["name"] for field in schema["fields"]]


class CsvFile:
    """A multipart upload to ``key``: it appears whole when the block ends, or not at all."""

    def __init__(self, client: Any, bucket: str, key: str, kind: str) -> None:
        self._client = client
        self._place = {"Bucket": bucket, "Key": key}
        self._part = io.BytesIO()
        text = io.TextIOWrapper(self._part, "utf-8", newline="", write_through=True)
        self._writer = csv.DictWriter(text, columns(kind), lineterminator="\n")
        self._parts: list[dict[str, Any]] = []
        self.key = key
        self.rows = 0

    def write(self, row: Mapping[str, object]) -> None:
        """One line; raises ValueError when the names are not the schema's columns."""
        if row.keys() != set(self._writer.fieldnames):
            raise ValueError(f"a row of {self.key} has other columns than its schema")
        self._writer.writerow(row)
        self.rows += 1
        if self._part.tell() >= PART:
            self._send()

    def _send(self) -> None:
        number = len(self._parts) + 1
        sent = self._client.upload_part(
            **self._place,
            UploadId=self._upload,
            PartNumber=number,
            Body=self._part.getvalue(),
        )
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self._part.seek(0)
        self._part.truncate()

    def __enter__(self) -> Self:
        self._upload = self._client.create_multipart_upload(**self._place)["UploadId"]
        self._writer.writeheader()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if problem is None:
                self._send()
                self._client.complete_multipart_upload(
                    **self._place, UploadId=self._upload, MultipartUpload={"Parts": self._parts}
                )
                return
        except BaseException:
            self._abort()
            raise
        self._abort()

    def _abort(self) -> None:
        self._client.abort_multipart_upload(**self._place, UploadId=self._upload)

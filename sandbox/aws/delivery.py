"""A declared Firehose destination as its API takes it, and what the laptop does not deliver."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from . import prefixes


def destination(declared: Mapping[str, Any]) -> dict[str, Any]:
    """ExtendedS3DestinationConfiguration of a stream's inputs; raises ValueError."""
    told = declared.get("extendedS3Configuration") or {}
    if declared.get("destination") != "extended_s3" or declared.get("kinesisSourceConfiguration"):
        raise ValueError("the laptop delivers what is put to extended_s3, and nothing else")
    if (told.get("dynamicPartitioningConfiguration") or {}).get("enabled"):
        raise ValueError("the laptop does no dynamic partitioning")
    compression = told.get("compressionFormat") or "UNCOMPRESSED"
    if compression not in ("UNCOMPRESSED", "GZIP"):
        raise ValueError(f"the laptop compresses with GZIP, not {compression}")
    prefixes.folder(str(told.get("prefix") or ""), datetime.now(UTC))  # refuses what it must
    processing = told.get("processingConfiguration") or {}
    kinds = [p["type"] for p in processing.get("processors") or [] if processing.get("enabled")]
    if set(kinds) - {"AppendDelimiterToRecord"}:
        raise ValueError(f"the laptop runs no processors of {', '.join(kinds)}")
    found = {
        "BucketARN": told["bucketArn"],
        "RoleARN": told["roleArn"],
        "Prefix": told.get("prefix"),
        "ErrorOutputPrefix": told.get("errorOutputPrefix"),
        "CompressionFormat": compression,
        "FileExtension": told.get("fileExtension"),
        "ProcessingConfiguration": {
            "Enabled": bool(kinds),
            "Processors": [{"Type": kind} for kind in kinds],
        },
    }
    return {key: value for key, value in found.items() if value is not None}

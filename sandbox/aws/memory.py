"""Between moto's memory and the journal: what to keep after a change, what to put back."""

from __future__ import annotations

import base64
import json
import logging
import re
import urllib.parse
from collections.abc import Iterator
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import FakeDeleteMarker, s3_backends

from . import ACCOUNT
from .journal import Journal
from .parameters import ssm_backends

_log = logging.getLogger("sandbox.aws")


class DynamoMemory:
    """Journals the items that a request changed; restores a table's items when it is created."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def after(self, region: str, operation: str, body: dict[str, Any]) -> None:
        """Look at what a successful request did."""
        if operation == "CreateTable":
            self._restore(region, body["TableName"])
        elif operation == "DeleteTable":
            return
        for table, key in _touched(operation, body):
            self._remember(region, table, key)

    def _remember(self, region: str, name: str, attributes: dict[str, Any]) -> None:
        backend = dynamodb_backends[ACCOUNT][region]
        table = backend.get_table(name)
        key = {
            attribute: attributes[attribute]
            for attribute in (table.hash_key_attr, table.range_key_attr)
            if attribute
        }
        item = backend.get_item(name, key)
        state = None if item is None else item.to_json()["Attributes"]
        self._journal.write(
            "dynamodb", region, name, json.dumps(key, sort_keys=True), _plain(state)
        )

    def _restore(self, region: str, name: str) -> None:
        backend = dynamodb_backends[ACCOUNT][region]
        count = 0
        for state in self._journal.take("dynamodb", region, name).values():
            try:
                backend.put_item(name, state, overwrite=True)
                count += 1
            except Exception:  # noqa: BLE001 - logged; one bad item must not hide the rest
                _log.exception("an item of table %s does not fit the table any more", name)
        if count:
            _log.info("table %s: %d items are back", name, count)


def _plain(value: Any) -> Any:
    """DynamoDB's typed values as plain JSON; bytes as on the wire."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return _plain(value.to_json()) if hasattr(value, "to_json") else value


def _touched(operation: str, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(table, attributes that include the key) of everything a request may have changed."""
    match operation:
        case "PutItem":
            yield body["TableName"], body["Item"]
        case "UpdateItem" | "DeleteItem":
            yield body["TableName"], body["Key"]
        case "BatchWriteItem":
            for table, requests in body["RequestItems"].items():
                for detail in (inner for request in requests for inner in request.values()):
                    yield table, detail.get("Key") or detail["Item"]
        case "TransactWriteItems":
            for detail in (inner for step in body["TransactItems"] for inner in step.values()):
                yield detail["TableName"], detail.get("Key") or detail["Item"]
        case _:
            return


class S3Memory:
    """Journals the objects that a request changed; restores them when their bucket is created."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def after(self, region: str, method: str, raw_path: str, query: str, body: bytes) -> None:
        """Look at what a successful path-style request did."""
        bucket, _, key = urllib.parse.unquote(raw_path).lstrip("/").partition("/")
        if not bucket or method not in ("PUT", "POST", "DELETE"):
            return
        if key:
            self.remember(bucket, key)
        elif method == "POST" and "delete" in urllib.parse.parse_qs(query, keep_blank_values=True):
            for name in re.findall(rb"<Key>(.*?)</Key>", body, re.DOTALL):
                self.remember(bucket, _unescape(name.decode()))
        elif method == "PUT" and not query:
            self._restore(bucket)
        del region  # bucket names are global

    def remember(self, bucket: str, key: str) -> None:
        """Journal an object as it is now."""
        found = s3_backends[ACCOUNT]["aws"].buckets[bucket].keys.get(key)
        if found is None or isinstance(found, FakeDeleteMarker):
            self._journal.write("s3", "aws", bucket, key, None)
            return
        state = {
            "sha256": self._journal.write_body(found.value),
            "metadata": dict(found.metadata),
        }
        self._journal.write("s3", "aws", bucket, key, state)

    def _restore(self, bucket: str) -> None:
        backend = s3_backends[ACCOUNT]["aws"]
        count = 0
        for key, state in self._journal.take("s3", "aws", bucket).items():
            try:
                restored = backend.put_object(
                    bucket, key, self._journal.body(state["sha256"]), disable_notification=True
                )
                restored.set_metadata(state["metadata"], replace=True)
                count += 1
            except Exception:  # noqa: BLE001 - as above
                _log.exception("object %s of bucket %s could not be restored", key, bucket)
        if count:
            _log.info("bucket %s: %d objects are back", bucket, count)


def _unescape(text: str) -> str:
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'")):
        text = text.replace(entity, character)
    return text.replace("&amp;", "&")


class SsmMemory:
    """Journals parameters; they are back before a region's first request.

    SecureStrings too, and in the open: nothing is encrypted at rest on the laptop, and only its
    user may read the journal.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def before(self, region: str) -> None:
        """Put back what was there."""
        backend = ssm_backends[ACCOUNT][region]
        for name, state in self._journal.take("ssm", region, "parameters").items():
            backend.put_parameter(
                name=name,
                description=state["description"],
                value=state["value"],
                parameter_type=state["type"],
                allowed_pattern="",
                keyid=state.get("key", ""),
                overwrite=True,
                tags=[],
                data_type="text",
                tier=None,
                policies=None,
            )

    def after(self, region: str, operation: str, body: dict[str, Any]) -> None:
        """Look at what a successful request did."""
        match operation:
            case "PutParameter":
                self._remember(region, body["Name"])
            case "DeleteParameter":
                self._journal.write("ssm", region, "parameters", body["Name"], None)
            case "DeleteParameters":
                for name in body["Names"]:
                    self._journal.write("ssm", region, "parameters", name, None)

    def _remember(self, region: str, name: str) -> None:
        found = ssm_backends[ACCOUNT][region].get_parameter(name)
        if found is not None:
            state = {
                "value": found.decrypt(found.value),
                "type": found.parameter_type,
                "key": found.keyid or "",
                "description": found.description or "",
            }
            self._journal.write("ssm", region, "parameters", name, state)

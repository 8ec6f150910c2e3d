"""DynamoDB without the detour: moto's own operations, called directly on the parsed JSON.

moto's server spends most of a request on routing and on generic parsing and serialising. For the
item operations this calls the same methods with the same input. Whatever is unusual (errors,
binary values) is left to the long way: an operation that raised changed nothing.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from moto.dynamodb.responses import DynamoHandler

from . import ACCOUNT

_METHODS = {
    "GetItem": DynamoHandler.get_item,
    "PutItem": DynamoHandler.put_item,
    "UpdateItem": DynamoHandler.update_item,
    "DeleteItem": DynamoHandler.delete_item,
    "Query": DynamoHandler.query,
    "BatchGetItem": DynamoHandler.batch_get_item,
}


def answer(region: str, operation: str, raw: bytes) -> tuple[bytes, dict[str, Any]] | None:
    """The answer's body and the parsed request, or None: take the long way."""
    method = _METHODS.get(operation)
    if method is None or b'"B"' in raw or b'"BS"' in raw:
        return None
    try:
        body = json.loads(raw)
        handler = DynamoHandler()
        handler.body = body
        handler.region = region
        handler.current_account = ACCOUNT
        result = method(handler).result
    except Exception:  # noqa: BLE001 - every refusal is worded by the long way
        return None
    # Outside: from here on the change has happened, and must not be tried a second time.
    return json.dumps(result, separators=(",", ":"), default=_binary).encode(), body


def _binary(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"no JSON for {type(value).__name__}")


def checksum(body: bytes) -> bytes:
    """What botocore compares an answer's body with."""
    return str(zlib.crc32(body)).encode()

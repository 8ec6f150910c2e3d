"""Pulumi's wire format of property values, to and from plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf import struct_pb2

# Signatures of the engine's special values, from pulumi/sdk `rpc.py`.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature, not a secret
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
_ASSET = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"

REFERENCE = {_SIGNATURE: _RESOURCE}


def plain(value: Any) -> Any:
    """A protobuf Struct (or part of one) as plain Python: secrets unwrapped, resources as ids."""
    if isinstance(value, struct_pb2.Struct):
        return {key: plain(item) for key, item in value.fields.items()}
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _special(value.struct_value.fields)
    if kind == "list_value":
        return [plain(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number == int(number) else number
    return getattr(value, kind) if kind in ("string_value", "bool_value") else None


def _special(fields: Any) -> Any:
    """A nested object, or what one of the engine's special values stands for."""
    signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
    if signature in (_SECRET, _OUTPUT):
        return plain(fields["value"]) if "value" in fields else None
    unwrapped = {key: plain(item) for key, item in fields.items() if key != _SIGNATURE}
    if signature == _RESOURCE:
        return unwrapped.get("id") or unwrapped["urn"]
    if signature in (_ASSET, _ARCHIVE):
        return {"$asset" if signature == _ASSET else "$archive": unwrapped}
    return unwrapped


def secret_paths(struct: struct_pb2.Struct) -> frozenset[str]:
    """Where secrets are, such as "password" or "origins[].customHeaders[].value"."""
    return frozenset(
        path for key, value in struct.fields.items() for path in _secrets_in(value, key)
    )


def _secrets_in(value: Any, path: str) -> Iterator[str]:
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        for item in value.list_value.values:
            yield from _secrets_in(item, f"{path}[]")
    elif kind == "struct_value":
        fields = value.struct_value.fields
        signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
        if signature == _SECRET or (signature == _OUTPUT and fields["secret"].bool_value):
            yield path
        elif signature == _OUTPUT:
            yield from _secrets_in(fields["value"], path)
        else:
            for key, item in fields.items():
                yield from _secrets_in(item, f"{path}.{key}")


def to_struct(value: dict[str, Any]) -> struct_pb2.Struct:
    """Plain Python as a protobuf Struct; None values are left out."""
    struct = struct_pb2.Struct()
    struct.update({key: _signed(item) for key, item in value.items() if item is not None})
    return struct


def _signed(value: Any) -> Any:
    """Assets and archives as the SDK expects them back, with the engine's signatures."""
    if isinstance(value, list):
        return [_signed(item) for item in value]
    if not isinstance(value, dict):
        return value
    for mark, signature in (("$asset", _ASSET), ("$archive", _ARCHIVE)):
        if mark in value:
            inner = {key: _signed(item) for key, item in value[mark].items()}
            return {_SIGNATURE: signature, **inner}
    return {key: _signed(item) for key, item in value.items()}

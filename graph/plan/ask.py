"""``python -m graph.plan.ask PROVIDER aws_sqs_queue ...``: which arguments replace a resource.

Asks a Terraform AWS provider (the executable from releases.hashicorp.com, whose code pulumi_aws
wraps) over its plugin protocol, version 5: a plan for each argument changed alone, without an
account. Its answers, in Pulumi's spelling, are what stands in replacements.yaml. Nested blocks are
asked two deep.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# The handshake that every Terraform plugin expects; no secret.
COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
# The part of tfplugin5.proto that is needed: message -> (field, number, type, repeated).
PROTOCOL: dict[str, list[tuple[str, int, str, bool]]] = {
    "Value": [("msgpack", 1, "bytes", False)],
    "Step": [("attribute_name", 1, "string", False)],
    "Path": [("steps", 1, "Step", True)],
    "Problem": [("severity", 1, "int64", False), ("summary", 2, "string", False)],
    "Attribute": [
        ("name", 1, "string", False),
        ("type", 2, "bytes", False),
        ("required", 4, "bool", False),
        ("optional", 5, "bool", False),
    ],
    "Nested": [
        ("type_name", 1, "string", False),
        ("block", 2, "Block", False),
        ("nesting", 3, "int64", False),
    ],
    "Block": [("attributes", 2, "Attribute", True), ("block_types", 3, "Nested", True)],
    "Schema": [("block", 2, "Block", False)],
    "Entry": [("key", 1, "string", False), ("value", 2, "Schema", False)],
    "Nothing": [],
    "Schemas": [("provider", 1, "Schema", False), ("resource_schemas", 2, "Entry", True)],
    "Configure": [("config", 2, "Value", False)],
    "Plan": [
        ("type_name", 1, "string", False),
        ("prior_state", 2, "Value", False),
        ("proposed_new_state", 3, "Value", False),
        ("config", 4, "Value", False),
    ],
    "Planned": [("requires_replace", 2, "Path", True), ("diagnostics", 4, "Problem", True)],
}
LISTS, DEEPEST = (2, 3), 3
Way = list[tuple[str, Any]]  # names from the top, with the nested block or None


def messages() -> dict[str, Any]:
    """A class for each message of the protocol."""
    file = descriptor_pb2.FileDescriptorProto(name="p", package="tfplugin5", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, fields in PROTOCOL.items():
        message = file.message_type.add(name=name)
        for field, number, type_, repeated in fields:
            made = message.field.add(name=field, number=number, label=3 if repeated else 1)
            if type_ in PROTOCOL:
                made.type, made.type_name = kinds.TYPE_MESSAGE, f".tfplugin5.{type_}"
            else:
                made.type = kinds.Type.Value(f"TYPE_{type_.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    find = pool.FindMessageTypeByName
    return {n: message_factory.GetMessageClass(find(f"tfplugin5.{n}")) for n in PROTOCOL}


def packed(value: Any) -> bytes:
    """MessagePack of what states are made of."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return bytes([value])
    if isinstance(value, str):
        return b"\xd9" + bytes([len(value.encode())]) + value.encode()
    if isinstance(value, list):
        return b"\xdc" + struct.pack(">H", len(value)) + b"".join(map(packed, value))
    items = (packed(key) + packed(item) for key, item in value.items())
    return b"\xde" + struct.pack(">H", len(value)) + b"".join(items)


class Provider:
    """A running provider that is asked for plans."""

    def __init__(self, address: str) -> None:
        self._types = messages()
        options = [
            ("grpc.max_receive_message_length", 1 << 30),
            ("grpc.default_authority", "localhost"),
        ]
        self._channel = grpc.insecure_channel(f"unix:{address}", options=options)
        schemas = self._call("GetSchema", "Nothing", "Schemas")
        self.blocks = {entry.key: entry.value.block for entry in schemas.resource_schemas}
        told = empty(schemas.provider.block)
        told |= {"region": "us-east-1", "access_key": "a", "secret_key": "b"}
        told |= {f"skip_{c}": True for c in ("credentials_validation", "requesting_account_id")}
        self._call("Configure", "Configure", "Nothing", config=self._value(told))

    def replaced(self, type_: str) -> Iterator[tuple[str, str]]:
        """Argument path and ``replaces``, ``changes`` or why the provider does not say."""
        block = self.blocks[type_]
        for way, kind in arguments(block):
            try:
                old, new = (state(block, way, example(kind, first)) for first in (True, False))
            except KeyError:
                continue  # of a type without examples
            for it in (old, new):
                it |= {key: "x" for key in ("id",) if key in it and way[0][0] != key}
            path = ".".join(name for name, _ in way)
            anyway = {".".join(names(p)) for p in self._plan(type_, old, old).requires_replace}
            answer = self._plan(type_, old, new)
            wrong = [p.summary for p in answer.diagnostics if p.severity == 1]
            found = {".".join(names(p)) for p in answer.requires_replace} - anyway
            hit = any(path == f or path.startswith(f"{f}.") for f in found)
            yield path, wrong[0].partition("\n")[0] if wrong else ("replaces" if hit else "changes")

    def _plan(self, type_: str, old: dict[str, Any], new: dict[str, Any]) -> Any:
        given = {**new, **({"id": None} if "id" in new else {})}
        return self._call(
            "PlanResourceChange",
            "Plan",
            "Planned",
            type_name=type_,
            prior_state=self._value(old),
            proposed_new_state=self._value(new),
            config=self._value(given),
        )

    def _value(self, value: Any) -> Any:
        return self._types["Value"](msgpack=packed(value))

    def _call(self, method: str, request: str, answer: str, **fields: Any) -> Any:
        stub = self._channel.unary_unary(
            f"/tfplugin5.Provider/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self._types[answer].FromString,
        )
        return stub(self._types[request](**fields))


def names(path: Any) -> list[str]:
    """The names in a path; places in lists left out."""
    return [step.attribute_name for step in path.steps if step.attribute_name]


def empty(block: Any) -> dict[str, Any]:
    """A state in which nothing is set."""
    found: dict[str, Any] = {attribute.name: None for attribute in block.attributes}
    for nested in block.block_types:
        found[nested.type_name] = [] if nested.nesting in LISTS else None
    return found


def arguments(block: Any, above: Way | None = None) -> Iterator[tuple[Way, Any]]:
    """Every argument that can be set, and its type."""
    way = above or []
    for attribute in block.attributes:
        if attribute.optional or attribute.required:
            yield [*way, (attribute.name, None)], json.loads(attribute.type)
    for nested in block.block_types:
        if nested.type_name != "timeouts" and len(way) < DEEPEST - 1:
            yield from arguments(nested.block, [*way, (nested.type_name, nested)])


def example(kind: Any, first: bool) -> Any:
    """One of two values of a type; raises KeyError for types that have none."""
    if isinstance(kind, str):
        return {"string": ("a", "b"), "number": (1, 2), "bool": (True, False)}[kind][not first]
    shape, inner = kind
    if shape == "object":
        return {key: example(part, first) for key, part in inner.items()}
    return {"k": example(inner, first)} if shape == "map" else [example(inner, first)]


def state(block: Any, way: Way, value: Any) -> dict[str, Any]:
    """A state with one argument set."""
    (name, nested), *rest = way
    if nested is not None:
        inner = state(nested.block, rest, value)
        value = [inner] if nested.nesting in LISTS else inner
    return {**empty(block), name: value}


def main() -> int:
    """Print a line an argument, those that replace first."""
    parser = argparse.ArgumentParser(prog="python -m graph.plan.ask", description=__doc__)
    parser.add_argument("provider", help="the provider's executable")
    parser.add_argument("types", nargs="+", help="Terraform's names, such as aws_sqs_queue")
    wanted = parser.parse_args()
    environment = {"TF_PLUGIN_MAGIC_COOKIE": COOKIE, "PLUGIN_PROTOCOL_VERSIONS": "5"}
    process = subprocess.Popen(  # noqa: S603 - what the caller names
        [wanted.provider],
        env={**os.environ, **environment, "AWS_EC2_METADATA_DISABLED": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process, contextlib.ExitStack() as stack:
        stack.callback(process.kill)
        assert process.stdout is not None
        provider = Provider(process.stdout.readline().split("|")[3])
        for type_ in wanted.types:
            answers = sorted(provider.replaced(type_), key=lambda a: a[1] != "replaces")
            for path, answer in answers:
                print(f"{type_} {path}: {answer}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The OpenAPI 3.1 document, made from the operations and the types that validate them."""

from __future__ import annotations

import inspect
import re
from http import HTTPStatus
from typing import Any

import msgspec

from .operations import OPERATIONS, Operation
from .schemas import ProblemOut

PREFIX = "/api/v1"
_REF = "#/components/schemas/{name}"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": _REF.format(name="ProblemOut")}}}


def document(shop_name: str, public_url: str) -> dict[str, Any]:
    """The whole document as plain data."""
    kinds: set[type[msgspec.Struct]] = {ProblemOut}
    for operation in OPERATIONS:
        kinds |= {kind for kind in (operation.body, *operation.answers.values()) if kind}
    ordered = sorted(kinds, key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components(ordered, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        path = paths.setdefault(PREFIX + operation.path, {})
        path[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{shop_name} API",
            "version": "1",
            "description": "Money is an integer number of minor units with its currency. Errors "
            "are RFC 9457 problem details. State-changing calls need Content-Type: "
            "application/json and are refused when they come from another site. Carts live behind "
            "a cookie that the first change sets.",
        },
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": inspect.getdoc(operation.handler),
        "parameters": _parameters(operation),
        "responses": _responses(operation),
    }
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _ref(operation.body)}}},
        }
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    found += [
        {
            "name": name,
            "in": "header",
            "required": True,
            "description": text,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        }
        for name, text in operation.headers.items()
    ]
    schema = msgspec.json.schema(operation.query)
    properties = schema["$defs"][operation.query.__name__]["properties"]
    found += [
        {"name": name, "in": "query", "required": False, "schema": described}
        for name, described in properties.items()
    ]
    return found


def _responses(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, kind in operation.answers.items():
        found[str(status)] = {"description": HTTPStatus(status).phrase}
        if kind:
            content = {"application/json": {"schema": {"$ref": _ref(kind)}}}
            found[str(status)]["content"] = content
    for status in sorted(operation.errors):
        found[str(status)] = {"description": HTTPStatus(status).phrase, "content": _PROBLEM}
    return found


def _ref(kind: type[msgspec.Struct]) -> str:
    return _REF.format(name=kind.__name__)

"""What Personalize asks of Avro schemas and of the files that are imported with them."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .store import PersonalizeError

NAMESPACE = "com.amazonaws.personalize.schema"
LEAST_INTERACTIONS = 1000  # rows of an import; the Developer Guide's "Minimum data requirements"
LEAST_USERS = 25  # with two interactions each
# What these use cases need at least 1000 of (the Developer Guide's "ECOMMERCE use cases").
LEARNS_FROM = {
    "aws-ecomm-frequently-bought-together": "Purchase",
    "aws-ecomm-popular-items-by-purchases": "Purchase",
    "aws-ecomm-popular-items-by-views": "View",
}
MOST_METADATA = 5  # columns beside the required and reserved ones
REQUIRED = {
    "Interactions": {"USER_ID": "string", "ITEM_ID": "string", "TIMESTAMP": "long"},
    "Items": {"ITEM_ID": "string"},
    "Users": {"USER_ID": "string"},
}
# In a dataset group of domain ECOMMERCE.
REQUIRED_BY_DOMAIN = {
    "Interactions": {"EVENT_TYPE": "string"},
    "Items": {"PRICE": "float", "CATEGORY_L1": "string"},
    "Users": {},
}
_READ: Mapping[str, Callable[[str], Any]] = {
    "string": str,
    "long": int,
    "int": int,
    "float": float,
    "double": float,
}

Row = dict[str, Any]


def check(text: str, domain: str | None) -> str:
    """The name of the record ("Interactions", ...); raises PersonalizeError with what is wrong."""
    try:
        schema = json.loads(text)
        name, fields = str(schema["name"]), {f["name"]: f for f in schema["fields"]}
    except (ValueError, KeyError, TypeError) as problem:
        raise _invalid(f"the schema is no Avro record: {problem!r}") from problem
    if name not in REQUIRED:
        raise _invalid(f"no dataset is called {name}; there are {', '.join(REQUIRED)}")
    told = (schema.get("type"), schema.get("namespace"), schema.get("version"))
    if told != ("record", NAMESPACE, "1.0"):
        raise _invalid(f'type, namespace, version are not record, {NAMESPACE}, "1.0"')
    wanted = REQUIRED[name] | (REQUIRED_BY_DOMAIN[name] if domain else {})
    for field, type_ in wanted.items():
        if fields.get(field, {}).get("type") != type_:
            raise _invalid(f"{name} needs {field} of type {type_}")
    for field in fields.values():
        if set(_types(field)) - {*_READ, "null"}:
            raise _invalid(f"type of {field['name']} is {field['type']}")
    if len(fields) - len(wanted) > MOST_METADATA:
        raise _invalid(f"{name} has more than {MOST_METADATA} metadata columns")
    if name == "Users" and len(fields) == 1:
        raise _invalid("Users needs a column beside USER_ID")
    return name


def read(text: str, file: str) -> list[Row]:
    """A CSV file as rows of the schema's types; raises ValueError that names line and column."""
    schema = json.loads(text)
    fields = {f["name"]: _types(f) for f in schema["fields"]}
    lines = csv.DictReader(io.StringIO(file), strict=True)
    columns = lines.fieldnames or []
    if missing := [name for name in fields if name not in columns]:
        raise ValueError(f"the file has no column {', '.join(missing)}")
    if more := [name for name in columns if name not in fields]:
        raise ValueError(f"the schema has no field {', '.join(more)}")
    rows = [_row(fields, line, number) for number, line in enumerate(lines, 2)]
    if schema["name"] == "Interactions" and len(rows) < LEAST_INTERACTIONS:
        raise ValueError(f"{len(rows)} rows, at least {LEAST_INTERACTIONS} are needed")
    if not rows:
        raise ValueError("the file has no rows")
    return rows


def _row(fields: Mapping[str, list[str]], line: Mapping[str, Any], number: int) -> Row:
    found: Row = {}
    for name, types in fields.items():
        value = line[name]
        try:
            found[name] = _value(types, value)
        except ValueError as problem:
            raise ValueError(f"line {number}: {name} = {value!r} ({problem})") from problem
    return found


def _value(types: list[str], text: str | None) -> Any:
    if text:
        return _READ[next(type_ for type_ in types if type_ != "null")](text)
    if "null" not in types:
        raise ValueError("is empty")
    return None


def _types(field: Mapping[str, Any]) -> list[str]:
    told = field["type"]
    return told if isinstance(told, list) else [told]


def _invalid(message: str) -> PersonalizeError:
    return PersonalizeError("InvalidInputException", message)


def too_little(interactions: Sequence[Row], event_type: str | None) -> str:
    """Why nothing can be learned from so much, or ""; ``event_type`` is what a use case needs."""
    users = Counter(row["USER_ID"] for row in interactions)
    returning = sum(times > 1 for times in users.values())
    of_type = sum(row.get("EVENT_TYPE") == event_type for row in interactions)
    if len(interactions) < LEAST_INTERACTIONS:
        return f"{len(interactions)} interactions, at least {LEAST_INTERACTIONS} are needed"
    if returning < LEAST_USERS:
        return f"{returning} users with two interactions, at least {LEAST_USERS} are needed"
    if event_type and of_type < LEAST_INTERACTIONS:
        return f"{of_type} {event_type} events, at least {LEAST_INTERACTIONS} are needed"
    return ""

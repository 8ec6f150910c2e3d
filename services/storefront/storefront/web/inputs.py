"""Reading requests: strict for programs, forgiving for people who typed something."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar, get_args
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.types import Scope

from storefront.domain.errors import InvalidInputError, NotFoundError

from .problems import UnsupportedBodyError
from .site import body_of

T = TypeVar("T", bound=msgspec.Struct)
_MAX_FIELDS = 100
_PLACE = re.compile(r"(?P<message>.*?)(?: - at `(?:key in )?\$(?P<place>[^`]*)`)?\Z", re.DOTALL)
_NAMED = re.compile(r"(?:unknown|required) field `(?P<name>[^`]*)`")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,199}\Z")
_NUMBER = re.compile(r"-?[0-9]{1,18}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def slug_of(request: Request, name: str) -> str:
    """A path parameter that may be a slug; raises NotFoundError for what cannot be one."""
    slug: str = request.path_params[name]
    if not _SLUG.match(slug):
        raise NotFoundError("There is nothing at this address.")
    return slug


def media_type(request: Request) -> str:
    """The body's media type in lower case; raises UnsupportedBodyError for other than UTF-8."""
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = re.search(r"charset=\"?([^\s\";]+)", parameters.lower())
    if charset and charset[1] not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedBodyError("Bodies are UTF-8.")
    return kind.strip().lower()


def require_json(request: Request) -> None:
    """Raise UnsupportedBodyError unless the request says that its body is JSON, or has none."""
    if not body_of(request) and "content-type" not in request.headers:
        return
    if media_type(request) != "application/json":
        raise UnsupportedBodyError("State-changing calls need Content-Type: application/json.")


def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object; raises InvalidInputError."""
    try:
        value = msgspec.json.decode(body_of(request))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise InvalidInputError([("body", "is not valid JSON in UTF-8")]) from None
    if not isinstance(value, dict):
        raise InvalidInputError([("body", "must be a JSON object")])
    return value


def json_body(request: Request, kind: type[T]) -> T:
    """The body as ``kind``; raises InvalidInputError naming every bad field."""
    return _convert(json_object(request), kind)


def query(scope: Scope, kind: type[T]) -> T:
    """The query string as ``kind``; raises InvalidInputError naming every bad parameter.

    A parameter without a value counts as not given.
    """
    try:
        pairs = parse_qsl(
            scope["query_string"].decode("ascii"), errors="strict", max_num_fields=_MAX_FIELDS
        )
    except (UnicodeError, ValueError):
        raise InvalidInputError([("query", "is not a query string in UTF-8")]) from None
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise InvalidInputError([(name, "is given more than once")])
        if _CONTROL.search(value):
            raise InvalidInputError([(name, "must not have control characters")])
        values[name] = value
    for field in msgspec.structs.fields(kind):
        if field.name in values:
            values[field.name] = _typed(values[field.name], field.type)
    return _convert(values, kind)


def _typed(text: str, kind: Any) -> object:
    """A parameter as the number or truth value it spells; as text where it spells neither."""
    kinds = _plain_kinds(kind)
    if int in kinds and _NUMBER.match(text):
        return int(text)
    return {"true": True, "false": False}.get(text, text) if bool in kinds else text


def _plain_kinds(kind: Any) -> set[Any]:
    inner = get_args(kind)
    return set().union(*(_plain_kinds(one) for one in inner)) if inner else {kind}


def _convert(values: dict[str, Any], kind: type[T]) -> T:
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError:
        raise InvalidInputError(_problems(values, kind)) from None


def _problems(values: dict[str, Any], kind: type[msgspec.Struct]) -> list[tuple[str, str]]:
    """Everything that is wrong, field by field: msgspec itself stops at the first."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    found = [(_printable(name), "is not a known field") for name in values if name not in fields]
    for name, field in fields.items():
        if name not in values:
            if field.required:
                found.append((name, "is missing"))
            continue
        try:
            msgspec.convert(values[name], field.type)
        except msgspec.ValidationError as problem:
            found.append(_told(name, str(problem)))
    return found


def _told(name: str, problem: str) -> tuple[str, str]:
    """A field's path and what msgspec says of it."""
    match = _PLACE.match(problem)
    message, place = (match["message"], match["place"] or "") if match else (problem, "")
    if named := _NAMED.search(message):
        place, message = (
            f"{place}.{named['name']}",
            ("is missing" if "required" in message else "is not a known field"),
        )
    return _printable(name + place), message[:1].lower() + message[1:]


def _printable(name: str) -> str:
    return _CONTROL.sub("?", name)[:100]


def form(request: Request) -> dict[str, str]:
    """The fields of a posted form, the last of each name; raises UnsupportedBodyError."""
    if media_type(request) != "application/x-www-form-urlencoded":
        raise UnsupportedBodyError("Forms are sent as application/x-www-form-urlencoded.")
    try:
        text = body_of(request).decode("utf-8", errors="replace")
        return dict(
            parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=_MAX_FIELDS)
        )
    except ValueError:
        raise InvalidInputError([("form", "has too many fields")]) from None


def typed(scope: Scope) -> Mapping[str, str]:
    """The query string as a person may have typed it: never an error, no control characters."""
    try:
        pairs = parse_qsl(
            scope["query_string"].decode("latin-1"), errors="replace", max_num_fields=_MAX_FIELDS
        )
    except ValueError:
        return {}
    return {name: _CONTROL.sub(" ", value).strip() for name, value in pairs}

"""Paths, templates and intrinsic functions of the Amazon States Language.

Reference: https://states-language.net, "Paths" and "Intrinsic Functions".
"""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]")
_PATH = re.compile(r"\$\$?((\.[A-Za-z_][\w-]*)|(\[\d+\]))*")
_TOKEN = re.compile(
    r"\s*(?:(?P<name>States\.\w+)\(|(?P<path>\$\$?[\w.\[\]$-]*)|'(?P<text>[^'\\]*)'"
    r"|(?P<number>-?\d+)|(?P<mark>[,)]))\s*"
)


class FailedError(Exception):
    """A state failed; ``error`` is its name in the language, such as States.Timeout."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


def steps(path: str) -> list[str | int]:
    """The names and places of a path after ``$`` or ``$$``; raises ValueError."""
    if not _PATH.fullmatch(path):
        raise ValueError(f"the path {path!r} is not known here")
    return [name or int(place) for name, place in _STEP.findall(path)]


def select(path: str, data: Any, context: Mapping[str, Any]) -> Any:
    """What a path leads to; raises FailedError States.ParameterPathFailure when it does not."""
    found: Any = context if path.startswith("$$") else data
    for step in steps(path):
        try:
            found = found[step]
        except (KeyError, IndexError, TypeError) as problem:
            raise FailedError("States.ParameterPathFailure", f"{path} leads nowhere") from problem
    return copy.deepcopy(found)


def is_there(path: str, data: Any, context: Mapping[str, Any]) -> bool:
    """Whether a path leads anywhere."""
    try:
        select(path, data, context)
    except FailedError:
        return False
    return True


def put(path: str, data: Any, value: Any) -> Any:
    """The data with ``value`` where the path leads; what is missing on the way is made."""
    way = steps(path)
    if not way:
        return value
    whole = copy.deepcopy(data) if isinstance(data, dict) else {}
    place = whole
    for step in way[:-1]:
        place = place.setdefault(step, {})
    place[way[-1]] = value
    return whole


def fill(template: Any, data: Any, context: Mapping[str, Any]) -> Any:
    """A template with its ``.$`` members evaluated."""
    if isinstance(template, list):
        return [fill(item, data, context) for item in template]
    if not isinstance(template, dict):
        return template
    return {
        key.removesuffix(".$"): evaluate(value, data, context)
        if key.endswith(".$")
        else fill(value, data, context)
        for key, value in template.items()
    }


def evaluate(text: str, data: Any, context: Mapping[str, Any]) -> Any:
    """A path or an intrinsic function; raises FailedError."""
    tokens = parse(text)
    return _run(tokens, data, context)


Parsed = tuple[str, Any, list[Any]]  # (name of the function, path or "value"; value; arguments)


def parse(text: str) -> Parsed:
    """One expression; raises ValueError for what is not known here."""
    found, end = _parse(text, 0)
    if end != len(text):
        raise ValueError(f"cannot read {text[end:]!r} in {text!r}")
    return found


def _parse(text: str, start: int) -> tuple[Parsed, int]:
    token = _TOKEN.match(text, start)
    if token is None or token["mark"]:
        raise ValueError(f"cannot read {text[start:]!r} in {text!r}")
    end = token.end()
    if token["path"]:
        steps(token["path"])
        return ("path", token["path"], []), end
    if token["text"] is not None:
        return ("value", token["text"], []), end
    if token["number"]:
        return ("value", int(token["number"]), []), end
    if token["name"] not in _FUNCTIONS:
        raise ValueError(f"the function {token['name']} is not known here")
    arguments = []
    while text[end : end + 1] != ")":
        argument, end = _parse(text, end)
        arguments.append(argument)
        if text[end : end + 1] == ",":
            end += 1
        elif text[end : end + 1] != ")":
            raise ValueError(f"cannot read {text[end:]!r} in {text!r}")
    return ("function", token["name"], arguments), end + 1


def _run(parsed: Parsed, data: Any, context: Mapping[str, Any]) -> Any:
    kind, value, arguments = parsed
    if kind == "path":
        return select(value, data, context)
    if kind == "value":
        return value
    told = [_run(argument, data, context) for argument in arguments]
    try:
        return _FUNCTIONS[value](*told)
    except (TypeError, ValueError, IndexError) as problem:
        raise FailedError("States.IntrinsicFailure", f"{value}: {problem}") from problem


def _format(template: str, *values: Any) -> str:
    parts = template.split("{}")
    if len(parts) != len(values) + 1:
        raise ValueError(f"{len(values)} values for {template!r}")
    texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return parts[0] + "".join(text + part for text, part in zip(texts, parts[1:], strict=True))


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "States.ArrayContains": lambda array, value: value in array,
    "States.Format": _format,
    "States.JsonToString": lambda value: json.dumps(value, separators=(",", ":")),
    "States.UUID": lambda: str(uuid.uuid4()),
}

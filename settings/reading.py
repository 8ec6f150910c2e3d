"""Plain data into frozen dataclasses: strict, and every problem at once.

A field's type says what is accepted. ``Annotated[int, between(0, 35)]`` adds a rule; a dataclass
may have methods ``check_...`` that yield the combinations which cannot work. Nothing is converted:
YAML's ``18`` is a number and ``"18"`` is text.
"""

from __future__ import annotations

import dataclasses
import json
import re
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union

T = TypeVar("T")


@dataclass(frozen=True)
class Rule:
    """``holds`` decides about a value of the right type, ``accepted`` says the same in words."""

    accepted: str
    holds: Callable[[Any], bool]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A value that cannot stand: ``key`` below its owner, ``given`` what it clashes with."""

    key: str
    value: object
    accepted: str
    given: str = ""

    def line(self, owner: str) -> str:
        """The problem in one line, as the error shows it."""
        path = f"{owner}.{self.key}" if owner else self.key
        clash = f" {self.given}" if self.given else ""
        return f"{path} is {show(self.value)}{clash}; accepted: {self.accepted}"


def between(low: int, high: int, unit: str = "") -> Rule:
    """A whole number from ``low`` to ``high``."""
    words = f"a whole number from {low} to {high}" + (f" ({unit})" if unit else "")
    return Rule(words, lambda value: low <= value <= high)


def matching(pattern: str, accepted: str) -> Rule:
    """Text that matches the whole pattern."""
    return Rule(accepted, lambda value: re.fullmatch(pattern, value) is not None)


def show(value: object) -> str:
    """A value as the stack file would have it."""
    return json.dumps(value, ensure_ascii=False, default=list)


_BAD = object()  # stands for a value that was reported already


def read(kind: type[T], data: object, path: str, problems: list[str]) -> T | None:
    """``data`` as a ``kind``.

    What is wrong goes to ``problems``; the record then lacks the bad values and is good for further
    checks only. None when there is no record at all.
    """
    value = _value(kind, data, path, problems)
    return None if value is _BAD else typing.cast("T", value)


def _value(kind: Any, data: object, path: str, problems: list[str]) -> Any:
    plain, rules = _parts(kind)
    if isinstance(plain, type) and dataclasses.is_dataclass(plain):
        return _record(plain, data, path, problems)
    optional = typing.get_origin(plain) in (Union, types.UnionType)
    if optional:  # X | None is the only union there is
        return None if data is None else _value(typing.get_args(plain)[0], data, path, problems)
    if not _fits(plain, data):
        problems.append(Problem(key=path, value=data, accepted=_words(kind)).line(""))
        return _BAD
    value = _inside(plain, data, path, problems)
    for rule in rules:
        if value is not _BAD and not rule.holds(value):
            problems.append(Problem(key=path, value=data, accepted=rule.accepted).line(""))
            return _BAD
    return value


def _parts(kind: Any) -> tuple[Any, list[Rule]]:
    if typing.get_origin(kind) is not Annotated:
        return kind, []
    plain, *rest = typing.get_args(kind)
    return plain, [rule for rule in rest if isinstance(rule, Rule)]


def _fits(plain: Any, data: object) -> bool:
    origin = typing.get_origin(plain)
    if origin is Literal:
        return data in typing.get_args(plain) and not isinstance(data, bool | float)
    if origin is tuple:
        return isinstance(data, list)
    if origin is not None:
        return isinstance(data, dict)
    return type(data) is plain  # a bool is an int to isinstance


def _inside(plain: Any, data: Any, path: str, problems: list[str]) -> Any:
    origin, arguments = typing.get_origin(plain), typing.get_args(plain)
    if origin is tuple:
        items = [_value(arguments[0], x, f"{path}[{i}]", problems) for i, x in enumerate(data)]
        return _BAD if any(item is _BAD for item in items) else tuple(items)
    if origin is None or origin is Literal:
        return data
    result = {}
    for key, item in data.items():
        good = _value(arguments[1], item, f"{path}.{key}", problems)
        if _value(arguments[0], key, f"{path}.{key} (the key)", problems) is _BAD:
            good = _BAD
        result[key] = good
    return _BAD if any(item is _BAD for item in result.values()) else result


def _record(kind: type, data: object, path: str, problems: list[str]) -> Any:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    keys = ", ".join(fields)
    if not isinstance(data, dict):
        problems.append(Problem(key=path, value=data, accepted=f"the keys {keys}").line(""))
        return _BAD
    before = len(problems)
    problems.extend(
        f"{path}.{key} is unknown; accepted: {keys}" for key in data if key not in fields
    )
    hints = typing.get_type_hints(kind, include_extras=True)
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _value(hints[name], data[name], f"{path}.{name}", problems)
        elif field.default is dataclasses.MISSING:
            problems.append(f"{path}.{name} is missing; accepted: {_words(hints[name])}")
    whole = len(problems) == before
    record = kind(**values) if whole else _partial(kind, values)
    for check in (getattr(record, name) for name in dir(kind) if name.startswith("check_")):
        found = attempt(check) if not whole else list(check())
        problems.extend(problem.line(path) for problem in found)
    return record


def _partial(kind: type, values: dict[str, Any]) -> Any:
    """A record without its bad values, so that what can be checked still is."""
    record: Any = object.__new__(kind)
    for name, value in values.items():
        if value is not _BAD:
            object.__setattr__(record, name, value)
    return record


def attempt(check: Callable[[], Iterator[Problem]]) -> list[Problem]:
    """What a check finds; nothing where it needs a value that was reported already."""
    try:
        return list(check())
    except AttributeError:
        return []


def _words(kind: Any) -> str:
    plain, rules = _parts(kind)
    if rules:
        return ", ".join(rule.accepted for rule in rules)
    if dataclasses.is_dataclass(plain):
        return "the keys " + ", ".join(field.name for field in dataclasses.fields(plain))
    origin, arguments = typing.get_origin(plain), typing.get_args(plain)
    if origin is Literal:
        return ", ".join(str(choice) for choice in arguments)
    if origin in (Union, types.UnionType, tuple):
        inner = _words(arguments[0])
        return f"a list, each {inner}" if origin is tuple else f"{inner}, or null"
    if origin is not None:
        return f"keys ({_words(arguments[0])}) with {_words(arguments[1])}"
    return {bool: "true or false", int: "a whole number", str: "text in quotes"}[plain]

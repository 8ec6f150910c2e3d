"""Filters of one condition, as a shop needs them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

from .ranking import Interaction, Row
from .store import PersonalizeError

_FILTER = re.compile(
    r"(?i)\s*(include|exclude)\s+itemid\s+where\s+(interactions|items)\.(\w+)\s+(not\s+in|in|=)\s+"
    r"(\(.*\)|\S+)\s*"
)
_VALUE = re.compile(r'"([^"]*)"|\$(\w+)')

Keeps = Callable[[str], bool]


def compiled(
    expression: str,
    values: Mapping[str, str],
    items: Mapping[str, Row],
    history: Sequence[Interaction],
) -> Keeps:
    """Which items a filter lets through; ``values`` are those of its ``$`` parameters.

    Raises PersonalizeError for a filter of another form, or without a value.
    """
    found = _FILTER.fullmatch(expression)
    if found is None:
        raise _invalid(f"the stand-in has filters of one condition only, not {expression!r}")
    include, dataset, column = found[1].lower() == "include", found[2].lower(), found[3].upper()
    wanted = {text for part in _VALUE.finditer(found[5]) for text in _values(part, values)}
    if not wanted:
        raise _invalid(f"{expression!r} compares with nothing")
    if dataset == "interactions":
        if column != "EVENT_TYPE":
            raise _invalid(f"the stand-in filters interactions by EVENT_TYPE, not {column}")
        matching = {one.item for one in history if one.kind in wanted}
    else:
        matching = {
            item for item, row in items.items() if wanted & set(str(row.get(column, "")).split("|"))
        }
    keeps = include is (found[4].lower() in ("in", "="))
    return lambda item: (item in matching) is keeps


def _values(part: re.Match[str], values: Mapping[str, str]) -> list[str]:
    if part[2] is None:
        return [part[1]]
    if part[2] not in values:
        raise _invalid(f"filterValues has no {part[2]}")
    # A value is given as it stands in an expression: "a", or "a","b".
    text = values[part[2]]
    try:
        return [str(one) for one in json.loads(f"[{text}]")]
    except ValueError as problem:
        raise _invalid(f"filterValues: {part[2]} is {text!r}, not quoted") from problem


def _invalid(message: str) -> PersonalizeError:
    return PersonalizeError("InvalidInputException", message)

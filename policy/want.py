"""What a property must be."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Want:
    """What a value must be: a predicate, and how to say it."""

    wanted: str
    holds: Callable[[Any], bool]


TRUE = Want("true", lambda value: value is True)
NOT_TRUE = Want("false", lambda value: value is not True)
GIVEN = Want("given", bool)
ABSENT = Want("left out", lambda value: not value)


def at_least(least: float, default: float | None = None) -> Want:
    """A number that is not below ``least``; ``default`` is what AWS takes when it is left out."""

    def holds(value: Any) -> bool:
        told = default if value is None else value
        return told is not None and float(told) >= least

    return Want(f"{least} or more", holds)


def at_most(most: float) -> Want:
    """A number that is given and not above ``most``."""
    return Want(f"{most} or less", lambda value: value is not None and float(value) <= most)


def one_of(*values: Any) -> Want:
    """One of these values."""
    return Want(" or ".join(map(str, values)), lambda value: value in values)


def has(*wanted: Any) -> Want:
    """A list with all of these in it."""
    return Want(f"with {', '.join(wanted)}", lambda value: set(wanted) <= set(value or ()))


def matching(pattern: str, wanted: str) -> Want:
    """A text that fits a pattern as a whole."""
    return Want(wanted, lambda value: bool(re.fullmatch(pattern, str(value or ""), re.DOTALL)))

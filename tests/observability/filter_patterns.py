"""CloudWatch Logs' filter patterns for JSON, as far as the program uses them.

Grammar (CloudWatch Logs user guide, "Filter and pattern syntax"): ``{ condition }`` where a
condition is ``$.path = value``, ``!=``, ``EXISTS`` or ``NOT EXISTS``, joined by ``&&`` and ``||``,
with parentheses; ``&&`` binds tighter. ``*`` in a value is any text. A comparison with a field that
is not there does not hold, whatever its operator.
"""

from __future__ import annotations

import fnmatch
import re
from typing import Any

TOKEN = re.compile(r'\s*(\(|\)|&&|\|\||!=|=|NOT EXISTS|EXISTS|\$\.[\w.]+|"[^"]*"|[\w.*-]+)')
MISSING = object()


def matches(pattern: str, event: dict[str, Any]) -> bool:
    """Whether an event is found by a pattern; raises ValueError for what is no pattern."""
    body = re.fullmatch(r"\{\s*(.*?)\s*\}", pattern, re.DOTALL)
    if body is None or len(pattern) > 1024:
        raise ValueError(f"no filter pattern: {pattern}")
    tokens, place = [], 0
    while place < len(body[1]):
        token = TOKEN.match(body[1], place)
        if token is None:
            raise ValueError(f"cannot read {body[1][place:]!r}")
        tokens.append(token[1])
        place = token.end()
    reader = _Reader(tokens, event)
    found = reader.either()
    if reader.tokens:
        raise ValueError(f"left over: {reader.tokens}")
    return found


class _Reader:
    def __init__(self, tokens: list[str], event: dict[str, Any]) -> None:
        self.tokens, self.event = tokens, event

    def either(self) -> bool:
        found = self.both()
        while self.tokens[:1] == ["||"]:
            self.tokens.pop(0)
            found = self.both() or found
        return found

    def both(self) -> bool:
        found = self.one()
        while self.tokens[:1] == ["&&"]:
            self.tokens.pop(0)
            found = self.one() and found
        return found

    def one(self) -> bool:
        if self.tokens[0] == "(":
            self.tokens.pop(0)
            found = self.either()
            if self.tokens.pop(0) != ")":
                raise ValueError("a parenthesis stays open")
            return found
        value = self.value(self.tokens.pop(0))
        operator = self.tokens.pop(0)
        if operator in ("EXISTS", "NOT EXISTS"):
            return (value is not MISSING) == (operator == "EXISTS")
        wanted = self.tokens.pop(0).strip('"')
        if operator not in ("=", "!="):
            raise ValueError(f"no operator: {operator}")
        if value is MISSING:
            return False
        return fnmatch.fnmatchcase(str(value), wanted) == (operator == "=")

    def value(self, path: str) -> Any:
        if not path.startswith("$."):
            raise ValueError(f"no path: {path}")
        value: Any = self.event
        for key in path[2:].split("."):
            if not isinstance(value, dict) or key not in value:
                return MISSING
            value = value[key]
        return value

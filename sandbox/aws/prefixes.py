"""Firehose's names for objects: the declared prefix, its expressions, and what follows it."""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import datetime

_EXPRESSION = re.compile(r"!\{([\w-]+):([^}]*)\}")
_TIME = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_TOKEN = re.compile(r"yyyy|MM|dd|HH|mm|ss|'([^']*)'|[^A-Za-z']")


def folder(prefix: str, now: datetime) -> str:
    """All of an object's key before its own name.

    Expressions (``!{timestamp:...}``, ``!{firehose:random-string}``) are replaced; a prefix without
    any gets ``YYYY/MM/dd/HH/`` after it, as it stands: without a slash of its own it is glued to
    the year. Raises ValueError for what the laptop does not know.
    """
    if "!{" not in prefix:
        return f"{prefix}{now:%Y/%m/%d/%H}/"
    found = _EXPRESSION.sub(lambda m: _expression(m[1], m[2], now), prefix)
    return found if found.endswith("/") else f"{found}/"


def _expression(namespace: str, value: str, now: datetime) -> str:
    if namespace == "timestamp":
        tokens = list(_TOKEN.finditer(value))
        if "".join(token[0] for token in tokens) == value:
            return "".join(
                now.strftime(_TIME[t[0]]) if t[0] in _TIME else (t[1] or t[0]) for t in tokens
            )
    elif (namespace, value) == ("firehose", "random-string"):
        return secrets.token_hex(6)[:11]
    raise ValueError(f"the prefix has !{{{namespace}:{value}}}, which the laptop does not know")


def name(stream: str, version: str, now: datetime, extension: str) -> str:
    """An object's own name."""
    return f"{stream}-{version}-{now:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}{extension}"

"""The functions' settings from the environment; everything that is wrong is reported at once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping


class SettingsError(Exception):
    """The environment does not describe the function; the message names every problem."""


class Reader:
    """Reads names, collects problems, and raises them all in `done`."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """The variable; empty counts as missing."""
        value = self._environment.get(name) or default
        if value is None:
            self._problems.append(f"{name} is missing")
        return value or ""

    def choice(self, name: str, accepted: tuple[str, ...], default: str | None = None) -> str:
        """One of ``accepted``."""
        value = self.text(name, default)
        if value and value not in accepted:
            self._problems.append(f"{name} is {value!r}; accepted: {', '.join(accepted)}")
        return value

    def number(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number from ``low`` to ``high``."""
        value = self.text(name, None if default is None else str(default))
        if value.isascii() and value.isdecimal() and low <= int(value) <= high:
            return int(value)
        if value:
            self._problems.append(f"{name} is {value!r}; accepted: {low} to {high}")
        return low

    def origin(self, name: str) -> str:
        """``http(s)://host`` without a path, or empty."""
        value = self.text(name, "").rstrip("/")
        if value and not re.fullmatch(r"https?://[^/?#\s]+", value):
            self._problems.append(f"{name} is {value!r}; accepted: http(s)://host, or nothing")
        return value

    def done(self) -> None:
        """Raise SettingsError when anything was wrong."""
        if self._problems:
            raise SettingsError("; ".join(self._problems))


SERVING = ("off", "recommender", "campaign")
LOG_LEVELS = ("debug", "info", "warning", "error")

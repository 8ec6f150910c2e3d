"""Checks on what people type; every problem is collected, so that one answer names them all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import InvalidInputError

MAX_EMAIL = 254
MIN_PASSWORD, MAX_PASSWORD = 8, 128

# Dot-atom local part and a host name with at least one dot: what mail systems really deliver to.
_EMAIL = re.compile(
    r"(?=.{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)
# Control characters, halves of surrogate pairs, private code points, line separators, and the marks
# that turn the direction of text around: nothing of it belongs into a name or an address.
_REFUSED = frozenset({"Cc", "Cs", "Co", "Zl", "Zp"})
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Checker:
    """Reads fields of one JSON object (or form) under ``prefix`` and notes what is wrong.

    Readers answer a harmless value for a bad field; `done` raises when there was any.
    """

    def __init__(
        self,
        raw: Mapping[str, Any],
        known: Iterable[str],
        *,
        prefix: str = "",
        errors: list[tuple[str, str]] | None = None,
    ) -> None:
        self.raw = raw
        self.prefix = prefix
        self.errors: list[tuple[str, str]] = [] if errors is None else errors
        for name in raw.keys() - set(known):
            self.problem(printable(str(name)), "is not a known field")

    def problem(self, field: str, message: str) -> None:
        """Note that ``field`` broke a rule."""
        self.errors.append((self.prefix + field, message))

    def done(self) -> None:
        """Raise InvalidInputError when anything was wrong."""
        if self.errors:
            raise InvalidInputError(sorted(self.errors))

    def text(self, field: str, longest: int, *, required: bool = True, lines: bool = False) -> str:
        """Trimmed text of at most ``longest`` characters; newlines only with ``lines``."""
        value = self.raw.get(field)
        if value is None or value == "":
            if required:
                self.problem(field, "is required")
            return ""
        if not isinstance(value, str):
            self.problem(field, "must be text")
            return ""
        text = unicodedata.normalize("NFC", value.replace("\r\n", "\n") if lines else value).strip()
        if not clean(text, lines=lines):
            self.problem(field, "contains characters that are not allowed")
            return ""
        if len(text) > longest:
            self.problem(field, f"must have at most {longest} characters")
            return ""
        if required and not text:
            self.problem(field, "is required")
        return text

    def choice(self, field: str, accepted: Iterable[str]) -> str:
        """One of ``accepted``."""
        value, names = self.text(field, 100), list(accepted)
        if value and value not in names:
            self.problem(field, f"must be one of: {', '.join(names)}")
        return value if value in names else names[0]

    def email(self, field: str = "email") -> str:
        """An address as typed, trimmed."""
        value = self.text(field, MAX_EMAIL)
        if value and not _EMAIL.fullmatch(value):
            self.problem(field, "must be an e-mail address such as name@example.com")
            return ""
        return value

    def password(self, field: str = "password") -> str:
        """8 to 128 characters of any kind, not trimmed, in Unicode's compatible composed form."""
        value = self.raw.get(field)
        if not isinstance(value, str) or not value:
            self.problem(field, "is required" if value in (None, "") else "must be text")
            return ""
        password = unicodedata.normalize("NFKC", value)
        if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            self.problem(field, f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters")
        elif any(unicodedata.category(character) in {"Cc", "Cs"} for character in password):
            self.problem(field, "contains characters that are not allowed")
        return password


def clean(text: str, *, lines: bool = False) -> bool:
    """Whether ``text`` holds nothing but what people write; newlines and tabs only if ``lines``."""
    return (text.isascii() and text.isprintable()) or all(
        (lines and character in "\n\t")
        or (unicodedata.category(character) not in _REFUSED and character not in _DIRECTION)
        for character in text
    )


def printable(text: str) -> str:
    """A name someone made up, safe and short enough to show in an error."""
    return "".join(c if c.isprintable() else "?" for c in text[:60])

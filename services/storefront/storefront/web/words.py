"""Dates and texts as people read them."""

from __future__ import annotations

import datetime as dt


def day(when: dt.datetime) -> str:
    """A date such as Nov 3, 2026."""
    return f"{when:%b} {when.day}, {when.year}"


def moment(when: dt.datetime) -> str:
    """Date and time such as Nov 3, 2026, 14:05 UTC."""
    when = when.astimezone(dt.UTC)
    return f"{day(when)}, {when:%H:%M} UTC"


def paragraphs(text: str) -> list[str]:
    """A text's lines that say anything."""
    return [line for line in text.split("\n") if line.strip()]

"""What a tier hands on, as plain data for Pulumi's state."""

from __future__ import annotations

import dataclasses
from typing import Any


def plain(links: Any) -> Any:
    """A record of links, and records inside it, as mappings; outputs stay outputs."""
    if isinstance(links, list):
        return [plain(item) for item in links]
    if not dataclasses.is_dataclass(links):
        return links
    return {field.name: plain(getattr(links, field.name)) for field in dataclasses.fields(links)}

"""The data behind a plan: what is replaced, what things cost and how long they take."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml


@functools.cache
def table(name: str) -> dict[str, Any]:
    """One of the YAML files in this folder: ``replacements``, ``prices`` or ``times``."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster, where it was built
    text = (Path(__file__).parent / f"{name}.yaml").read_text()
    loaded: dict[str, Any] = yaml.load(text, loader)  # noqa: S506 - both are safe loaders
    return loaded

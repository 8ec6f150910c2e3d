"""What every function is told, whichever tier it is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from .reading import between


@dataclass(frozen=True, kw_only=True)
class FunctionSettings:
    """A function's size: MiB of ``memory``, processor in proportion, and how many run at once.

    ``concurrency`` is reserved: nobody else takes it away, and there are never more. Without (null)
    a function takes from what the account has left.
    """

    memory: Annotated[int, between(128, 10_240, "MiB")]
    concurrency: Annotated[int, between(1, 1000, "at the same time")] | None

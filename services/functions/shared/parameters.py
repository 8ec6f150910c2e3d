"""Parameter Store, read when needed and kept for a minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .observe import log

KEPT_SECONDS = 60.0
NOTHING = "NONE"  # what a parameter holds until there is a value


class Parameters:
    """Parameters by name, over a boto3 ``ssm`` client; ``clock`` gives seconds."""

    def __init__(self, client: Any, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[str, tuple[str | None, float]] = {}

    def get(self, name: str) -> str | None:
        """The value, None for NONE.

        What cannot be read or decrypted keeps its last value (None at first) until the next try in
        a minute.
        """
        value, good_until = self._known.get(name, (None, 0.0))
        if name in self._known and self._clock() < good_until:
            return value
        try:
            told = self._client.get_parameter(Name=name, WithDecryption=True)
            read = told["Parameter"]["Value"]
            value = None if read == NOTHING else read
        except (BotoCoreError, ClientError) as problem:
            log.warning("parameter not read", extra={"parameter": name, "problem": repr(problem)})
        self._known[name] = (value, self._clock() + KEPT_SECONDS)
        return value

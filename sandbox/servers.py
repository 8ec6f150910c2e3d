"""The embedded servers of one sandbox: which there are, and when each is started."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .aws import Aws
from .part import Part
from .personalize import Personalize
from .postgres import Postgres
from .state import State
from .valkey import Valkey


def _nobody(part: Part) -> None:
    raise RuntimeError(f"nobody starts {part.name}")


@dataclass(slots=True)
class Servers:
    """PostgreSQL, Valkey and AWS are always there; Personalize is when the program wants it."""

    postgres: Postgres
    valkey: Valkey
    aws: Aws
    personalize: Personalize
    on_demand: Callable[[Part], object] = _nobody  # starts a part; called from any thread
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _demanded: bool = False

    @classmethod
    def of(cls, directory: Path, state: State, logs: Path) -> Servers:
        """Those of a state folder, on the ports they had before."""
        aws = Aws(directory / "aws", state.port("aws"), logs / "aws.log")
        return cls(
            Postgres(directory / "postgres", state.port("postgres"), logs / "postgres.log"),
            Valkey(directory / "valkey", state.port("valkey"), logs / "valkey.log"),
            aws,
            Personalize(
                directory / "personalize",
                state.port("personalize"),
                logs / "personalize.log",
                environment=aws.environment,
            ),
        )

    @property
    def names(self) -> set[str]:
        """Of all of them; pods and functions go before these."""
        return {part.name for part in self}

    def __iter__(self) -> Iterator[Part]:
        return iter((self.postgres, self.valkey, self.aws, self.personalize))

    def at_once(self) -> Iterator[Part]:
        """Those that start with the sandbox."""
        return iter((self.postgres, self.valkey, self.aws))

    def kind(self, part: Part) -> tuple[str, Callable[[], str]]:
        """What `status` and the terminal call a part."""
        if part is self.postgres:
            return "database", lambda: f"postgres {self.postgres.version}"
        if part is self.valkey:
            return "cache", lambda: f"valkey {self.valkey.version}"
        return "aws", lambda: "aws (moto)" if part is self.aws else "personalize (stand-in)"

    def demand_personalize(self) -> Personalize:
        """Have it started, if it is not; whoever needs it at once waits for it."""
        with self._lock:
            demanded, self._demanded = self._demanded, True
        if not demanded:
            self.on_demand(self.personalize)
        return self.personalize

"""What the stand-in keeps: things with names, ARNs and states that advance when looked at.

A thing takes its next state each time it is described, so whoever polls sees every state and
nothing depends on the clock.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

ACCOUNT = "123456789012"
ACTIVE, INACTIVE, FAILED = "ACTIVE", "INACTIVE", "CREATE FAILED"
CREATING = ("CREATE PENDING", "CREATE IN_PROGRESS", ACTIVE)
DELETING = ("DELETE PENDING", "DELETE IN_PROGRESS", "")  # and then it is gone
STOPPING = ("STOP PENDING", "STOP IN_PROGRESS", INACTIVE)
STARTING = ("START PENDING", "START IN_PROGRESS", ACTIVE)

Kind = Literal[
    "campaign",
    "dataset",
    "dataset-group",
    "dataset-import-job",
    "event-tracker",
    "filter",
    "recommender",
    "schema",
    "solution",
    "solution-version",
]

_STATUS = {
    "InternalServerException": 500,
    "ResourceNotFoundException": 404,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 429,
}


class PersonalizeError(Exception):
    """An answer that refuses; ``code`` is the name of the exception in the service's model."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong ``times`` times, for all things or the one called ``name``.

    Either an ``operation`` is refused with ``error`` (and ``status``, else the usual one), or
    answers ``seconds`` late, or with nothing in it (``empty``); or things of a ``kind`` end as
    ``ends`` says: "CREATE FAILED", or "never". ``times`` 0 is until it is healed.
    """

    operation: str = ""
    error: str = ""
    kind: str = ""
    ends: str = ""
    name: str = ""
    times: int = 1
    seconds: float = 0.0
    empty: bool = False
    status: int = 0


@dataclass(slots=True, kw_only=True)
class Thing:
    """One resource; ``properties`` are the members that its Describe has, as they were given.

    ``ahead`` are the states that follow, ``why`` it failed; ``update`` is the properties it will
    have when the change under way is done, with a state of its own.
    """

    kind: Kind
    name: str
    arn: str
    properties: dict[str, Any]
    status: str
    ahead: list[str]
    created: float
    updated: float
    why: str = ""
    update: dict[str, Any] = field(default_factory=dict)
    update_status: str = ""
    update_ahead: list[str] = field(default_factory=list)


Finish = Callable[[Thing], str]  # does what being ACTIVE needs; returns why not, or ""


class Store:
    """Thread-safe through ``lock``, which callers hold around more than one call."""

    def __init__(self, file: Path | None = None, region: str = "us-east-1") -> None:
        """``file`` remembers everything over a restart; without one it is in memory only."""
        self.lock = threading.RLock()
        self.region = region
        self._file = file
        self._things: dict[str, Thing] = {}
        self._faults: list[Fault] = []
        if file is not None and file.exists():
            told = json.loads(file.read_text())
            self._things = {thing["arn"]: Thing(**thing) for thing in told}

    def _save(self) -> None:
        if self._file is not None:
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps([asdict(thing) for thing in self._things.values()]))
            fresh.replace(self._file)

    def script(self, fault: Fault) -> None:
        """From now on this goes wrong; raises PersonalizeError for a fault that says nothing."""
        says = fault.error or fault.ends or fault.seconds or fault.empty
        if bool(fault.operation) is bool(fault.kind) or not says:
            raise PersonalizeError("InvalidInputException", f"no fault: {fault}")
        with self.lock:
            self._faults.append(fault)

    def _due(self, name: str, *, operation: str = "", kind: str = "") -> Fault | None:
        for place, fault in enumerate(self._faults):
            if (fault.operation, fault.kind) == (operation, kind) and fault.name in ("", name):
                if fault.times == 1:
                    del self._faults[place]
                else:
                    self._faults[place] = replace(fault, times=fault.times - 1)
                return fault
        return None

    def refuse_if_scripted(self, operation: str, name: str) -> None:
        """Raises the scripted PersonalizeError of this operation, if there is one."""
        with self.lock:
            if fault := self._due(name, operation=operation):
                raise PersonalizeError(fault.error, f"{operation} was told to fail")

    def fail_if_scripted(self, operation: str, name: str) -> Fault | None:
        """As scripted: late, or with a PersonalizeError; gives what the caller has to do."""
        with self.lock:
            fault = self._due(name, operation=operation)
        if fault is not None:
            time.sleep(fault.seconds)
            if fault.error:
                status = fault.status or _STATUS.get(fault.error, 400)
                raise PersonalizeError(fault.error, f"{operation} was told to fail", status)
        return fault

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        with self.lock:
            self._faults.clear()

    def arn(self, kind: Kind, path: str) -> str:
        """As Personalize puts them together."""
        place = "solution" if kind == "solution-version" else kind
        return f"arn:aws:personalize:{self.region}:{ACCOUNT}:{place}/{path}"

    def refuse_if_there(self, kind: Kind, path: str) -> str:
        """The ARN of a new thing; raises PersonalizeError ResourceAlreadyExistsException."""
        if (arn := self.arn(kind, path)) in self._things:
            raise PersonalizeError("ResourceAlreadyExistsException", f"{arn} is there already")
        return arn

    def create(self, kind: Kind, name: str, properties: dict[str, Any], path: str = "") -> Thing:
        """A new thing in its first state; ``path`` in its ARN is its name unless given.

        Raises PersonalizeError ResourceAlreadyExistsException.
        """
        with self.lock:
            arn = self.refuse_if_there(kind, path or name)
            states = [*CREATING]
            why = ""
            if fault := self._due(name, kind=kind):
                if fault.ends == FAILED:
                    states[-1], why = FAILED, "training was told to fail"
                else:
                    states = states[:2]
            if kind == "schema":
                states = [ACTIVE]
            now = time.time()
            self._things[arn] = Thing(
                kind=kind,
                name=name,
                arn=arn,
                properties=properties,
                status=states[0],
                ahead=states[1:],
                created=now,
                updated=now,
                why=why,
            )
            self._save()
            return self._things[arn]

    def get(self, kind: Kind, arn: str) -> Thing:
        """Raises PersonalizeError ResourceNotFoundException."""
        with self.lock:
            found = self._things.get(arn)
            if found is None or found.kind != kind:
                raise PersonalizeError("ResourceNotFoundException", f"there is no {kind} {arn}")
            return found

    def all(self, kind: Kind, **properties: str) -> Iterator[Thing]:
        """Things of a kind whose properties are these, in the order of their creation."""
        with self.lock:
            for thing in list(self._things.values()):
                if thing.kind == kind and properties.items() <= thing.properties.items():
                    yield thing

    def active(self, kind: Kind, arn: str) -> Thing:
        """As `get`; raises PersonalizeError ResourceInUseException unless it is ACTIVE."""
        found = self.get(kind, arn)
        if found.status != ACTIVE:
            raise PersonalizeError("ResourceInUseException", f"{arn} is {found.status}")
        return found

    def move(self, thing: Thing, states: tuple[str, ...]) -> None:
        """Let a thing go through ``states``; "" is the end of it."""
        with self.lock:
            thing.status, thing.ahead = states[0], [*states[1:]]
            thing.updated = time.time()
            self._save()

    def change(self, thing: Thing, properties: dict[str, Any]) -> None:
        """Begin to change a thing, which serves as it was until the change is done."""
        with self.lock:
            thing.update, thing.updated = properties, time.time()
            thing.update_status, thing.update_ahead = CREATING[0], [*CREATING[1:]]
            self._save()

    def remove(self, thing: Thing) -> None:
        """Take a thing away at once."""
        with self.lock:
            del self._things[thing.arn]
            self._save()

    def look(self, kind: Kind, arn: str, finish: Finish) -> Thing:
        """The thing as it is now, and on it goes: the next look sees the next state.

        Raises PersonalizeError ResourceNotFoundException, also when this was the end of it.
        """
        with self.lock:
            thing = self.get(kind, arn)
            shown = replace(thing, properties={**thing.properties}, update={**thing.update})
            if thing.ahead:
                thing.status, thing.updated = thing.ahead.pop(0), time.time()
                if thing.status == ACTIVE and (why := finish(thing)):
                    thing.status, thing.why = FAILED, why
            if thing.update_ahead:
                thing.update_status = thing.update_ahead.pop(0)
                if thing.update_status == ACTIVE:
                    thing.properties |= thing.update
            if not thing.status:
                self.remove(thing)
            self._save()
            return shown

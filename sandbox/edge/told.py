"""The supervisor's side of the front door: what it is told, and when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from sandbox.aws import CREDENTIALS, Aws
from sandbox.kubernetes import RefusedError
from sandbox.part import HOST
from sandbox.unit import Unit

from . import read
from .plan import Plan

if TYPE_CHECKING:
    from graph import Graph

_KEY = CREDENTIALS["AWS_ACCESS_KEY_ID"]


class Told:
    """Keeps the plan for a front door that is started again."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._services: frozenset[tuple[str, str]] | None = None
        self._ready: list[int] | None = None

    def read(self, graph: Graph, aws: Aws, mark: read.Mark) -> str:
        """Learn the edge of a program; what is refused of it, or an empty text."""
        scope = f"20260101/{aws.region}/s3/aws4_request"
        emulator = read.Emulator(
            address=(HOST, aws.port),
            # The emulator looks whether a request is signed, and not by whom.
            authorization=f"AWS4-HMAC-SHA256 Credential={_KEY}/{scope},"
            " SignedHeaders=host, Signature=sandbox",
        )
        try:
            found = read.read(graph, emulator, mark)
        except RefusedError as problem:
            for resource in graph.of_type(read.DISTRIBUTION):
                mark(resource, "refused", str(problem))
            return str(problem)
        if found is not None:
            self._plan, self._services = found.plan, found.services
        return ""

    def serves(self, namespace: str, service: str) -> bool:
        """Whether this Service's pods get requests; without a declared edge every one's do."""
        return self._services is None or (namespace, service) in self._services

    def tell(self, door: Unit, behind: Iterable[Unit], *, again: bool = False) -> None:
        """Tell which pods are ready; ``again`` (it was started) the plan, too."""
        if door.child is None:
            return
        if again and self._plan is not None:
            door.child.write(msgspec.json.encode(self._plan) + b"\n")
        ready = [
            int(unit.spec.address.rpartition(":")[2]) for unit in behind if unit.state == "ready"
        ]
        if again or ready != self._ready:
            self._ready = ready
            door.child.write(msgspec.json.encode(ready) + b"\n")

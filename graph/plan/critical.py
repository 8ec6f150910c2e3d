"""How long a first `up` takes: the longest way through the dependencies, by typical times."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from graph.model import Graph, Resource

from .tables import table

PARALLEL = 16  # what `pulumi up` does at a time unless told otherwise


@dataclass(frozen=True, kw_only=True)
class Step:
    """A resource on the path; ``seconds`` are its own, ``ends`` when it is there.

    ``why`` is how it waits for the step before: an input, ``depends_on`` or its provider.
    """

    name: str
    type: str
    seconds: int
    ends: int
    why: str


@dataclass(frozen=True)
class Critical:
    """``seconds`` for the path; ``parallel`` with 16 at a time.

    ``bound`` is the longest way along inputs alone: what remains if no `depends_on` were there.
    """

    steps: tuple[Step, ...]
    seconds: int
    parallel: int
    bound: int
    bound_steps: tuple[Step, ...]


Waits = Mapping[str, Mapping[str, str]]  # URN -> URN it waits for -> why


def critical_path(graph: Graph) -> Critical:
    """The model of a first update. Deterministic: ties go to the URN that sorts first."""
    made = [r for r in graph if not r.read]
    times = {r.urn: seconds(r) for r in made}
    waits = _waits(made, hidden=True)
    ends = _ends(times, waits)
    data = _waits(made, hidden=False)
    bounds = _ends(times, data)
    steps, bound_steps = _path(made, times, waits, ends), _path(made, times, data, bounds)
    return Critical(
        steps,
        max(ends.values(), default=0),
        _scheduled(times, waits),
        max(bounds.values(), default=0),
        bound_steps,
    )


def seconds(resource: Resource) -> int:
    """How long AWS takes for one resource."""
    known = table("times")
    if resource.remote or not (resource.custom or resource.type in known["types"]):
        return 0  # made with the component it belongs to
    base = known["types"].get(resource.type, {"seconds": known["default"]})["seconds"]
    more = sum(
        rule["seconds"]
        for rule in known["more"]
        if rule["type"] == resource.type and resource.inputs.get(rule["input"]) == rule["value"]
    )
    return int(base + more)


def _waits(made: list[Resource], *, hidden: bool) -> Waits:
    there = {r.urn for r in made}
    found: dict[str, dict[str, str]] = {}
    for resource in made:
        mine: dict[str, str] = {}
        for key, urns in sorted(resource.property_dependencies.items()):
            for urn in urns:
                mine.setdefault(urn, key)
        provider = resource.options.provider.rsplit("::", 1)[0]
        if provider:
            mine.setdefault(provider, "provider")
        if resource.remote:
            mine = {resource.parent: "part of"}
        elif hidden:
            for urn in sorted(resource.dependencies):
                mine.setdefault(urn, "depends_on")
        found[resource.urn] = {urn: why for urn, why in mine.items() if urn in there}
    return found


def _order(waits: Waits, times: Mapping[str, int]) -> list[str]:
    """URNs, those waited for first."""
    order: list[str] = []
    seen: set[str] = set()

    def visit(urn: str) -> None:
        if urn in seen:
            return
        seen.add(urn)
        for other in sorted(waits[urn]):
            visit(other)
        order.append(urn)

    for urn in sorted(times):
        visit(urn)
    return order


def _ends(times: Mapping[str, int], waits: Waits) -> dict[str, int]:
    ends: dict[str, int] = {}
    for urn in _order(waits, times):
        ends[urn] = times[urn] + max((ends[other] for other in waits[urn]), default=0)
    return ends


def _path(
    made: list[Resource], times: Mapping[str, int], waits: Waits, ends: Mapping[str, int]
) -> tuple[Step, ...]:
    """From the last resource back to the first; what takes no time is left out."""
    resources = {r.urn: r for r in made}
    urn = _latest(ends, ends.__getitem__)
    steps: list[Step] = []
    while urn:
        resource = resources[urn]
        before = _latest(waits[urn], ends.__getitem__)
        if times[urn]:
            step = Step(
                name=resource.name,
                type=resource.type,
                seconds=times[urn],
                ends=ends[urn],
                why=waits[urn].get(before, ""),
            )
            steps.append(step)
        urn = before
    return tuple(reversed(steps))


def _latest(urns: Mapping[str, object], ends: Callable[[str], int]) -> str:
    return max(sorted(urns), key=ends, default="")


def _scheduled(times: Mapping[str, int], waits: Waits) -> int:
    """The end when only so many are made at a time, those with the most behind them first."""
    behind: dict[str, int] = dict(times)
    for urn in reversed(_order(waits, times)):
        for other in waits[urn]:
            behind[other] = max(behind[other], times[other] + behind[urn])
    open_, needed = {urn: len(waits[urn]) for urn in times}, _followers(waits)
    ready = [(-behind[urn], urn) for urn, number in open_.items() if not number]
    heapq.heapify(ready)
    running: list[tuple[int, str]] = []
    now = 0
    while ready or running:
        while ready and len(running) < PARALLEL:
            _, urn = heapq.heappop(ready)
            heapq.heappush(running, (now + times[urn], urn))
        now, done = heapq.heappop(running)
        for urn in needed.get(done, ()):
            open_[urn] -= 1
            if not open_[urn]:
                heapq.heappush(ready, (-behind[urn], urn))
    return now


def _followers(waits: Waits) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for urn, others in waits.items():
        for other in others:
            found.setdefault(other, []).append(urn)
    return found

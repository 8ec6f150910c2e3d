"""One stack's plan: changes, cost, critical path and findings, before and after."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import Any

from graph.model import Graph

from .cost import Cost, cost
from .critical import Critical, critical_path
from .diff import Change, compare
from .findings import findings


@dataclass(frozen=True, kw_only=True)
class State:
    """What one graph amounts to."""

    resources: int
    cost: Cost
    path: Critical
    findings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """``base`` is the revision compared with, None for a look at what is there.

    ``before`` and ``after`` are None where there is no such stack.
    """

    stack: str
    base: str | None
    changes: tuple[Change, ...]
    before: State | None
    after: State | None

    @property
    def counts(self) -> dict[str, int]:
        """How many resources are added, removed, changed and replaced."""
        count = Counter(change.kind for change in self.changes)
        return {kind: count[kind] for kind in ("added", "removed", "changed", "replaced")}

    def warnings(self) -> list[str]:
        """What nobody may overlook: updates that fail, data that goes."""
        found = []
        for change in self.changes:
            if change.refused:
                verb = "replace" if change.kind == "replaced" else "delete"
                found.append(
                    f"the update would fail: it must {verb} {change.name} ({change.type}), "
                    f"but {change.refused}"
                )
            elif change.data and not change.kept:
                found.append(
                    f"{change.name} ({change.type}) is {change.kind}, and its data with it"
                )
        return found


def plan(stack: str, base: str | None, before: Graph | None, after: Graph | None) -> Plan:
    """The plan of one stack; without ``base`` nothing is compared."""
    return Plan(
        stack=stack,
        base=base,
        changes=() if base is None else tuple(compare(before, after)),
        before=_state(before),
        after=_state(after),
    )


def _state(graph: Graph | None) -> State | None:
    if graph is None:
        return None
    return State(
        resources=sum(r.custom for r in graph),
        cost=cost(graph),
        path=critical_path(graph),
        findings=tuple(findings(graph)),
    )


def as_json(it: Plan) -> dict[str, Any]:
    """For machines: everything, with USD rounded to cents."""

    def state(of: State | None) -> dict[str, Any] | None:
        if of is None:
            return None
        return {
            "resources": of.resources,
            "cost": {
                "total": round(of.cost.total, 2),
                "tiers": {tier: round(usd, 2) for tier, usd in sorted(of.cost.tiers().items())},
                "items": [
                    {**dataclasses.asdict(item), "usd": round(item.usd, 2)}
                    for item in of.cost.items
                ],
                "unpriced": list(of.cost.unpriced),
            },
            "path": dataclasses.asdict(of.path),
            "findings": list(of.findings),
        }

    return {
        "stack": it.stack,
        "base": it.base,
        "counts": it.counts,
        "warnings": it.warnings(),
        "changes": [dataclasses.asdict(change) for change in it.changes],
        "before": state(it.before),
        "after": state(it.after),
    }

"""What holds data keeps its name: policy/kept.json knows every such resource of deployed stacks.

An update that renames, moves or recreates one of them deletes what is in it. So a change of its URN
(without an alias), or of an input that AWS can set only once, fails the check until it is
acknowledged with ``python -m policy.check --acknowledge``: the change of kept.json is then part of
the review.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graph import Graph
from graph.plan.identity import Names
from graph.plan.replacing import holds_data, replaces

FILE = Path(__file__).with_name("kept.json")
STACKS = ("dev", "prod")


def record(graph: Graph) -> dict[str, dict[str, Any]]:
    """URN -> the inputs that a change of replaces, of everything in the stack that holds data.

    What comes from another resource is known by that one's URN.
    """
    return {
        r.urn: {
            key: sorted(r.property_dependencies.get(key, ())) or value
            for key, value in r.inputs.items()
            if value is not None and replaces(r, key) and not r.holds_secret(key)
        }
        for r in graph
        if holds_data(r) and not r.remote
    }


def changes(graph: Graph, before: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One line for each resource whose data the next update would delete, or that is not known."""
    now = record(graph)
    known_as = Names(graph)
    names = {old: urn for urn in now for old in known_as.former(urn)}
    problems = []
    for urn, told in before.items():
        here = urn if urn in now else names.get(urn)
        if here is None:
            problems.append(
                f"{_short(urn)} is gone: its data would be deleted; give its new name an alias"
            )
            continue
        after = now[here]
        problems.extend(
            f"{_short(urn)}: {key} was {told.get(key)}, is {after.get(key)}: it would be replaced,"
            " and its data deleted"
            for key in sorted({*told, *after})
            if told.get(key) != after.get(key)
        )
    known = {*before, *(names[old] for old in before if old in names)}
    problems.extend(f"{_short(urn)} is new, and not in kept.json yet" for urn in now.keys() - known)
    return sorted(problems)


def _short(urn: str) -> str:
    _, _, chain, name = urn.split("::")
    return f"{chain.rpartition(':')[2]} {name}"


def read() -> dict[str, dict[str, dict[str, Any]]]:
    """Stack -> what `record` said of it when it was last acknowledged."""
    loaded: dict[str, dict[str, dict[str, Any]]] = json.loads(FILE.read_text("utf-8"))
    return loaded


def write(graphs: Mapping[str, Graph]) -> None:
    """Acknowledge every change."""
    told = {stack: record(graph) for stack, graph in graphs.items() if stack in STACKS}
    FILE.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", "utf-8")

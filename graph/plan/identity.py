"""Which resource of one graph is which of another: by URN, and by the aliases that lead to it."""

from __future__ import annotations

from typing import Any

from graph.model import Graph, Resource


class Names:
    """The URNs under which the resources of a graph may be known from before."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._resources = {r.urn: r for r in graph}
        self._known: dict[str, list[str]] = {}

    def former(self, urn: str) -> list[str]:
        """Other URNs of a resource: its own aliases, and those it has by its parents'."""
        if urn not in self._known:
            resource = self._resources.get(urn)
            found = self._of(resource) if resource else []
            self._known[urn] = [u for u in dict.fromkeys(found) if u != urn]
        return self._known[urn]

    def _of(self, resource: Resource) -> list[str]:
        own: dict[str, Any] = {}
        found: list[str] = []
        for alias in (own, *resource.options.aliases):
            if "urn" in alias:
                found.append(alias["urn"])
                continue
            type_ = alias.get("type") or resource.type
            project = alias.get("project") or self._graph.project
            for parent, name in self._parents(resource, alias):
                found.append(f"urn:pulumi:{self._graph.stack}::{project}::{parent}{type_}::{name}")
        return found

    def _parents(self, resource: Resource, alias: dict[str, Any]) -> list[tuple[str, str]]:
        """Parents' types, as a URN has them, and the child's name under each."""
        name = alias.get("name") or resource.name
        if alias.get("noParent"):
            return [("", name)]
        if alias.get("parentUrn"):
            return [(_chain(alias["parentUrn"]), name)]
        if not resource.parent:
            return [("", name)]
        parents = [(_chain(resource.parent), name)]
        now = resource.parent.rsplit("::", 1)[1]
        for urn in self.former(resource.parent):
            before = urn.rsplit("::", 1)[1]
            # A child that is named after its parent was renamed with it, as the engine assumes.
            renamed = before + name[len(now) :] if name.startswith(now) else name
            parents.append((_chain(urn), renamed))
        return parents


def _chain(urn: str) -> str:
    types = urn.split("::")[2]
    return "" if types == "pulumi:pulumi:Stack" else f"{types}$"


def pairs(before: Graph, after: Graph) -> list[tuple[Resource | None, Resource | None]]:
    """Resources that are the same one, and those that have nobody on the other side."""
    there = {r.urn: r for r in before}
    names = Names(after)
    matched: list[tuple[Resource | None, Resource | None]] = []
    now = {r.urn for r in after}
    for resource in after:
        urns = [resource.urn, *(u for u in names.former(resource.urn) if u not in now)]
        old = next((there.pop(urn) for urn in urns if urn in there), None)
        matched.append((old, resource))
    return matched + [(old, None) for old in there.values()]

"""What an evaluated stack consists of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Options:
    """The resource options that Pulumi's engine would see; mocks alone hide all of them."""

    protect: bool = False
    depends_on: tuple[str, ...] = ()  # URNs that no input mentions
    aliases: tuple[dict[str, Any], ...] = ()
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    delete_before_replace: bool = False
    retain_on_delete: bool = False
    provider: str = ""  # URN and id of an explicit provider
    import_id: str = ""
    timeouts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One registered resource; ``inputs`` and ``outputs`` have the provider's camelCase keys.

    Secret inputs stand in ``inputs`` as plain values, and in ``secrets`` where they are, such as
    "password" or "origins[].customHeaders[].value".
    ``dependencies`` holds the URNs of everything this resource waits for. ``remote`` marks what a
    component of another language makes out of sight: its inputs are what the component was told.
    """

    type: str
    name: str
    urn: str
    id: str
    parent: str
    custom: bool
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    secrets: frozenset[str] = frozenset()
    dependencies: frozenset[str] = frozenset()
    property_dependencies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    remote: bool = False
    read: bool = False  # looked up with `get`, not owned

    def holds_secret(self, key: str) -> bool:
        """Whether an input is a secret, or has one in it."""
        return any(f"{path}.".startswith((f"{key}.", f"{key}[")) for path in self.secrets)


@dataclass(frozen=True)
class Graph:
    """Every resource of one stack, by URN, and what the stack exports."""

    stack: str
    project: str
    resources: tuple[Resource, ...]
    exports: dict[str, Any]

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def of_type(self, type_: str) -> list[Resource]:
        """All resources of one type token, such as ``aws:ec2/vpc:Vpc``."""
        return [resource for resource in self.resources if resource.type == type_]

    def one(self, type_: str, name: str | None = None) -> Resource:
        """The only resource of a type (and logical name); raises LookupError otherwise."""
        found = [r for r in self.of_type(type_) if name is None or r.name == name]
        if len(found) != 1:
            names = ", ".join(r.name for r in self.of_type(type_)) or "none"
            raise LookupError(f"{len(found)} resources of type {type_} match; there are: {names}")
        return found[0]

    def by_urn(self, urn: str) -> Resource:
        """The resource with this URN; raises KeyError."""
        for resource in self.resources:
            if resource.urn == urn:
                return resource
        raise KeyError(urn)

    def tier(self, resource: Resource) -> Resource | None:
        """The outermost component that a resource belongs to, or None at top level."""
        parents = {r.urn: r for r in self.resources}
        tier = None
        current: Resource | None = resource
        while current is not None:
            current = parents.get(current.parent)
            tier = current or tier
        return tier

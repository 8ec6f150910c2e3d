"""An evaluated graph as the rules see it."""

from __future__ import annotations

from graph import Graph

from .model import Estate, Subject

# What Pulumi itself keeps, and the children of components of other languages, which are their
# component's business: rules look at what the component was told.
_OURS = ("aws:", "eks:", "kubernetes:")


def estate(graph: Graph) -> Estate:
    """Everything that the program declares, with the real names of what inputs refer to."""
    return Estate(
        Subject(
            type=r.type,
            name=r.name,
            urn=r.urn,
            inputs=r.inputs,
            parent=r.parent,
            protect=r.options.protect,
            secrets=r.secrets,
            refers={key: frozenset(urns) for key, urns in r.property_dependencies.items()},
        )
        for r in graph
        if r.type.startswith(_OURS) and not r.remote and not r.read
    )

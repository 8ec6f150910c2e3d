"""Which changes make a resource anew: data from replacements.yaml, options of the resource."""

from __future__ import annotations

import re

from graph.model import Resource

from .tables import table


def replaces(resource: Resource, path: str) -> bool:
    """Whether a change of the input at ``path`` (``spec.template.0.image``) replaces it."""
    rules = table("replacements")
    package = resource.type.partition(":")[0]
    wanted = [
        *rules["packages"].get(package, []),
        *rules["types"].get(resource.type, []),
        *resource.options.replace_on_changes,
    ]
    return any(covers(rule, path) for rule in wanted)


def is_known(type_: str) -> bool:
    """Whether replacements.yaml has an answer for this type."""
    rules = table("replacements")
    # Of Kubernetes kinds and random values the rules of the package are all there is.
    return type_ in rules["types"] or type_.partition(":")[0] in ("kubernetes", "random")


def holds_data(resource: Resource) -> bool:
    """Whether what it keeps would be gone with it; not if the program says it can be made again."""
    if resource.type == "aws:s3/bucket:Bucket":
        # Buckets that may be deleted with their content hold only what is made again, or the
        # stack is disposable anyway.
        return not resource.inputs.get("forceDestroy", False)
    return resource.type in table("replacements")["holds_data"]


def ignored(resource: Resource, path: str) -> bool:
    """Whether the program asked the engine not to look at this input."""
    return any(covers(rule, path) for rule in resource.options.ignore_changes)


def covers(rule: str, path: str) -> bool:
    """Whether ``path`` is what ``rule`` names, or inside or around it.

    Rules come without places in lists (``spec.containers.image``) or with any (``[*]``, ``[0]``).
    """
    if rule in ("*", "**"):
        return True
    ours, theirs = _parts(rule), _parts(path)
    common = min(len(ours), len(theirs))
    return ours[:common] == theirs[:common]


def _parts(path: str) -> list[str]:
    found = re.findall(r"[^.\[\]\"]+", path)
    return [part for part in found if part != "*" and not part.isdigit()]

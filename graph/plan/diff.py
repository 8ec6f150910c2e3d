"""What an update would do: resources added, removed, changed in place and replaced."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from graph.model import Graph, Resource
from graph.snapshot import SECRET

from .identity import pairs
from .replacing import holds_data, ignored, is_known, replaces

Kind = Literal["added", "removed", "changed", "replaced"]
# AWS itself refuses to delete what has one of these.
GUARDS = ("deletionProtection", "deletionProtectionEnabled", "enableDeletionProtection")


@dataclass(frozen=True, kw_only=True)
class Detail:
    """One changed input: its path, both values as JSON ("" for none), whether it replaces.

    ``after`` is None when the value comes from a resource that is itself made anew.
    """

    path: str
    before: str
    after: str | None
    replaces: bool


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happens to one resource.

    ``data`` says that it keeps what nobody could make again, ``refused`` why the update would
    fail. ``kept``: AWS keeps it, Pulumi forgets it.
    """

    kind: Kind
    type: str
    name: str
    urn: str
    tier: str
    details: tuple[Detail, ...] = ()
    data: bool = False
    refused: str = ""
    kept: bool = False
    deleted_first: bool = False
    unknown_type: bool = False


def compare(before: Graph | None, after: Graph | None) -> list[Change]:
    """The changes of one stack, ordered by tier and name; None stands for a stack that is not."""
    old, new = before or _nothing(after), after or _nothing(before)
    matched = [pair for pair in pairs(old, new) if any(r is not None and _is_ours(r) for r in pair)]
    translated = _translation(matched)
    anew: set[str] = set()
    changes: list[Change] = []
    # What is made anew makes its dependents' inputs unknown, which may make them anew in turn.
    while True:
        changes = [_change(o, n, old, new, translated, anew) for o, n in matched]
        found = {c.urn for c in changes if c.kind == "replaced"}
        found |= {r.urn for r in new if r.remote and r.parent in found}
        if found == anew:
            break
        anew = found
    real = [c for c in changes if c.kind != "changed" or c.details]
    return sorted(real, key=lambda c: (c.tier, c.name, c.type))


def _nothing(other: Graph | None) -> Graph:
    return Graph(other.stack, other.project, (), {}) if other else Graph("", "", (), {})


def _is_ours(resource: Resource) -> bool:
    """Not what is looked up, and not what a component of another language makes out of sight."""
    told = resource.type == "eks:index:Cluster"
    return told or (resource.custom and not resource.read and not resource.remote)


def _change(
    old: Resource | None,
    new: Resource | None,
    before: Graph,
    after: Graph,
    translated: Mapping[str, str],
    anew: set[str],
) -> Change:
    graph, it = (after, new) if new else (before, old)
    assert it is not None
    tier = graph.tier(it)
    facts = {
        "type": it.type,
        "name": it.name,
        "urn": it.urn,
        "tier": tier.name if tier else "",
        "unknown_type": not is_known(it.type),
    }
    if old is None:
        return Change(kind="added", **facts)  # type: ignore[arg-type]
    if new is None:
        kept = old.options.retain_on_delete
        return Change(
            kind="removed",
            data=holds_data(old),
            kept=kept,
            refused="" if kept else _refusal(old),
            **facts,  # type: ignore[arg-type]
        )
    details = (*_details(old, new, after, translated, anew), *_options(old, new))
    replaced = any(d.replaces for d in details)
    return Change(
        kind="replaced" if replaced else "changed",
        details=tuple(details),
        data=replaced and holds_data(old),
        kept=replaced and old.options.retain_on_delete,
        refused=_refusal(old) if replaced else "",
        deleted_first=replaced and new.options.delete_before_replace,
        **facts,  # type: ignore[arg-type]
    )


def _refusal(old: Resource) -> str:
    """Why it cannot be deleted; what stands in the state decides, not the new program."""
    if old.options.protect:
        return "it is protected (`protect`)"
    if old.options.retain_on_delete:
        return ""
    return next((f"AWS refuses ({g})" for g in GUARDS if old.inputs.get(g) is True), "")


def _options(old: Resource, new: Resource) -> Iterator[Detail]:
    for name in ("protect", "retain_on_delete"):
        was, now = getattr(old.options, name), getattr(new.options, name)
        if was != now:
            yield Detail(path=f"({name})", before=_text(was), after=_text(now), replaces=False)


def _details(
    old: Resource, new: Resource, graph: Graph, translated: Mapping[str, str], anew: set[str]
) -> Iterator[Detail]:
    was = _translate(old.inputs, translated)
    for path, first, second in _differences(was, new.inputs):
        if not ignored(new, path):
            yield Detail(path=path, before=first, after=second, replaces=replaces(new, path))
    for key, urns in new.property_dependencies.items():
        sources = anew.intersection(urns)
        if not sources or ignored(new, key) or was.get(key) != new.inputs.get(key):
            continue
        if any(_stems_from(new.inputs.get(key), graph.by_urn(urn)) for urn in sources):
            yield Detail(
                path=key, before=_text(was.get(key)), after=None, replaces=replaces(new, key)
            )
    if new.options.provider.rsplit("::", 1)[0] in anew:
        yield Detail(path="(provider)", before="", after=None, replaces=True)


def _stems_from(value: Any, source: Resource) -> bool:
    """Whether a value holds what only the cloud knows of its source, not what it was told."""
    told = set(_texts(source.inputs))
    made = {source.id, *(t for t in _texts(source.outputs) if t not in told)}
    text = _text(value)
    return any(len(t) > 3 and _text(t)[1:-1] in text for t in made)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _translation(matched: list[tuple[Resource | None, Resource | None]]) -> dict[str, str]:
    """What the cloud is pretended to call a resource now, by what it called it before a rename."""
    found: dict[str, str] = {}
    for old, new in matched:
        if old and new and old.urn != new.urn:
            told = set(_texts(old.inputs))
            was = [old.id, *_texts(old.outputs)]
            now = [new.id, *_texts(new.outputs)]
            if len(was) == len(now):
                found |= {
                    a: b for a, b in zip(was, now, strict=True) if a != b and a not in told and a
                }
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def _translate(value: Any, translated: Mapping[str, str]) -> Any:
    if not translated:
        return value
    if isinstance(value, str):
        for was, now in translated.items():
            value = value.replace(was, now)
        return value
    if isinstance(value, dict):
        return {key: _translate(item, translated) for key, item in value.items()}
    return [_translate(item, translated) for item in value] if isinstance(value, list) else value


def _differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Path, text before and text after of every leaf that is not the same."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict) and SECRET not in {*old, *new}:
        for key in sorted({*old, *new}):
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (first, second) in enumerate(zip(old, new, strict=True)):
            yield from _differences(first, second, f"{path}[{place}]")
    else:
        yield path, _text(old), _text(new)


def _text(value: Any) -> str:
    if isinstance(value, dict) and SECRET in value:
        return "(secret)"
    return "" if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)


__all__ = ["Change", "Detail", "Kind", "compare"]

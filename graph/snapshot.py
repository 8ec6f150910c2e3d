"""A graph as JSON, to compare it with another process's: secrets masked, files by their content."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .model import Graph, Options, Resource

SECRET = "$secret"  # noqa: S105 - the mark of a masked value


def dump(graph: Graph, key: bytes, project: Path) -> dict[str, Any]:
    """The graph without what is secret.

    A secret input becomes ``{"$secret": digest}``, keyed with ``key``: two dumps with the same key
    show that a secret changed, not what it is. Secret outputs and the stack's exports are left
    out. Local files, which may lie in another checkout, become digests of their content.
    """
    mask = _Mask(key, project)
    return {
        "stack": graph.stack,
        "project": graph.project,
        "resources": [_resource(resource, mask) for resource in graph],
    }


def load(dumped: Mapping[str, Any]) -> Graph:
    """The graph that was dumped; its inputs are masked, its exports empty."""
    resources = tuple(
        Resource(
            **{
                **entry,
                "secrets": frozenset(entry["secrets"]),
                "dependencies": frozenset(entry["dependencies"]),
                "property_dependencies": {
                    name: tuple(urns) for name, urns in entry["property_dependencies"].items()
                },
                "options": Options(
                    **{k: _frozen(v) for k, v in entry["options"].items()},
                ),
            }
        )
        for entry in dumped["resources"]
    )
    return Graph(dumped["stack"], dumped["project"], resources, {})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _resource(resource: Resource, mask: _Mask) -> dict[str, Any]:
    entry = {f.name: getattr(resource, f.name) for f in dataclasses.fields(resource)}
    return {
        **entry,
        "inputs": {
            name: mask.files(mask.secrets(value, name, resource.secrets))
            for name, value in resource.inputs.items()
        },
        "outputs": {
            name: mask.files(value)
            for name, value in resource.outputs.items()
            if not resource.holds_secret(name)
            and name not in resource.options.additional_secret_outputs
        },
        "secrets": sorted(resource.secrets),
        "dependencies": sorted(resource.dependencies),
        "options": dataclasses.asdict(resource.options),
    }


class _Mask:
    def __init__(self, key: bytes, project: Path) -> None:
        self._key, self._project = key, project

    def secrets(self, value: Any, path: str, hidden: frozenset[str]) -> Any:
        """Values in which what is at a ``hidden`` path is a digest."""
        if path in hidden:
            text = json.dumps(value, sort_keys=True).encode()
            return {SECRET: hmac.digest(self._key, text, "sha256").hex()}
        if isinstance(value, list):
            return [self.secrets(item, f"{path}[]", hidden) for item in value]
        if isinstance(value, dict):
            return {k: self.secrets(item, f"{path}.{k}", hidden) for k, item in value.items()}
        return value

    def files(self, value: Any) -> Any:
        """Values in which assets and archives of local files are digests."""
        if isinstance(value, list):
            return [self.files(item) for item in value]
        if not isinstance(value, dict):
            return value
        for kind in ("$asset", "$archive"):
            if kind in value and "path" in value[kind]:
                return {kind: self._digest(self._project / str(value[kind]["path"]))}
        return {name: self.files(item) for name, item in value.items()}

    @staticmethod
    def _digest(path: Path) -> str:
        digest = hashlib.sha256()
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(path)).encode())
                digest.update(file.read_bytes())
        return digest.hexdigest()

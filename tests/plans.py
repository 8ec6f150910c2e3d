"""Plans for tests: graphs as they come out of another process."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from graph import Graph, evaluate
from graph.plan import Change, compare
from graph.snapshot import dump, load
from tests.stacks import ROOT, graph_of

KEY = b"one key for both sides"


def through_json(graph: Graph, project: Path = ROOT) -> Graph:
    """The graph as the comparing process gets it: masked, by way of JSON."""
    return load(json.loads(json.dumps(dump(graph, KEY, project))))


def changes(stack: str, wanted: dict[str, Any]) -> dict[str, Change]:
    """Logical name and kind of type -> what changing these settings does."""
    before, after = through_json(graph_of(stack)), through_json(graph_of(stack, wanted))
    return by_name(compare(before, after))


def by_name(found: list[Change]) -> dict[str, Change]:
    """``data-database Instance`` -> change."""
    return {f"{c.name} {c.type.rsplit(':', 1)[1]}": c for c in found}


def program(directory: Path, text: str, config: str = "{}") -> Graph:
    """The graph of a small program, as the comparing process gets it."""
    write(directory, text, config)
    return through_json(evaluate("dev", project=directory), directory)


def write(directory: Path, text: str, config: str = "{}") -> None:
    """A small Pulumi project with one stack."""
    directory.mkdir(exist_ok=True)
    (directory / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
    (directory / "Pulumi.dev.yaml").write_text(f"config: {config}\n")
    head = (
        "import pulumi\nimport pulumi_aws as aws\nimport pulumi_kubernetes as k8s\n"
        "from pulumi import Alias, ComponentResource, ResourceOptions\n"
    )
    (directory / "__main__.py").write_text(head + textwrap.dedent(text))

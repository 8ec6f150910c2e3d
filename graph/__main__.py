"""``python -m graph list|diagram|dump STACK...``: what a stack consists of, without a cloud."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from . import EvaluationError, Graph, evaluate
from .diagram import markdown
from .evaluate import PROJECT
from .snapshot import dump

KEY = "GRAPH_DUMP_KEY"


def main() -> int:
    """Print the list, the diagram or the dump; exit status 1 when the program stops."""
    parser = argparse.ArgumentParser(prog="python -m graph", description=__doc__)
    parser.add_argument("what", choices=["list", "diagram", "dump"])
    parser.add_argument("stacks", metavar="stack", nargs="+")
    parser.add_argument("--project", type=Path, default=PROJECT, help="where the program is")
    wanted = parser.parse_args()
    project = wanted.project.resolve()
    if wanted.what == "dump":
        print(_dumped(wanted.stacks, project))
        return 0
    try:
        graphs = [evaluate(stack, project=project) for stack in wanted.stacks]
    except EvaluationError as problem:
        print(problem, file=sys.stderr)
        return 1
    for graph in graphs:
        print(markdown(graph) if wanted.what == "diagram" else _list(graph), end="")
    return 0


def _list(graph: Graph) -> str:
    return "".join(f"{resource.type:<60} {resource.name}\n" for resource in graph)


def _dumped(stacks: list[str], project: Path) -> str:
    """Stack -> graph, ``missing`` or the program's ``problem``, as JSON.

    Secrets are masked with the key in GRAPH_DUMP_KEY (hexadecimal), or one that nobody knows.
    """
    key = bytes.fromhex(os.environ.get(KEY) or secrets.token_hex())
    found: dict[str, Any] = {}
    for stack in stacks:
        if not (project / f"Pulumi.{stack}.yaml").exists():
            found[stack] = {"missing": True}
            continue
        try:
            found[stack] = dump(evaluate(stack, project=project), key, project)
        except EvaluationError as problem:
            found[stack] = {"problem": str(problem)}
    return json.dumps(found)


if __name__ == "__main__":
    sys.exit(main())

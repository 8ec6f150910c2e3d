"""``python -m graph list|diagram STACK``: what a stack consists of, without a cloud."""

from __future__ import annotations

import argparse
import sys

from . import EvaluationError, evaluate
from .diagram import markdown


def main() -> int:
    """Print the list or the diagram; exit status 1 when the program stops."""
    parser = argparse.ArgumentParser(prog="python -m graph", description=__doc__)
    parser.add_argument("what", choices=["list", "diagram"])
    parser.add_argument("stack")
    wanted = parser.parse_args()
    try:
        graph = evaluate(wanted.stack)
    except EvaluationError as problem:
        print(problem, file=sys.stderr)
        return 1
    if wanted.what == "diagram":
        print(markdown(graph), end="")
        return 0
    for resource in graph:
        print(f"{resource.type:<60} {resource.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

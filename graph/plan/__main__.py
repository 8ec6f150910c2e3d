"""``python -m graph.plan [STACK...] [--base REV]``: what a change does, without credentials."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from typing import NoReturn

from graph.evaluate import PROJECT

from .dumps import PlanError, graphs
from .markdown import markdown
from .report import Plan, as_json, plan
from .text import text


def main(arguments: list[str] | None = None) -> int:
    """Print the plan; exit status 1 when none can be made."""
    parser = argparse.ArgumentParser(prog="python -m graph.plan", description=__doc__)
    parser.add_argument("stacks", metavar="stack", nargs="*", help="all of them unless named")
    parser.add_argument("--base", help="the git revision to compare with")
    parser.add_argument("--format", choices=["text", "markdown", "json"], default="text")
    wanted = parser.parse_args(arguments)
    known = sorted(path.name.split(".")[1] for path in PROJECT.glob("Pulumi.*.yaml"))
    unknown = sorted(set(wanted.stacks) - set(known))
    if unknown:
        print(f"no stack {unknown[0]!r}; there are: {', '.join(known)}", file=sys.stderr)
        return 1
    # A termination, too, has to take the temporary work tree away.
    signal.signal(signal.SIGTERM, _stop)
    base = wanted.base or None
    try:
        before, after = graphs(wanted.stacks or known, base)
    except PlanError as problem:
        print(problem, file=sys.stderr)
        return 1
    plans = [plan(stack, base, before.get(stack), graph) for stack, graph in after.items()]
    sys.stdout.write(_rendered(plans, wanted.format))
    return 0


def _rendered(plans: list[Plan], how: str) -> str:
    if how == "json":
        return json.dumps([as_json(it) for it in plans], indent=1) + "\n"
    if how == "markdown":
        return markdown(plans)
    return text(plans, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ)


def _stop(_signal: int, _frame: object) -> NoReturn:
    sys.exit(143)


if __name__ == "__main__":
    try:
        status = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:  # `... | head`: whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)

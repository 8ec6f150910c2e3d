"""``python -m policy.check``: every rule over every resource of every stack, without an account."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from graph import Graph, evaluate
from graph.evaluate import PROJECT

from . import exceptions, kept
from .estate import estate
from .model import Finding
from .rules import RULES


def judge(graph: Graph) -> tuple[list[Finding], set[tuple[int, str, str]]]:
    """What is wrong with a stack, and which exceptions it needs."""
    return exceptions.sift(RULES.findings(estate(graph)), graph.stack, exceptions.read())


def stacks(project: Path = PROJECT) -> list[str]:
    """The stacks that have a file."""
    return sorted(path.name.split(".")[1] for path in project.glob("Pulumi.*.yaml"))


def report(graphs: dict[str, Graph], today: dt.date) -> list[str]:
    """A line for each problem of any stack; none when all is well."""
    lines: list[str] = []
    used: set[tuple[int, str, str]] = set()
    for stack, graph in graphs.items():
        findings, needed = judge(graph)
        used |= needed
        lines.extend(line(stack, finding) for finding in findings)
        if stack in kept.STACKS:
            lines.extend(
                f"{stack}: {problem}" for problem in kept.changes(graph, kept.read()[stack])
            )
    lines.extend(exceptions.stale(exceptions.read(), used, today, RULES.all))
    return lines


def line(stack: str, finding: Finding) -> str:
    """A finding on one line: where, what, why and what to do."""
    rule, subject = finding.rule, finding.subject
    kind = subject.type.rpartition(":")[2]
    return (
        f"{stack}: {rule.severity} {rule.id} {kind} {subject.name}: {finding.message}. "
        f"{rule.reason} Remedy: {rule.remedy} ({rule.source})"
    )


def main() -> int:
    """Print what is wrong; exit status 1 when anything is."""
    parser = argparse.ArgumentParser(prog="python -m policy.check", description=__doc__)
    parser.add_argument(
        "--acknowledge",
        action="store_true",
        help="accept that what holds data has another name, or is made anew",
    )
    wanted = parser.parse_args()
    names = stacks()
    with ProcessPoolExecutor(max_workers=2) as pool:
        graphs = dict(zip(names, pool.map(evaluate, names), strict=True))
    if wanted.acknowledge:
        kept.write(graphs)
    problems = report(graphs, dt.datetime.now(dt.UTC).date())
    for problem in problems:
        print(problem)
    resources = sum(len(graph.resources) for graph in graphs.values())
    print(
        f"{len(RULES.all)} rules over {resources} resources of {len(names)} stacks: "
        f"{len(problems) or 'no'} problem{'' if len(problems) == 1 else 's'}"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

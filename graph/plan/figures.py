"""``python -m graph.plan.figures``: the table of costs and times in the README, computed."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from graph import Graph, evaluate
from graph.evaluate import PROJECT

from .cost import cost
from .critical import critical_path
from .words import minutes

STACKS = ("dev", "prod")
README = PROJECT / "README.md"
BEGIN, END = "<!-- figures: make figures -->\n", "<!-- end of figures -->\n"


def figures(graphs: Mapping[str, Graph]) -> str:
    """A Markdown table: a column a stack, a row a tier, and the times of a first `up`."""
    bills = {stack: cost(graph) for stack, graph in graphs.items()}
    paths = {stack: critical_path(graph) for stack, graph in graphs.items()}
    tiers = {stack: bill.tiers() for stack, bill in bills.items()}
    rows = [
        ("USD a month at rest", *graphs),
        ("---", *("---:" for _ in graphs)),
        *(
            (tier, *(f"{found.get(tier, 0):.2f}" for found in tiers.values()))
            for tier in sorted({tier for found in tiers.values() for tier in found})
        ),
        ("**total**", *(f"**{bill.total:.2f}**" for bill in bills.values())),
        ("first `up`, modelled (min)", *(minutes(path.parallel) for path in paths.values())),
        ("its lower bound (min)", *(minutes(path.bound) for path in paths.values())),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def placed(text: str, table: str) -> str:
    """``text`` with ``table`` between its marks; raises ValueError without marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"no {BEGIN.strip()} with {END.strip()}")
    return f"{before}{BEGIN}{table}{END}{after}"


def main() -> int:
    """Write the table into the README."""
    table = figures({stack: evaluate(stack) for stack in STACKS})
    README.write_text(placed(README.read_text("utf-8"), table), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What the rules of the `policy` package say, where there is one."""

from __future__ import annotations

import importlib
import importlib.util

from graph.model import Graph


def findings(graph: Graph) -> list[str]:
    """One line a finding; `policy.findings(graph)` yields what is shown as text."""
    if importlib.util.find_spec("policy") is None:
        return []
    return sorted(str(finding) for finding in importlib.import_module("policy").findings(graph))

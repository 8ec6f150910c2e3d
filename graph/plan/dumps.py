"""Evaluates this program, and the one at another revision, in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from graph.evaluate import PROJECT
from graph.model import Graph
from graph.snapshot import load

KEY = "GRAPH_DUMP_KEY"


class PlanError(Exception):
    """No plan can be made; the message says why and what to do."""


Graphs = dict[str, Graph | None]  # None: the program has no such stack


def graphs(
    stacks: Sequence[str], base: str | None, project: Path = PROJECT
) -> tuple[Graphs, Graphs]:
    """The stacks at the revision ``base`` (none without one) and as they are now.

    Both are evaluated by today's graph/: what that pretends of AWS is no difference between the
    programs, and a revision from before it could dump itself can be compared all the same.
    Raises PlanError.
    """
    # Nobody keeps the key: digests of secrets mean something within this plan only.
    environment = {**os.environ, KEY: secrets.token_hex(), "PYTHONDONTWRITEBYTECODE": "1"}
    with contextlib.ExitStack() as stack:
        now = stack.enter_context(_evaluating(stacks, project, environment))
        if base is None:
            return {}, _read(now, "")
        tree = stack.enter_context(checkout(base, project))
        then = stack.enter_context(_evaluating(stacks, tree, environment))
        return _read(then, f" at {base}"), _read(now, "")


@contextlib.contextmanager
def checkout(revision: str, project: Path) -> Iterator[Path]:
    """The files of a revision in a temporary directory, gone afterwards, whatever happened.

    An archive, not a work tree of git's: an interrupted one stays registered in the repository.
    """
    commit = _git(project, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if commit.returncode:
        raise PlanError(f"there is no revision {revision!r} in this repository (BASE)")
    with tempfile.TemporaryDirectory(prefix="plan-") as directory:
        tree, packed = Path(directory) / "tree", Path(directory) / "tree.tar"
        name = commit.stdout.strip()
        made = _git(project, "archive", "--format=tar", f"--output={packed}", name)
        if made.returncode:
            raise PlanError(f"git cannot read {revision}: {made.stderr.strip()}")
        with tarfile.open(packed) as archive:
            archive.extractall(tree, filter="data")
        yield tree


def _git(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - a fixed program, no shell
        ["git", *arguments],  # noqa: S607 - the one on the path
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


@contextlib.contextmanager
def _evaluating(
    stacks: Sequence[str], tree: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "graph", "dump", *stacks, "--project", str(tree)]
    with subprocess.Popen(  # noqa: S603 - our own module
        command,
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _read(process: subprocess.Popen[str], where: str) -> Graphs:
    out, err = process.communicate()
    if process.returncode:
        last = (err.strip().splitlines() or ["no message"])[-1]
        raise PlanError(f"the program{where} cannot be evaluated: {last}")
    found: Graphs = {}
    for stack, dumped in json.loads(out).items():
        found[stack] = _graph(stack, dumped, where)
    return found


def _graph(stack: str, dumped: dict[str, Any], where: str) -> Graph | None:
    if "problem" in dumped:
        raise PlanError(f"stack {stack}{where} cannot be evaluated: {dumped['problem']}")
    return None if dumped.get("missing") else load(dumped)

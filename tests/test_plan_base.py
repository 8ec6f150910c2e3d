"""Plans against another revision: archives and processes, end to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from graph.plan.dumps import PlanError, graphs
from graph.plan.report import plan
from tests.plans import write
from tests.stacks import ROOT

SECRET = 'aws.ssm.Parameter("p", type="SecureString", value=pulumi.Output.secret("{0}"))\n'


def git(directory: Path, *arguments: str) -> str:
    run = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()


def commit(directory: Path) -> str:
    git(directory, "add", "-A")
    git(directory, "commit", "-qm", "change")
    return git(directory, "rev-parse", "HEAD")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with a small program."""
    directory = tmp_path / "tiny"
    write(directory, 'aws.s3.Bucket("b")\n' + SECRET.format("hush-1"))
    git(directory, "init", "-q")
    commit(directory)
    return directory


def test_the_working_tree_is_compared_with_a_revision(tree: Path) -> None:
    write(tree, 'aws.s3.Bucket("b")\naws.sqs.Queue("q")\n' + SECRET.format("hush-2"))
    (tree / "Pulumi.qa.yaml").write_text("config: {}\n")
    before, after = graphs(["dev", "qa"], "HEAD", tree)
    changes = plan("dev", "HEAD", before["dev"], after["dev"]).changes
    assert [(c.kind, c.name) for c in changes] == [("changed", "p"), ("added", "q")]
    assert [(d.path, d.before) for d in changes[0].details] == [("value", "(secret)")]
    assert before["qa"] is None


def test_a_refactoring_of_the_program_is_no_change(tree: Path) -> None:
    (tree / "parts.py").write_text('NAME = "b"\n')
    head = "import parts\n" + "aws.s3.Bucket(parts.NAME)\n" + SECRET.format("hush-1")
    write(tree, head)
    before, after = graphs(["dev"], "HEAD", tree)
    assert plan("dev", "HEAD", before["dev"], after["dev"]).changes == ()
    # Each side runs its own modules.
    commit(tree)
    (tree / "parts.py").write_text('NAME = "c"\n')
    before, after = graphs(["dev"], "HEAD", tree)
    kinds = {c.name: c.kind for c in plan("dev", "HEAD", before["dev"], after["dev"]).changes}
    assert kinds == {"b": "removed", "c": "added"}


def test_what_cannot_be_compared_is_said_clearly(tree: Path) -> None:
    with pytest.raises(PlanError, match="there is no revision 'nowhere'"):
        graphs(["dev"], "nowhere", tree)
    write(tree, 'raise pulumi.RunError("no cats")\n')
    broken = commit(tree)
    write(tree, 'aws.s3.Bucket("b")\n')
    with pytest.raises(PlanError, match=f"stack dev at {broken} cannot be evaluated: no cats"):
        graphs(["dev"], broken, tree)
    write(tree, "import nothing_there\n")
    with pytest.raises(PlanError, match=r"stack dev cannot be evaluated.*nothing_there"):
        graphs(["dev"], None, tree)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "graph.plan", *arguments]


def test_the_command_compares_this_repository() -> None:
    run = subprocess.run(
        command("dev", "--base", "HEAD", "--format", "json"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    (it,) = json.loads(run.stdout)
    assert (it["stack"], it["base"]) == ("dev", "HEAD")
    assert it["after"]["cost"]["total"] > 100
    wrong = subprocess.run(command("qa"), cwd=ROOT, capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr) == (1, "no stack 'qa'; there are: dev, local, prod\n")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_leaves_nothing_behind(how: signal.Signals, tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        command("dev", "--base", "HEAD"),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("plan-*/tree/__main__.py")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(how)
    assert process.wait(timeout=60) in (130, 143)
    assert list(tmp_path.iterdir()) == []

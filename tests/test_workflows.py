"""The workflows at GitHub: pinned, with few rights, and safe for pull requests of strangers."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stacks import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
TOOLS = Path(sys.executable).parent


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    return found


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_actions_are_pinned_by_commit_and_keep_no_credentials(path: Path) -> None:
    for step in steps(read(path)):
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"])
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] == "false"
    for line in path.read_text().splitlines():
        if "uses:" in line:
            assert re.search(r"# v\d+\.\d+\.\d+$", line), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_jobs_have_few_rights_no_secrets_and_an_end(path: Path) -> None:
    workflow, text = read(path), path.read_text()
    assert workflow["permissions"] in ({}, "{}", {"contents": "read"})
    assert "secrets." not in text
    for job in workflow["jobs"].values():
        assert int(job["timeout-minutes"]) <= 45
        assert "contents: write" not in text
        # What others write (titles, branches) never stands in a script.
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")


def test_who_may_write_runs_nobody_s_code() -> None:
    for path in WORKFLOWS:
        workflow = read(path)
        writes = "write" in str([job.get("permissions") for job in workflow["jobs"].values()])
        if "workflow_run" in workflow["on"]:
            assert not [s for s in steps(workflow) if "uses" in s]
        elif writes:
            assert "id-token" in path.read_text()
            (job,) = workflow["jobs"].values()
            assert set(job["permissions"]) == {"contents", "id-token"}
            if "pull_request" in workflow["on"]:
                own = "github.event.pull_request.head.repo.full_name == github.repository"
                assert own in job["if"]
        assert "pull_request_target" not in workflow["on"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_scripts_are_sound_and_call_what_is_there(path: Path, tmp_path: Path) -> None:
    for number, step in enumerate(steps(read(path))):
        if "run" not in step:
            continue
        script = tmp_path / f"{number}.sh"
        script.write_text(f"#!/bin/bash\nset -e\ncd {ROOT}\n{step['run']}")
        subprocess.run([TOOLS / "shellcheck", "--exclude=SC1091,SC2153,SC2154", script], check=True)
        for name in re.findall(r"(?<![\w/.])((?:delivery|\.ci)/[\w-]+)", step["run"]):
            assert (ROOT / name).is_file(), name
        for target in re.findall(r"make (?:--silent )?([a-z]+)", step["run"]):
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_every_stack_that_is_deployed_is_previewed_and_compared() -> None:
    for name in ("preview.yml", "drift.yml"):
        (job,) = read(ROOT / ".github/workflows" / name)["jobs"].values()
        assert job["strategy"]["matrix"]["stack"] == ["dev", "prod"]


def test_zizmor_finds_nothing() -> None:
    tool = shutil.which("zizmor", path=str(TOOLS))
    assert tool
    done = subprocess.run(
        [tool, "--quiet", "--offline", "--no-progress", ROOT / ".github"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_nothing_here_and_what_is_wrong_elsewhere(tmp_path: Path) -> None:
    tool = shutil.which("jactionlint", path=str(TOOLS))
    assert tool
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(
        "on: {push: {branchs: [main]}}\n"
        "permissions: {}\n"
        "jobs:\n"
        "  a: {runs-on: ubuntu-latest, needs: [nobody], steps: [{run: true}]}\n"
    )

    def lint(*files: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [tool, "--profile", "correctness", "--shellcheck=", *files],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    ours = lint()
    assert ours.returncode == 0, ours.stdout + ours.stderr
    theirs = lint(wrong).stdout
    assert "branchs" in theirs
    assert "nobody" in theirs

"""Conventions of the house that no other tool checks."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 300
LONGEST_TEST = 400  # a list of cases may go on for a while


def tracked(*patterns: str) -> list[Path]:
    """Files under version control (or about to be)."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).exists()]


def test_files_end_where_they_stop_having_one_reason_to_change() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked("*.py", "*.html", "*.js", "*.sh", "*.sql")
        if (lines := len(path.read_text().splitlines()))
        > (LONGEST_TEST if ROOT / "tests" in path.parents else LONGEST)
    }
    assert not long


def test_the_program_reads_like_the_architecture() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) <= 80


def test_python_does_not_ask_which_stack_it_is() -> None:
    for path in [ROOT / "__main__.py", *tracked("components/*.py", "settings/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare):
                text = ast.unparse(node)
                assert not re.search(r"stack.*['\"](dev|prod|local)['\"]", text), f"{path}: {text}"


def test_only_settings_read_the_stack_configuration() -> None:
    for path in [ROOT / "__main__.py", *tracked("components/*.py")]:
        assert "pulumi.Config" not in path.read_text(), path


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_files_that_documents_name_exist(document: str) -> None:
    text = (ROOT / document).read_text()
    named = re.findall(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|yaml|txt|toml))`", text)
    made_later = (".sandbox/",)
    missing = [n for n in named if not n.startswith(made_later) and not (ROOT / n).exists()]
    assert not missing


def test_every_command_of_the_readme_is_a_make_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = set(re.findall(r"`(?:PORT=\d+ )?make ([a-z-]+)", (ROOT / "README.md").read_text()))
    assert used
    assert used <= targets


def test_requirements_are_pinned_and_hashed() -> None:
    for path in tracked("*requirements*.txt"):
        text = path.read_text()
        pins = [
            line for line in text.splitlines() if line and not line.startswith((" ", "#", "\t"))
        ]
        for line in pins:
            assert "==" in line, f"{path.name}: {line}"
        assert text.count("--hash=sha256:") >= len(pins) > 0, path

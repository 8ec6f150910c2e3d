"""A PATH with stand-ins for commands, for scripts that run as they are."""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import jmespath
from botocore import xform_name
from botocore.session import Session

from tests.stacks import ROOT

# Answers by the words of a call; `calls` gets every call, a line each. Of several answers the n-th
# is for the n-th such call, the last for all that follow. An answer with a `body` is that of the
# API, and `--query` picks from it as the CLI does.
STAND_IN = f"""#!{sys.executable} -SE
import json, os, sys
place = os.environ["STAND_IN"]
name, words = os.path.basename(sys.argv[0]), sys.argv[1:]
line = " ".join([name, *words])
with open(f"{{place}}/calls", "a") as calls:
    print(line, file=calls)
for part, answers in json.load(open(f"{{place}}/answers")):
    if part in line:
        before = sum(part in call for call in open(f"{{place}}/calls")) - 1
        answer = answers[min(before, len(answers) - 1)]
        out = answer["out"]
        if not isinstance(out, str):
            if "--query" in words:
                sys.path.append({str(Path(jmespath.__file__).parents[1])!r})
                import jmespath
                out = jmespath.search(words[words.index("--query") + 1], out)
            as_text = "text" in words
            out = "\\t".join(map(str, out)) if as_text and isinstance(out, list) else (
                str(out) if as_text else json.dumps(out))
        print(out)
        sys.exit(answer["exit"])
"""
# Of the CLI itself, beside the parameters of the API.
OF_THE_CLI = {"query", "output", "region", "no-paginate"}
SHORTHAND = {"create-deployment": {"s3-location"}}
NO_OPERATION = {("s3", "cp"), ("ecr", "get-login-password")}
SERVICES = {"deploy": "codedeploy", "s3api": "s3"}


class Machine:
    """Stand-ins in ``place``, and what they were called with."""

    def __init__(self, place: Path, *commands: str) -> None:
        self.place, self.answers = place, list[tuple[str, list[dict[str, Any]]]]()
        (place / "bin").mkdir()
        for name in commands:
            self.command(name, STAND_IN)

    def command(self, name: str, text: str) -> None:
        """A command of one's own."""
        (self.place / "bin" / name).write_text(text)
        (self.place / "bin" / name).chmod(0o755)

    def answer(self, part: str, *outs: Any, code: int = 0) -> None:
        """The first answer whose words are in the call counts."""
        self.answers.append((part, [{"out": out, "exit": code} for out in outs or ("",)]))

    def run(
        self, script: Path | str, *words: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script; one that is named is in delivery/."""
        (self.place / "answers").write_text(json.dumps(self.answers))
        path = f"{self.place / 'bin'}:{os.environ['PATH']}"
        told = {**os.environ, "PATH": path, "STAND_IN": str(self.place), **environment}
        return subprocess.run(
            [ROOT / "delivery" / script, *words],
            env=told,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def calls(self, part: str = "") -> list[str]:
        """The calls whose words contain ``part``, in order."""
        if not (self.place / "calls").exists():
            return []
        lines = (self.place / "calls").read_text().splitlines()
        return [line for line in lines if part in line]

    def forget(self) -> None:
        """Answers and calls until now."""
        self.answers.clear()
        (self.place / "calls").unlink(missing_ok=True)


def unknown_to_aws(call: str) -> list[str]:
    """What of a call of the CLI the API does not know: its operation, or options."""
    service, operation, *rest = call.removeprefix("aws ").split()[:3]
    if (service, operation) in NO_OPERATION:
        return []
    if operation == "wait":
        return [] if rest[0].replace("-", "_") in _waiters(service) else [call]
    known = _operations(SERVICES.get(service, service)).get(operation)
    if known is None:
        return [operation]
    given = {word[2:] for word in _words(call) if re.fullmatch(r"--[a-z][a-z0-9-]+", word)}
    return sorted(given - known - OF_THE_CLI - SHORTHAND.get(operation, set()))


def _words(call: str) -> list[str]:
    try:
        return shlex.split(call)
    except ValueError:  # an apostrophe in a text
        return call.split()


@functools.cache
def _operations(service: str) -> dict[str, set[str]]:
    """Operation -> its options, as the CLI calls them."""
    model = Session().get_service_model(service)
    found = {}
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        members = shape.members if shape else {}
        found[xform_name(name, "-")] = {xform_name(member, "-") for member in members}
    return found


@functools.cache
def _waiters(service: str) -> set[str]:
    waiters = Session().get_waiter_model(SERVICES.get(service, service)).waiter_names
    return {xform_name(name) for name in waiters}

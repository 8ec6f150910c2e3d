"""Findings that we keep, with their reasons: policy/exceptions.yaml."""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import yaml

from .model import Finding

FILE = Path(__file__).with_name("exceptions.yaml")


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One entry; ``resources`` are patterns of logical names, ``until`` is its last day."""

    rules: tuple[str, ...]
    stacks: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str
    instead: str
    until: dt.date

    def covers(self, rule: str, stack: str, name: str) -> bool:
        """Whether a finding is meant."""
        return (
            rule in self.rules
            and stack in self.stacks
            and any(fnmatch.fnmatchcase(name, pattern) for pattern in self.resources)
        )


def read(path: Path = FILE) -> list[Waiver]:
    """All entries; raises ValueError that names an entry without all of its parts."""
    wanted = {field.name for field in fields(Waiver)}
    found = []
    for number, entry in enumerate(yaml.safe_load(path.read_text("utf-8")), start=1):
        given = {key for key, value in entry.items() if value}
        if given != wanted:
            different = ", ".join(sorted(given ^ wanted))
            raise ValueError(f"{path.name}, entry {number}: {different} is missing or unknown")
        found.append(
            Waiver(
                rules=tuple(entry["rules"]),
                stacks=tuple(entry["stacks"]),
                resources=tuple(entry["resources"]),
                reason=entry["reason"],
                instead=entry["instead"],
                until=entry["until"],
            )
        )
    return found


def sift(
    findings: Iterable[Finding], stack: str, exceptions: Sequence[Waiver]
) -> tuple[list[Finding], set[tuple[int, str, str]]]:
    """The findings that no exception covers, and (entry, rule, stack) of those that were used."""
    left, used = [], set[tuple[int, str, str]]()
    for finding in findings:
        told = (finding.rule.id, stack, finding.subject.name)
        covering = [at for at, entry in enumerate(exceptions) if entry.covers(*told)]
        used |= {(at, finding.rule.id, stack) for at in covering}
        if not covering:
            left.append(finding)
    return left, used


def stale(
    exceptions: Sequence[Waiver],
    used: set[tuple[int, str, str]],
    today: dt.date,
    known: Iterable[str],
) -> list[str]:
    """What is wrong with the entries themselves: past their date, unused, or of no known rule."""
    problems, rules = [], set(known)
    for at, entry in enumerate(exceptions):
        name = f"exception {at + 1} ({', '.join(entry.rules)})"
        if entry.until < today:
            problems.append(f"{name} was good until {entry.until}")
        for rule in entry.rules:
            if rule not in rules:
                problems.append(f"{name}: there is no rule {rule}")
                continue
            problems.extend(
                f"{name}: {rule} finds nothing in {stack} any more"
                for stack in entry.stacks
                if (at, rule, stack) not in used
            )
    return problems

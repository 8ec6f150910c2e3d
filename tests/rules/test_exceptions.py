"""Exceptions have a reason and an end, and are used."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from policy import check, exceptions
from policy.rules import RULES
from tests.stacks import NO_DOMAIN, STACKS, graph_of

ENTRY = """
- rules: [RDS-04]
  stacks: [dev]
  resources: ["data-*"]
  reason: nobody lives on it
  instead: backups
  until: 2027-01-31
"""


@pytest.fixture
def entries(tmp_path: Path) -> list[exceptions.Waiver]:
    path = tmp_path / "exceptions.yaml"
    path.write_text(ENTRY)
    return exceptions.read(path)


def test_the_program_has_no_problem_today() -> None:
    assert check.stacks() == sorted(STACKS)
    graphs = {stack: graph_of(stack) for stack in STACKS}
    assert check.report(graphs, dt.datetime.now(dt.UTC).date()) == []


def test_an_exception_covers_what_it_names(entries: list[exceptions.Waiver]) -> None:
    (entry,) = entries
    assert entry.covers("RDS-04", "dev", "data-database")
    assert not entry.covers("RDS-05", "dev", "data-database")
    assert not entry.covers("RDS-04", "prod", "data-database")
    assert not entry.covers("RDS-04", "dev", "web")


def test_an_exception_that_is_past_its_date_is_a_problem(
    entries: list[exceptions.Waiver],
) -> None:
    used = {(0, "RDS-04", "dev")}
    assert not exceptions.stale(entries, used, dt.date(2027, 1, 31), RULES.all)
    (problem,) = exceptions.stale(entries, used, dt.date(2027, 2, 1), RULES.all)
    assert problem == "exception 1 (RDS-04) was good until 2027-01-31"


def test_an_exception_that_nothing_needs_is_a_problem(entries: list[exceptions.Waiver]) -> None:
    (problem,) = exceptions.stale(entries, set(), dt.date(2026, 1, 1), RULES.all)
    assert problem == "exception 1 (RDS-04): RDS-04 finds nothing in dev any more"


def test_an_exception_of_no_known_rule_is_a_problem(entries: list[exceptions.Waiver]) -> None:
    (problem,) = exceptions.stale(entries, set(), dt.date(2026, 1, 1), ["RDS-01"])
    assert problem == "exception 1 (RDS-04): there is no rule RDS-04"


@pytest.mark.parametrize("missing", ["reason", "instead", "until"])
def test_an_exception_says_everything(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "exceptions.yaml"
    path.write_text("\n".join(line for line in ENTRY.splitlines() if f"{missing}:" not in line))
    with pytest.raises(ValueError, match=f"entry 1: {missing} is missing"):
        exceptions.read(path)


def test_dev_without_a_domain_needs_the_exceptions_that_local_has() -> None:
    findings, _ = check.judge(graph_of("dev", NO_DOMAIN))
    found = {finding.rule.id for finding in findings}
    assert found == {"API-07", "CDN-11", "CDN-14", "ELB-07", "ELB-08"}
    needed = [
        [
            entry.rules
            for entry in exceptions.read()
            if entry.covers(f.rule.id, "local", f.subject.name)
        ]
        for f in findings
    ]
    assert all(needed)
    assert len({tuple(rules) for (rules,) in needed}) == 2


def test_a_finding_is_one_line_with_where_what_why_and_remedy() -> None:
    graph = graph_of("prod", {"shop:data.database.multi_az": False})
    (line,) = check.report({"prod": graph}, dt.date(2026, 1, 1))[:1]
    assert line.startswith("prod: high RDS-04 Instance data-database: multiAz is false. ")
    assert "Remedy: multiAz: true (FSBP RDS.5" in line

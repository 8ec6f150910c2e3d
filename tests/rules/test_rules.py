"""Every rule lets one thing pass and finds another."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from policy.model import SEVERITIES, UNKNOWN, Estate, Subject
from policy.rules import RULES

HERE = Path(__file__).parent
PROPERTIES: dict[str, list[Any]] = yaml.safe_load((HERE / "properties.yaml").read_text())
CASES: dict[str, dict[str, list[dict[str, Any]]]] = yaml.safe_load(
    (HERE / "cases.yaml").read_text()
)
COMPANIONS = [r.id for r in RULES.all.values() if r.remedy.startswith("declare a ")]


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]})


def subject(told: dict[str, Any]) -> Subject:
    """A resource as the case files write it; names are URNs there."""
    inputs = dict(told.get("inputs") or {})
    for key in ("allow", "policy"):
        if key in told:
            inputs["policy"] = document(told[key])
    if "trust" in told:
        inputs["assumeRolePolicy"] = document(told["trust"])
    if "pod" in told:
        inputs["spec"] = {"template": {"spec": told["pod"]}}
    return Subject(
        type=told["type"],
        name=told.get("name", "it"),
        urn=told.get("name", told["type"]),
        inputs=inputs,
        protect=told.get("protect", False),
        secrets=frozenset(told.get("secrets", ())),
        refers={key: frozenset(names) for key, names in (told.get("refs") or {}).items()},
    )


def nested(path: str, value: Any) -> dict[str, Any]:
    """The inputs that have a value at a path."""
    for key in reversed(path.split(".")):
        name = key.removesuffix("[]")
        value = {name: [value] if name != key else value}
    return dict(value)


def found(rule: str, subjects: list[Subject]) -> list[str]:
    """What one rule says of the first resource."""
    message = RULES.all[rule].check(subjects[0], Estate(subjects))
    return [] if message is None or not _judges(rule, subjects[0]) else [message]


def _judges(rule: str, told: Subject) -> bool:
    return not RULES.all[rule].types or told.type in RULES.all[rule].types


@pytest.mark.parametrize("rule", PROPERTIES)
def test_a_property(rule: str) -> None:
    good, bad = PROPERTIES[rule]
    for type_ in RULES.all[rule].types:
        path = RULES.all[rule].path
        assert not found(rule, [subject({"type": type_, "inputs": nested(path, good)})])
        (message,) = found(rule, [subject({"type": type_, "inputs": nested(path, bad)})])
        assert path in message


@pytest.mark.parametrize("rule", CASES)
def test_a_case(rule: str) -> None:
    case = CASES[rule]
    assert case.keys() == {"good", "bad"}
    assert not found(rule, [subject(told) for told in case["good"]])
    assert found(rule, [subject(told) for told in case["bad"]])


@pytest.mark.parametrize("rule", COMPANIONS)
def test_a_companion(rule: str) -> None:
    kind, key = re.fullmatch(
        r"declare a (\w+) whose (\w+) is this", RULES.all[rule].remedy
    ).groups()
    (type_,) = RULES.all[rule].types
    alone = Subject(type=type_, name="it", urn="it", inputs={})
    (message,) = found(rule, [alone])
    assert kind in message
    others = {s.type for s in _every_subject() if s.type.endswith(f":{kind}")} or {
        t for r in RULES.all.values() for t in r.types if t.endswith(f":{kind}")
    }
    beside = [
        Subject(type=other, name="beside", urn="beside", inputs={}, refers={key: frozenset({"it"})})
        for other in others
    ]
    if beside:  # a type that neither the program nor another rule names is told by the rule alone
        assert not found(rule, [alone, *beside])


def _every_subject() -> tuple[Subject, ...]:
    from policy.estate import estate
    from tests.stacks import graph_of

    return estate(graph_of("prod")).subjects


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert {*PROPERTIES, *CASES, *COMPANIONS} == set(RULES.all)
    assert len(RULES.all) >= 100


@pytest.mark.parametrize("rule", RULES.all.values(), ids=lambda rule: rule.id)
def test_a_rule_says_why_and_what_to_do(rule: Any) -> None:
    assert re.fullmatch(r"[A-Z0-9]+-\d\d", rule.id)
    assert rule.severity in SEVERITIES
    assert len(rule.reason) > 15
    assert rule.reason.endswith((".", "?", "!"))
    assert rule.source
    assert rule.remedy


def test_what_only_the_update_tells_is_not_judged() -> None:
    for id_ in PROPERTIES:
        rule = RULES.all[id_]
        for type_ in rule.types:
            told = subject({"type": type_, "inputs": nested(rule.path, UNKNOWN)})
            assert not found(id_, [told]), id_

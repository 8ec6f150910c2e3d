"""Reads a declared web ACL: rate rules and matches are served, managed groups only recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.kubernetes import RefusedError

from .firewall import TRANSFORMATIONS
from .plan import Action, Field, Rule, Statement

MANAGED = "managedRuleGroupStatement"
_ACTIONS: Mapping[str, Action] = {"allow": "allow", "block": "block", "count": "count"}
_HOW = ("EXACTLY", "STARTS_WITH", "ENDS_WITH", "CONTAINS")
Told = Mapping[str, Any]


def rules(acl: Told) -> tuple[list[Rule], list[str], list[str]]:
    """The rules of a web ACL in order, names of those only recorded, and why others are refused."""
    served: list[Rule] = []
    recorded: list[str] = []
    refused: list[str] = []
    for told in sorted(acl.get("rules") or [], key=lambda rule: int(rule["priority"])):
        if MANAGED in _given(told.get("statement") or {}):
            recorded.append(str(told["name"]))
            continue
        try:
            served.append(_rule(told))
        except RefusedError as problem:
            refused.append(f"rule {told['name']}: {problem}")
    return served, recorded, refused


def _given(told: Told) -> dict[str, Any]:
    return {key: value for key, value in told.items() if value is not None}


def _rule(told: Told) -> Rule:
    named, how = _one(told.get("action") or {}, "an action")
    if named not in _ACTIONS:
        raise RefusedError(f"the laptop has no action {named}")
    action = _ACTIONS[named]
    answer = (how or {}).get("customResponse") or {}
    name, status = str(told["name"]), int(answer.get("responseCode") or 403)
    kind, inner = _one(told["statement"], "a statement")
    if kind != "rateBasedStatement":
        scope = _statement(told["statement"])
        return Rule(name=name, action=action, status=status, scope=scope)
    if inner.get("aggregateKeyType", "IP") != "IP":
        raise RefusedError(f"the laptop does not count by {inner['aggregateKeyType']}")
    scope = inner.get("scopeDownStatement")
    return Rule(
        name=name,
        action=action,
        status=status,
        limit=int(inner["limit"]),
        window=int(inner.get("evaluationWindowSec") or 300),
        scope=_statement(scope) if scope else None,
    )


def _one(told: Told, what: str) -> tuple[str, Any]:
    given = _given(told)
    if len(given) != 1:
        raise RefusedError(f"{what} is one of its kind, not {sorted(given) or 'nothing'}")
    return next(iter(given.items()))


def _statement(told: Told) -> Statement:
    kind, inner = _one(told, "a statement")
    match kind:
        case "andStatement" | "orStatement":
            parts = tuple(_statement(part) for part in inner["statements"])
            return Statement(kind="and" if kind == "andStatement" else "or", inner=parts)
        case "notStatement":
            (negated,) = inner["statements"]
            return Statement(kind="not", inner=(_statement(negated),))
        case "byteMatchStatement":
            how = str(inner["positionalConstraint"])
            if how not in _HOW:
                raise RefusedError(f"the laptop has no positional constraint {how}")
            return _field(inner, how, str(inner["searchString"]))
        case "regexMatchStatement":
            text = str(inner["regexString"])
            try:
                re.compile(text)
            except re.error as problem:
                raise RefusedError(f"regular expression {text!r}: {problem}") from problem
            return _field(inner, "REGEX", text)
        case _:
            raise RefusedError(f"the laptop has no {kind}")


def _field(told: Told, how: Any, text: str) -> Statement:
    part, inner = _one(told.get("fieldToMatch") or {}, "a field to match")
    if part == "singleHeader":
        part = f"header:{str(inner['name']).lower()}"
    elif part not in ("method", "uriPath", "queryString"):
        raise RefusedError(f"the laptop matches no {part}")
    ordered = sorted(told["textTransformations"], key=lambda one: int(one["priority"]))
    changes = tuple(str(one["type"]) for one in ordered)
    if unknown := [name for name in changes if name not in TRANSFORMATIONS]:
        raise RefusedError(f"the laptop has no text transformation {unknown[0]}")
    return Statement(
        kind="field", field=Field(part=part, how=how, text=text, transformations=changes)
    )

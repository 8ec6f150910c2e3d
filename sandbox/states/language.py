"""What a definition may say: checked as a whole before it runs, every problem at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import paths

_EVERYWHERE = {"Type", "Comment", "InputPath", "OutputPath"}
_GOES_ON = {"Next", "End"}
_RESULT = {"ResultSelector", "ResultPath", "Retry", "Catch"}
_FIELDS: Mapping[str, set[str]] = {
    "Choice": _EVERYWHERE | {"Choices", "Default"},
    "Fail": {"Type", "Comment", "Error", "Cause", "ErrorPath", "CausePath"},
    "Map": _EVERYWHERE
    | _GOES_ON
    | _RESULT
    | {"ItemsPath", "ItemSelector", "ItemProcessor", "MaxConcurrency"},
    "Parallel": _EVERYWHERE | _GOES_ON | _RESULT | {"Branches", "Parameters"},
    "Pass": _EVERYWHERE | _GOES_ON | {"Result", "ResultPath", "Parameters"},
    "Succeed": _EVERYWHERE,
    "Task": _EVERYWHERE | _GOES_ON | _RESULT | {"Resource", "Parameters", "TimeoutSeconds"},
    "Wait": _EVERYWHERE | _GOES_ON | {"Seconds"},
}
_MACHINE = {"StartAt", "States", "Comment", "TimeoutSeconds"}
_PROCESSOR = {"StartAt", "States", "ProcessorConfig"}
_RETRY = {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds"}
_CATCH = {"ErrorEquals", "Next", "ResultPath"}
COMPARISONS = ("BooleanEquals", "IsPresent", "NumericEquals", "StringEquals", "StringEqualsPath")
_RULE = {"Variable", "And", "Or", "Not", "Next", *COMPARISONS}


def check(definition: Mapping[str, Any]) -> None:
    """Raises ValueError with all that is wrong with a definition, or not known here."""
    problems = [*_graph("machine", definition, _MACHINE)]
    names = [*_names(definition)]
    problems += [f"two states are called {n}" for n in sorted({*names}) if names.count(n) > 1]
    if problems:
        raise ValueError("; ".join(problems))


def _names(definition: Mapping[str, Any]) -> Iterator[str]:
    """Of all states, inner ones too: no two may be the same in a whole machine."""
    for name, state in definition.get("States", {}).items():
        yield name
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor", {})):
            yield from _names(inner)


def _unknown(where: str, told: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    for field in sorted(set(told) - known):
        yield f"{where}: the field {field} is not known here"


def _graph(where: str, told: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    yield from _unknown(where, told, known)
    states, start = told.get("States") or {}, told.get("StartAt")
    reached, todo = set(), [start]
    while todo:
        name = todo.pop()
        if name in reached:
            continue
        if name not in states:
            yield f"{where}: there is no state {name}"
            continue
        reached.add(name)
        todo += _followers(states[name])
    for name in sorted(set(states) - reached):
        yield f"{where}: nothing leads to {name}"
    for name, state in states.items():
        yield from _state(f"{where}.{name}", state)


def _followers(state: Mapping[str, Any]) -> list[str]:
    followers = [choice.get("Next") for choice in state.get("Choices", [])]
    followers += [catcher.get("Next") for catcher in state.get("Catch", [])]
    followers += [state[key] for key in ("Next", "Default") if key in state]
    return followers


def _state(where: str, state: Mapping[str, Any]) -> Iterator[str]:
    kind = str(state.get("Type"))
    if kind not in _FIELDS:
        yield f"{where}: the type {kind} is not known here"
        return
    yield from _unknown(where, state, _FIELDS[kind])
    if _FIELDS[kind] >= _GOES_ON and ("Next" in state) is (state.get("End") is True):
        yield f"{where}: either Next or End"
    yield from _clauses(where, state)
    if kind == "Choice" and "Default" not in state:
        yield f"{where}: no Default"
    for number, branch in enumerate(state.get("Branches", [])):
        yield from _graph(f"{where}[{number}]", branch, {"StartAt", "States", "Comment"})
    if kind == "Map":
        processor = state.get("ItemProcessor", {})
        yield from _graph(where, processor, _PROCESSOR)
        if processor.get("ProcessorConfig", {"Mode": "INLINE"}) != {"Mode": "INLINE"}:
            yield f"{where}: only the mode INLINE is known here"


def _clauses(where: str, state: Mapping[str, Any]) -> Iterator[str]:
    for retrier in state.get("Retry", []):
        yield from _unknown(f"{where}.Retry", retrier, _RETRY)
    for catcher in state.get("Catch", []):
        yield from _unknown(f"{where}.Catch", catcher, _CATCH)
    for choice in state.get("Choices", []):
        yield from _rule(f"{where}.Choices", choice)
    for field in ("Parameters", "ResultSelector", "ItemSelector"):
        if not isinstance(state.get(field, {}), dict):
            yield f"{where}.{field}: no JSON object"
        yield from _template(f"{where}.{field}", state.get(field))
    for field in ("InputPath", "OutputPath", "ResultPath", "ItemsPath", "ErrorPath", "CausePath"):
        if state.get(field) is not None:
            yield from _expression(f"{where}.{field}", state[field])


def _rule(where: str, rule: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown(where, rule, _RULE)
    inner = [*rule.get("And", []), *rule.get("Or", [])]
    for other in inner + ([rule["Not"]] if "Not" in rule else []):
        yield from _rule(where, other)
    if "Variable" in rule:
        yield from _expression(where, rule["Variable"])
        if len([field for field in COMPARISONS if field in rule]) != 1:
            yield f"{where}: one comparison is needed"


def _template(where: str, template: Any) -> Iterator[str]:
    if isinstance(template, list):
        for item in template:
            yield from _template(where, item)
    elif isinstance(template, dict):
        for key, value in template.items():
            if key.endswith(".$"):
                yield from _expression(f"{where}.{key}", value)
            else:
                yield from _template(f"{where}.{key}", value)


def _expression(where: str, text: Any) -> Iterator[str]:
    try:
        paths.parse(str(text))
    except ValueError as problem:
        yield f"{where}: {problem}"

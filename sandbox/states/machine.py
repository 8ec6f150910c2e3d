"""Runs a definition, state by state."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from . import language, paths
from .paths import FailedError

Task = Callable[[str, Mapping[str, Any]], Any]
Definition = Mapping[str, Any]
Context = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How a run ended; ``waited`` is what its waits and retries took, in seconds of the machine."""

    name: str
    status: Literal["SUCCEEDED", "FAILED", "TIMED_OUT"]
    output: Any
    error: str
    cause: str
    waited: float


class _OverdueError(Exception):
    """The whole machine took too long."""


class Machine:
    """A state machine; ``task`` does what tasks do, ``sleep`` waits (seconds of the machine).

    Only waiting counts for time-outs: a laptop's calls take no time worth counting.
    """

    def __init__(
        self,
        name: str,
        definition: Definition | str,
        task: Task,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises ValueError for a definition that says what is not known here."""
        told = json.loads(definition) if isinstance(definition, str) else definition
        language.check(told)
        self.name, self._definition, self._task, self._sleep = name, told, task, sleep

    def run(self, given: Any = None, name: str = "") -> Execution:
        """One execution with this input; failing is an answer, not an exception."""
        run = _Run(self._task, self._sleep, self._definition.get("TimeoutSeconds"))
        name = name or str(uuid.uuid4())
        context = {
            "Execution": {
                "Name": name,
                "Id": f"arn:aws:states:us-east-1:123456789012:execution:{self.name}:{name}",
                "Input": given or {},
                "StartTime": datetime.now(UTC).isoformat(),
            },
            "StateMachine": {"Name": self.name},
        }
        output, error, cause = None, "", ""
        status: Literal["SUCCEEDED", "FAILED", "TIMED_OUT"] = "SUCCEEDED"
        try:
            output = run.graph(self._definition, given or {}, context)
        except FailedError as failed:
            status, error, cause = "FAILED", failed.error, failed.cause
        except _OverdueError:
            status, error = "TIMED_OUT", "States.Timeout"
        return Execution(
            name=name, status=status, output=output, error=error, cause=cause, waited=run.waited
        )


class _Run:
    def __init__(self, task: Task, sleep: Callable[[float], None], limit: float | None) -> None:
        self._task, self._sleep, self._limit = task, sleep, limit
        self.waited = 0.0

    def graph(self, definition: Definition, given: Any, context: Context) -> Any:
        name = definition["StartAt"]
        while True:
            state = definition["States"][name]
            told = {**context, "State": {"Name": name}}
            following, given = self._step(state, given, told)
            if following is None:
                return given
            name = following

    def _step(self, state: Definition, given: Any, context: Context) -> tuple[str | None, Any]:
        """The name of the next state, or None at the end, and its input."""
        if state["Type"] == "Fail":
            raise FailedError(
                *(
                    paths.evaluate(state[f"{part}Path"], given, context)
                    if f"{part}Path" in state
                    else state.get(part, "")
                    for part in ("Error", "Cause")
                )
            )
        if state["Type"] == "Choice":
            data = _through(state, "InputPath", given, context)
            chosen = (c["Next"] for c in state["Choices"] if _holds(c, data, context))
            return next(chosen, state["Default"]), _through(state, "OutputPath", data, context)
        tries: dict[int, int] = {}
        while True:
            try:
                output = self._try(state, given, context)
            except FailedError as failed:
                if self._again(state, failed, tries):
                    continue
                return _caught(state, failed, given)
            return state.get("Next"), output

    def _try(self, state: Definition, given: Any, context: Context) -> Any:
        data = _through(state, "InputPath", given, context)
        told = paths.fill(state["Parameters"], data, context) if "Parameters" in state else data
        match state["Type"]:
            case "Task":
                result = self._task(state["Resource"], told)
            case "Pass":
                result = state.get("Result", told)
            case "Parallel":
                result = [self.graph(branch, told, context) for branch in state["Branches"]]
            case "Map":
                result = self._map(state, data, context)
            case "Wait":
                self._wait(state["Seconds"])
                result = told
            case _:
                result = told
        if "ResultSelector" in state:
            result = paths.fill(state["ResultSelector"], result, context)
        where = state.get("ResultPath", "$")
        output = data if where is None else paths.put(where, data, result)
        return _through(state, "OutputPath", output, context)

    def _map(self, state: Definition, data: Any, context: Context) -> list[Any]:
        results = []
        items = paths.select(state.get("ItemsPath", "$"), data, context)
        for index, item in enumerate(items):
            inner = {**context, "Map": {"Item": {"Index": index, "Value": item}}}
            selector = state.get("ItemSelector")
            told = paths.fill(selector, data, inner) if selector is not None else item
            results.append(self.graph(state["ItemProcessor"], told, inner))
        return results

    def _wait(self, seconds: float) -> None:
        self.waited += seconds
        if self._limit is not None and self.waited > self._limit:
            raise _OverdueError
        self._sleep(seconds)

    def _again(self, state: Definition, failed: FailedError, tries: dict[int, int]) -> bool:
        for number, retrier in enumerate(state.get("Retry", [])):
            if _matches(retrier["ErrorEquals"], failed.error):
                done = tries.get(number, 0)
                if done >= retrier.get("MaxAttempts", 3):
                    return False
                tries[number] = done + 1
                delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** done
                self._wait(min(delay, retrier.get("MaxDelaySeconds", delay)))
                return True
        return False


def _through(state: Definition, field: str, data: Any, context: Context) -> Any:
    path = state.get(field, "$")
    return {} if path is None else paths.select(path, data, context)


def _caught(state: Definition, failed: FailedError, given: Any) -> tuple[str, Any]:
    for catcher in state.get("Catch", []):
        if _matches(catcher["ErrorEquals"], failed.error):
            told = {"Error": failed.error, "Cause": failed.cause}
            where = catcher.get("ResultPath", "$")
            return catcher["Next"], given if where is None else paths.put(where, given, told)
    raise failed


def _matches(names: list[str], error: str) -> bool:
    if error == "States.Runtime":  # a mistake in the definition is nobody's to catch
        return False
    of_task = error != "States.Timeout" and "States.TaskFailed" in names
    return error in names or "States.ALL" in names or of_task


def _holds(rule: Definition, data: Any, context: Context) -> bool:
    if "And" in rule:
        return all(_holds(inner, data, context) for inner in rule["And"])
    if "Or" in rule:
        return any(_holds(inner, data, context) for inner in rule["Or"])
    if "Not" in rule:
        return not _holds(rule["Not"], data, context)
    path = rule["Variable"]
    if "IsPresent" in rule:
        return paths.is_there(path, data, context) is rule["IsPresent"]
    value = paths.select(path, data, context)
    if "StringEqualsPath" in rule:
        return bool(value == paths.select(rule["StringEqualsPath"], data, context))
    ((comparison, wanted),) = [(k, v) for k, v in rule.items() if k in language.COMPARISONS]
    kinds = {"BooleanEquals": bool, "NumericEquals": int | float, "StringEquals": str}
    return isinstance(value, kinds[comparison]) and bool(value == wanted)

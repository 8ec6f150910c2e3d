"""The laptop's Step Functions: the language as it is written down, and nothing that is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.states import Execution, Machine, paths
from sandbox.states.paths import FailedError

TASK = "arn:aws:states:::lambda:invoke"


class Script:
    """A task that fails as told, one error after another, and then answers."""

    def __init__(self, *errors: str) -> None:
        self.errors, self.seen = [*errors], []

    def __call__(self, resource: str, parameters: Mapping[str, Any]) -> Any:
        self.seen.append(parameters)
        if self.errors:
            raise FailedError(self.errors.pop(0), "as told")
        return {"told": parameters}


def run(states: Mapping[str, Any], given: Any = None, task: Any = None, **more: Any) -> Execution:
    definition = {"StartAt": next(iter(states)), "States": states, **more}
    waits: list[float] = []
    machine = Machine("test", definition, task or Script(), waits.append)
    done = machine.run(given)
    assert done.waited >= sum(waits)
    return done


def only(**state: Any) -> dict[str, Any]:
    return {"It": {"End": True, **state}}


def test_data_goes_in_and_out_as_paths_say() -> None:
    done = run(
        only(
            Type="Task",
            Resource=TASK,
            InputPath="$.inner",
            Parameters={"whole.$": "$", "first.$": "$.list[0]", "fixed": [{"name.$": "$.name"}]},
            ResultSelector={"fixed.$": "$.told.fixed"},
            ResultPath="$.deep.result",
            OutputPath="$.deep",
        ),
        {"inner": {"name": "n", "list": [7]}},
    )
    assert done.output == {"result": {"fixed": [{"name": "n"}]}}


def test_functions_of_the_language() -> None:
    context = {"Execution": {"Name": "run"}}
    data = {"a": "x", "n": 3, "list": ["x", "y"], "d": {"k": 1}}
    for text, expected in {
        "States.Format('{}-{}/{}', $.a, $.n, $$.Execution.Name)": "x-3/run",
        "States.ArrayContains($.list, 'y')": True,
        "States.ArrayContains($.list, 'z')": False,
        "States.JsonToString($.d)": '{"k":1}',
        "States.Format('{}', States.JsonToString($.list))": '["x","y"]',
    }.items():
        assert paths.evaluate(text, data, context) == expected
    ids = {paths.evaluate("States.UUID()", data, context) for _ in range(3)}
    assert len(ids) == 3
    with pytest.raises(FailedError, match="ParameterPathFailure"):
        paths.evaluate("$.missing.name", data, context)


@pytest.mark.parametrize(
    "text", ["$..a", "$.a[*]", "$.a[?(@.b)]", "States.Hash($.a)", "States.Format('a", "a.b", "$.a)"]
)
def test_expressions_that_are_not_known_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"known|read"):
        paths.parse(text)


def test_retries_wait_longer_each_time_up_to_a_limit() -> None:
    retry = {
        "ErrorEquals": ["Busy"],
        "IntervalSeconds": 10,
        "BackoffRate": 2,
        "MaxDelaySeconds": 30,
        "MaxAttempts": 4,
    }
    task = Script("Busy", "Busy", "Busy", "Busy")
    done = run(only(Type="Task", Resource=TASK, Retry=[retry]), task=task)
    assert (done.status, done.waited, len(task.seen)) == ("SUCCEEDED", 10 + 20 + 30 + 30, 5)
    done = run(only(Type="Task", Resource=TASK, Retry=[retry]), task=Script(*["Busy"] * 5))
    assert (done.status, done.error) == ("FAILED", "Busy")
    done = run(only(Type="Task", Resource=TASK, Retry=[retry]), task=Script("Other"))
    assert (done.status, done.error, done.waited) == ("FAILED", "Other", 0)


def test_catchers_take_the_first_that_fits_and_keep_the_input() -> None:
    catch = [
        {"ErrorEquals": ["Rare"], "Next": "Rarely"},
        {"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.problem", "Next": "Caught"},
    ]
    states = {
        "Try": {"Type": "Task", "Resource": TASK, "Catch": catch, "End": True},
        "Rarely": {"Type": "Succeed"},
        "Caught": {"Type": "Succeed"},
    }
    done = run(states, {"kept": 1}, Script("Common"))
    assert done.output == {"kept": 1, "problem": {"Error": "Common", "Cause": "as told"}}
    assert run(states, {"kept": 1}, Script("Rare")).output["Error"] == "Rare"
    assert run(states, {}, Script("States.Timeout")).status == "FAILED"  # no failed task
    assert run(states, {}, Script("States.Runtime")).status == "FAILED"  # nobody's to catch


def test_a_map_gives_each_item_what_the_selector_says() -> None:
    inner = {"Do": {"Type": "Pass", "Parameters": {"got.$": "$"}, "End": True}}
    done = run(
        only(
            Type="Map",
            ItemsPath="$.items",
            ItemSelector={
                "item.$": "$$.Map.Item.Value",
                "at.$": "$$.Map.Item.Index",
                "all.$": "$.x",
            },
            ItemProcessor={"StartAt": "Do", "States": inner},
            ResultPath="$.done",
        ),
        {"items": ["a", "b"], "x": 9},
    )
    assert done.output["done"] == [
        {"got": {"item": item, "at": at, "all": 9}} for at, item in enumerate("ab")
    ]


def test_one_branch_that_fails_fails_them_all_and_is_tried_again() -> None:
    def branch(name: str) -> dict[str, Any]:
        return {"StartAt": name, "States": {name: only(Type="Task", Resource=TASK)["It"]}}

    state = only(
        Type="Parallel",
        Branches=[branch("A"), branch("B")],
        Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}],
    )
    task = Script("Once")
    assert len(run(state, {}, task).output) == 2
    assert len(task.seen) == 3
    assert run(state, {}, Script("Once", "Twice")).error == "Twice"


@pytest.mark.parametrize(
    ("rule", "given", "holds"),
    [
        ({"Variable": "$.s", "StringEquals": "x"}, {"s": "x"}, True),
        ({"Variable": "$.s", "StringEquals": "1"}, {"s": 1}, False),
        ({"Variable": "$.s", "StringEqualsPath": "$.t"}, {"s": "x", "t": "x"}, True),
        ({"Variable": "$.n", "NumericEquals": 1}, {"n": 1.0}, True),
        ({"Variable": "$.b", "BooleanEquals": False}, {"b": False}, True),
        ({"Variable": "$.a.b", "IsPresent": True}, {"a": {}}, False),
        ({"Variable": "$.a.b", "IsPresent": False}, {}, True),
        ({"Not": {"Variable": "$.s", "StringEquals": "x"}}, {"s": "x"}, False),
        (
            {
                "And": [
                    {"Variable": "$.a", "IsPresent": True},
                    {"Or": [{"Variable": "$.a", "StringEquals": v} for v in ("x", "y")]},
                ]
            },
            {"a": "y"},
            True,
        ),
    ],
)
def test_choices(rule: dict[str, Any], given: dict[str, Any], holds: bool) -> None:
    states = {
        "Choose": {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"},
        "Yes": {"Type": "Pass", "Result": True, "End": True},
        "No": {"Type": "Pass", "Result": False, "End": True},
    }
    assert run(states, given).output is holds


def test_a_machine_that_takes_too_long_is_stopped() -> None:
    states = {
        "Wait": {"Type": "Wait", "Seconds": 40, "Next": "Again"},
        "Again": {"Type": "Wait", "Seconds": 40, "End": True},
    }
    done = run(states, TimeoutSeconds=60)
    assert (done.status, done.error) == ("TIMED_OUT", "States.Timeout")
    assert run(states, TimeoutSeconds=80).status == "SUCCEEDED"


def test_failing_says_why() -> None:
    state = {"It": {"Type": "Fail", "Error": "Bad", "CausePath": "States.JsonToString($.why)"}}
    done = run(state, {"why": {"n": 1}})
    assert (done.status, done.error, done.cause) == ("FAILED", "Bad", '{"n":1}')


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        ({"Type": "Guess", "End": True}, "the type Guess"),
        ({"Type": "Pass"}, "either Next or End"),
        ({"Type": "Pass", "Next": "There"}, "there is no state There"),
        ({"Type": "Pass", "Assign": {}, "End": True}, "the field Assign"),
        ({"Type": "Pass", "Parameters": ["a"], "End": True}, "no JSON object"),
        ({"Type": "Pass", "Parameters": {"a.$": "$..b"}, "End": True}, "the path"),
        ({"Type": "Pass", "OutputPath": "$[*]", "End": True}, "the path"),
        ({"Type": "Choice", "Choices": []}, "no Default"),
        (
            {"Type": "Choice", "Choices": [{"Variable": "$.a", "Next": "It"}], "Default": "It"},
            "one comparison",
        ),
        (
            {"Type": "Task", "Resource": TASK, "Retry": [{"JitterStrategy": "FULL"}], "End": True},
            "the field JitterStrategy",
        ),
        (
            {
                "Type": "Map",
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED"},
                    "StartAt": "In",
                    "States": {"In": {"Type": "Succeed"}},
                },
                "End": True,
            },
            "only the mode INLINE",
        ),
        (
            {
                "Type": "Parallel",
                "Branches": [{"StartAt": "It", "States": {"It": {"Type": "Succeed"}}}],
                "End": True,
            },
            "two states are called It",
        ),
    ],
)
def test_a_definition_with_anything_unknown_is_refused_before_it_runs(
    state: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Machine("test", {"StartAt": "It", "States": {"It": state}}, Script())
    lost = {"It": {"Type": "Succeed"}, "Lost": {"Type": "Succeed"}}
    with pytest.raises(ValueError, match="nothing leads to Lost"):
        Machine("test", {"StartAt": "It", "States": lost}, Script())

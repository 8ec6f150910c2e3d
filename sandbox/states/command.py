"""`python -m sandbox execute MACHINE [JSON]`: one run of a declared state machine.

Waits take no time: what is waited for on the laptop is there, or never will be.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox import run_file
from sandbox.process import PartError
from sandbox.state import read_json, write_private
from sandbox.telemetry import emf

if TYPE_CHECKING:
    from graph import Graph

MACHINE = "aws:sfn/stateMachine:StateMachine"
_FILE = "machines.json"
_CALL_LIMIT = 960  # seconds: more than Lambda's longest function and its start


def publish(
    graph: Graph,
    directory: Path,
    environment: Mapping[str, str],
    mark: Callable[..., None],
) -> None:
    """Write down what can be executed, and where AWS is.

    ``mark`` is called with each machine, what to say of it, and ``refused=True`` when it is not
    understood here.
    """
    from .language import check  # noqa: PLC0415 - only needed where there are machines

    found = {}
    for resource in graph.of_type(MACHINE):
        try:
            definition = json.loads(resource.inputs["definition"])
            check(definition)
        except ValueError as problem:
            mark(resource, str(problem), refused=True)
            continue
        found[resource.name] = {"definition": definition, "arn": resource.outputs.get("arn", "")}
        mark(resource, f"python -m sandbox execute {resource.name}")
    told = {"machines": found, "environment": dict(environment)}
    write_private(directory / _FILE, json.dumps(told, indent=1))


def execute(directory: Path, name: str, given: str) -> int:
    """Print the output of one execution; 1 when it failed, with its error and cause."""
    if run_file.supervisor(directory) is None:
        raise PartError("the shop is not up; `make up` starts it")
    told = read_json(directory / _FILE)
    machines: dict[str, Any] = told.get("machines", {})
    if name not in machines:
        known = ", ".join(sorted(machines)) or "none"
        raise PartError(f"there is no state machine {name!r}; there are: {known}")
    try:
        text = json.loads(sys.stdin.read() if given == "-" else given)
    except ValueError as problem:
        raise PartError(f"the input is no JSON: {problem}") from problem
    from . import Calls, Machine  # noqa: PLC0415 - the other commands answer faster without

    definition, arn = machines[name]["definition"], machines[name]["arn"]
    machine = Machine(name, definition, Calls(_clients(told["environment"])), _no_time)
    done = machine.run(text)
    ended = {"SUCCEEDED": "ExecutionsSucceeded", "TIMED_OUT": "ExecutionsTimedOut"}
    metrics = {"ExecutionsStarted": 1, ended.get(done.status, "ExecutionsFailed"): 1}
    document = emf.document("AWS/States", {"StateMachineArn": arn}, metrics)
    emf.Sender(told["environment"].get(emf.AGENT, "")).send(document)
    if done.status == "SUCCEEDED":
        print(json.dumps(done.output))
        return 0
    print(f"✗ {done.status}: {done.error}\n{done.cause}", file=sys.stderr)
    return 1


def _no_time(seconds: float) -> None:
    del seconds


def _clients(environment: Mapping[str, str]) -> Callable[[str], Any]:
    """Clients of the sandbox's AWS, whatever AWS the caller has configured."""
    import boto3  # noqa: PLC0415 - as above
    from botocore.config import Config  # noqa: PLC0415

    for key in [key for key in os.environ if key.startswith("AWS_")]:
        del os.environ[key]
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    os.environ.update({**environment, **nothing})

    @cache
    def client(service: str) -> Any:
        settings = Config(read_timeout=_CALL_LIMIT, retries={"total_max_attempts": 1})
        return boto3.client(service, config=settings)

    return client

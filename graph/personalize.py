"""Realistic outputs for what Cloud Control makes, state machines and their schedules."""

from __future__ import annotations

import json
from collections.abc import Callable

from .subject import Outputs, Subject

# CloudFormation's word -> that in ARNs.
_KINDS = {
    "DatasetGroup": "dataset-group",
    "Dataset": "dataset",
    "EventTracker": "event-tracker",
    "Filter": "filter",
    "Schema": "schema",
}


def _cloud_control(s: Subject) -> Outputs:
    """Its id is the primary identifier of its type: in Personalize, the ARN."""
    service, _, kind = str(s.inputs["typeName"]).removeprefix("AWS::").partition("::")
    if service != "Personalize" or kind not in _KINDS:
        return {}  # no answer: whoever uses its outputs is told by name
    state = json.loads(s.inputs["desiredState"])
    path = state["Name"]
    if kind == "Dataset":
        path = f"{state['DatasetGroupArn'].rpartition('/')[2]}/{state['DatasetType'].upper()}"
    arn = s.arn("personalize", f"{_KINDS[kind]}/{path}")
    made = {**state, f"{kind}Arn": arn}
    if kind == "EventTracker":
        h = s.hash(32)
        made["TrackingId"] = f"{h[:8]}-{h[8:12]}-4{h[13:16]}-8{h[17:20]}-{h[20:]}"
    return {"id": arn, "properties": json.dumps(made)}


def _machine(s: Subject) -> Outputs:
    arn = s.arn("states", f"stateMachine:{s.physical}")
    return {"id": arn, "arn": arn, "name": s.physical}


def _schedule(s: Subject) -> Outputs:
    group = str(s.inputs.get("groupName") or "default")
    path = f"{group}/{s.physical}"
    return {"id": path, "name": s.physical, "arn": s.arn("scheduler", f"schedule/{path}")}


ANSWERS: dict[str, Callable[[Subject], Outputs]] = {
    "aws:cloudcontrol/resource:Resource": _cloud_control,
    "aws:scheduler/schedule:Schedule": _schedule,
    "aws:sfn/stateMachine:StateMachine": _machine,
}

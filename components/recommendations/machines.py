"""State machines: what Cloud Control can't make or must not wait for, and when they run.

Their definitions stand in states/ as Amazon States Language with ``${Name}`` where a stack says
what goes there: a text, or in a place of its own any value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from components import iam
from components.functions import FunctionLinks

from .ground import Ground
from .parameters import SHELVES, ParameterLinks
from .permissions import permissions
from .personalize import DATASETS, PersonalizeLinks
from .queues import dead_letters
from .records import StoreLinks
from .schedules import schedules

DEFINITIONS = Path(__file__).resolve().parent / "states"
MACHINES = ("train", "pause", "resume", "teardown")
# Shelf -> what fills it, by serving.
RECIPES: Mapping[str, Mapping[str, str]] = {
    "recommender": {
        "for-you": "aws-ecomm-recommended-for-you",
        "also-bought": "aws-ecomm-frequently-bought-together",
        "popular": "aws-ecomm-popular-items-by-purchases",
    },
    "campaign": {
        "for-you": "aws-user-personalization-v2",
        "also-bought": "aws-similar-items",
        "popular": "aws-popularity-count",
    },
}
# These learn from purchases only, and need a minimum of them; the others, of all interactions.
_OF_PURCHASES = ("aws-ecomm-frequently-bought-together", "aws-ecomm-popular-items-by-purchases")
_BUSY = {
    "ErrorEquals": ["Personalize.LimitExceededException", "Personalize.ResourceInUseException"],
    "IntervalSeconds": 30,
    "BackoffRate": 1.5,
    "MaxDelaySeconds": 300,
    "MaxAttempts": 20,
}
_SERVICES = {
    "Lambda": ("ServiceException", "AWSLambdaException", "TooManyRequestsException"),
    "Personalize": ("PersonalizeException",),
    "SQS": ("AmazonSQSException",),
    "Ssm": ("SsmException", "TooManyUpdatesException"),
}
_HICCUP = {
    "ErrorEquals": [
        f"{service}.{error}"
        for service, errors in _SERVICES.items()
        for error in (*errors, "SdkClientException")
    ],
    "IntervalSeconds": 5,
    "BackoffRate": 2,
    "MaxAttempts": 6,
}
# What takes minutes to hours is looked at ever more seldom, for a day.
_NOT_YET = {
    "ErrorEquals": ["NotYet"],
    "IntervalSeconds": 60,
    "BackoffRate": 1.3,
    "MaxDelaySeconds": 600,
    "MaxAttempts": 150,
}
_COMMON = {
    "Patience": [_BUSY, _HICCUP],
    "OnlyWhenBusy": [_BUSY],  # a hiccup may have begun what costs money
    "UntilReady": [_NOT_YET],
}
_HOLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class MachineLinks:
    """A state machine, and where it logs."""

    name: Output[str]
    arn: Output[str]
    log_group: Output[str]


@dataclass(frozen=True, kw_only=True)
class MachinesLinks:
    """``pause`` and ``resume`` only for recommenders: a campaign can't rest.

    ``failures`` is the queue of what went wrong: a JSON object each, with ``execution`` and
    ``problem``; and the schedules' own dead letters.
    """

    train: MachineLinks
    teardown: MachineLinks
    pause: MachineLinks | None
    resume: MachineLinks | None
    failures_name: Output[str]
    failures_arn: Output[str]


def machines(
    ground: Ground,
    *,
    learned: PersonalizeLinks,
    export: FunctionLinks,
    training: StoreLinks,
    told: ParameterLinks,
) -> MachinesLinks:
    """Everything that runs by itself or on demand, and its schedules."""
    failures = dead_letters(ground, "failures")
    values: dict[str, Any] = {
        "Arn": ground.arn("personalize", "")[:-1],
        "DatasetGroup": learned.group,
        "EventTracker": learned.tracker,
        "ExportFunction": export.alias_arn,
        "FailureQueue": failures.url,
        "ImportRole": learned.importer,
        "ParameterKey": ground.data.key_arn,
        "Shelves": [_shelf(ground, told, shelf) for shelf in SHELVES],
        "TrackingParameter": told.tracking,
        "TrainingBucket": training.name,
        **{f"{kind}Dataset": arn for kind, arn in zip(DATASETS, learned.datasets, strict=True)},
    }
    # Resolved once, and only what is not known yet: outputs in outputs cost time.
    resolved = Output.from_input(values)
    names = MACHINES if ground.settings.serving == "recommender" else ("train", "teardown")
    allowed = permissions(ground, learned=learned, export=export, told=told, failures=failures)
    made = {name: _machine(ground, name, resolved, allowed[name]) for name in names}
    schedules(ground, {name: machine.arn for name, machine in made.items()}, failures)
    return MachinesLinks(
        train=made["train"],
        teardown=made["teardown"],
        pause=made.get("pause"),
        resume=made.get("resume"),
        failures_name=failures.name,
        failures_arn=failures.arn,
    )


def render(template: Any, values: Mapping[str, Any]) -> Any:
    """A definition with every hole filled; raises KeyError for one that nobody fills."""
    if isinstance(template, dict):
        return {key: render(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [render(value, values) for value in template]
    if not isinstance(template, str):
        return template
    if whole := _HOLE.fullmatch(template):
        return render(values[whole[1]], values)
    return _HOLE.sub(lambda hole: str(values[hole[1]]), template)


def _read(name: str) -> Any:
    return json.loads((DEFINITIONS / f"{name}.asl.json").read_text())


def _shelf(ground: Ground, told: ParameterLinks, shelf: str) -> Mapping[str, Any]:
    resource = f"{ground.physical}-{shelf}"
    recipe = RECIPES[ground.settings.serving][shelf]
    return {
        "name": shelf,
        "resource": resource,
        "recipe": f"arn:aws:personalize:::recipe/{recipe}",
        "learnsFrom": "purchases" if recipe in _OF_PURCHASES else "interactions",
        "parameter": f"{told.prefix}{shelf}",
        **{
            kind: ground.arn("personalize", f"{kind}/{resource}")
            for kind in ("recommender", "solution", "campaign")
        },
    }


def _machine(
    ground: Ground,
    part: str,
    values: Output[Mapping[str, Any]],
    allowed: Sequence[iam.Statement],
) -> MachineLinks:
    name = f"{ground.name}-{part}"
    template = _read(part)
    known = {**_COMMON, "MakeShelf": _read(ground.settings.serving)}
    group = aws.cloudwatch.LogGroup(
        name,
        # Log delivery lists such groups by their prefix; others each need a line in a policy that
        # the whole account shares, and that is soon full.
        name=f"/aws/vendedlogs/states/{ground.physical}-{part}",
        retention_in_days=ground.settings.log_days,
        kms_key_id=ground.network.log_key_arn,
        opts=ground.mine,
    )
    role, policy = iam.role_with_policy(
        name,
        description=f"State machine of the shop: {part}",
        trusted=iam.trust("states.amazonaws.com", when=iam.same_account()),
        allowed=[*allowed, *_running()],
        opts=ground.mine,
    )
    made = aws.sfn.StateMachine(
        name,
        name=f"{ground.physical}-{part}",  # by which `make train` and `make teardown` find it
        role_arn=role.arn,
        definition=values.apply(
            lambda told: json.dumps(render(template, {**known, **told}), indent=1)
        ),
        logging_configuration={
            "level": "ALL",
            "include_execution_data": True,  # names, counts and ARNs: nothing of a customer's
            "log_destination": group.arn.apply(lambda arn: f"{arn}:*"),
        },
        tracing_configuration={"enabled": True},
        # Hidden dependency: Step Functions tries to log in this role before it agrees.
        opts=ResourceOptions(parent=ground.mine.parent, depends_on=[policy]),
    )
    return MachineLinks(name=made.name, arn=made.arn, log_group=group.name)


def _running() -> list[iam.Statement]:
    """What every state machine needs to log and to be traced."""
    deliveries = ("CreateLog", "DeleteLog", "GetLog", "UpdateLog")
    return [
        iam.without_resources(
            [
                *(f"logs:{verb}Delivery" for verb in deliveries),
                "logs:DescribeLogGroups",
                "logs:DescribeResourcePolicies",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
            ]
        ),
        iam.without_resources(
            [
                "xray:GetSamplingRules",
                "xray:GetSamplingTargets",
                "xray:PutTelemetryRecords",
                "xray:PutTraceSegments",
            ]
        ),
    ]

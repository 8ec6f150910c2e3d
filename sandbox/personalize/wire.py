"""Between the protocol and what is kept: names, checks and answers, from botocore's model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from .store import Kind, PersonalizeError, Thing

Parameters = Mapping[str, Any]
Answer = dict[str, Any]

# Kind -> (its member in answers, its name in operations)
NAMES: Mapping[Kind, tuple[str, str]] = {
    "campaign": ("campaign", "Campaign"),
    "dataset": ("dataset", "Dataset"),
    "dataset-group": ("datasetGroup", "DatasetGroup"),
    "dataset-import-job": ("datasetImportJob", "DatasetImportJob"),
    "event-tracker": ("eventTracker", "EventTracker"),
    "filter": ("filter", "Filter"),
    "recommender": ("recommender", "Recommender"),
    "schema": ("schema", "Schema"),
    "solution": ("solution", "Solution"),
    "solution-version": ("solutionVersion", "SolutionVersion"),
}


@lru_cache(maxsize=1)
def service() -> Any:
    """The service as botocore knows it."""
    return botocore.session.Session().get_service_model("personalize")


def split(operation: str) -> tuple[str, Kind]:
    """Verb and kind; raises PersonalizeError for an operation that is not played here."""
    for kind, (_, name) in NAMES.items():
        for verb in ("Create", "Describe", "Delete", "Update", "Start", "Stop"):
            if operation == verb + name:
                return verb, kind
        if operation == f"List{name}s":
            return "List", kind
    raise PersonalizeError("UnknownOperationException", f"{operation} is not played here")


def described(thing: Thing) -> Answer:
    """What Describe shows of a thing."""
    member, name = NAMES[thing.kind]
    shape = service().operation_model(f"Describe{name}").output_shape.members[member]
    told = {
        **thing.properties,
        "name": thing.name,
        "jobName": thing.name,
        f"{member}Arn": thing.arn,
        "status": thing.status,
        "failureReason": thing.why or None,
        "creationDateTime": thing.created,
        "lastUpdatedDateTime": thing.updated,
        "accountId": thing.arn.split(":")[4],
    }
    if thing.update_status:
        latest = {**thing.update, "status": thing.update_status}
        told[f"latest{name}Update"] = latest
    return {k: v for k, v in told.items() if k in shape.members and v is not None}


def check(shape: Any, told: Parameters) -> None:
    """Against the model: what is required, types, lengths; and, which botocore does not, more."""
    report = ParamValidator().validate(told, shape)
    if report.has_errors():
        raise _invalid(report.generate_report())
    for key, value in told.items():
        if key not in shape.members:
            raise _invalid(f"unknown parameter {key}")
        rules = shape.members[key].metadata
        if "enum" in rules and value not in rules["enum"]:
            raise _invalid(f"{key} is {value}, not one of {', '.join(rules['enum'])}")
        pattern = rules.get("pattern", "").replace(r"\p{ASCII}", r"[\x00-\x7f]")
        if pattern and not re.fullmatch(pattern, value):
            raise _invalid(f"{key} = {value!r} does not match {pattern}")
        if isinstance(value, str) and len(value) > rules.get("max", len(value)):
            raise _invalid(f"{key} is longer than {rules['max']}")


def _invalid(message: str) -> PersonalizeError:
    return PersonalizeError("InvalidInputException", message)

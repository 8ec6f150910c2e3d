"""What the program declares for Cloud Control, made in the stand-in, and taken away again.

As Cloud Control does: a resource is there when it is ACTIVE, and gone when nobody finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PREFIX = "AWS::Personalize::"


def make(client: Any, type_name: str, state: Mapping[str, Any]) -> str:
    """The ARN of a new resource; ``client`` is boto's of Personalize.

    Raises ClientError as the service says, ValueError for another type, RuntimeError when the
    resource does not become ACTIVE.
    """
    kind, member = _kind(type_name)
    told = {f"{name[:1].lower()}{name[1:]}": value for name, value in state.items()}
    arn = str(_call(client, f"Create{kind}", told)[f"{member}Arn"])
    seen = ""
    while kind != "Schema":
        made = _call(client, f"Describe{kind}", {f"{member}Arn": arn})[member]
        if made["status"] == "ACTIVE":
            break
        if made["status"] == seen:
            raise RuntimeError(f"{arn} stays {seen}")
        seen = made["status"]
    return arn


def ensure(client: Any, type_name: str, state: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """What Cloud Control says of a resource that is there, or is made now.

    ``arn`` is where one of an earlier run is; what was learned by it is kept. Raises as `make`.
    """
    kind, member = _kind(type_name)
    try:
        arn = make(client, type_name, state)
    except client.exceptions.ClientError as refused:
        code = refused.response["Error"]["Code"]
        if code not in ("ResourceAlreadyExistsException", "LimitExceededException"):
            raise
    told = _call(client, f"Describe{kind}", {f"{member}Arn": arn})[member]
    tracking = {"TrackingId": told["trackingId"]} if kind == "EventTracker" else {}
    return {**state, f"{kind}Arn": arn, **tracking}


def remove(client: Any, type_name: str, arn: str) -> None:
    """Take a resource away; raises ClientError as the service says."""
    kind, member = _kind(type_name)
    _call(client, f"Delete{kind}", {f"{member}Arn": arn})
    try:
        while True:
            _call(client, f"Describe{kind}", {f"{member}Arn": arn})
    except client.exceptions.ResourceNotFoundException:
        return


def _kind(type_name: str) -> tuple[str, str]:
    kind = type_name.removeprefix(_PREFIX)
    if kind == type_name:
        raise ValueError(f"{type_name} is not Personalize's")
    return kind, f"{kind[:1].lower()}{kind[1:]}"


def _call(client: Any, operation: str, told: Mapping[str, Any]) -> Any:
    return client._make_api_call(operation, told)  # noqa: SLF001 - operations by their names

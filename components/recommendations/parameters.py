"""What training leaves for functions to find: which recommenders, and which event tracker."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from .ground import Ground

SHELVES = ("for-you", "also-bought", "popular")
TRACKING = "tracking"
NONE = "NONE"  # until there is one


@dataclass(frozen=True, kw_only=True)
class ParameterLinks:
    """``prefix`` and a shelf's name are the name of a shelf's parameter; ``arns`` are in order."""

    prefix: str
    arns: tuple[Output[str], ...]
    tracking: Output[str]
    tracking_arn: Output[str]


def parameters(ground: Ground) -> ParameterLinks:
    """A parameter for each shelf and one for the tracker, under the key of the tier's data.

    Whoever may read the account's parameters then needs the key as well. Under AWS's own key for
    parameters it would be no more than a name: everybody in the account may decrypt with that.
    """
    prefix = f"/{ground.physical}/recommendations/"
    made = {
        part: aws.ssm.Parameter(
            f"{ground.name}-{part}",
            name=f"{prefix}{part}",
            description=_WHAT.get(part, f"The ARN that fills the shelf {part}, or {NONE}"),
            type=aws.ssm.ParameterType.SECURE_STRING,
            key_id=ground.data.key_arn,
            value=NONE,
            # Training writes the values.
            opts=ResourceOptions(parent=ground.mine.parent, ignore_changes=["value"]),
        )
        for part in (*SHELVES, TRACKING)
    }
    return ParameterLinks(
        prefix=prefix,
        arns=tuple(made[shelf].arn for shelf in SHELVES),
        tracking=made[TRACKING].name,
        tracking_arn=made[TRACKING].arn,
    )


_WHAT = {TRACKING: f"The tracking id that events are sent to Personalize with, or {NONE}"}

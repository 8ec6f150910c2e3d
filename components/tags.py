"""Tags on everything that can carry them, from one place.

A stack transformation, because it runs in the engine and under mocks alike: the provider's default
tags, and resource transforms, are out of sight for tests and policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pulumi

# A list of {key, value, propagate_at_launch} instead of a map: its owner tags it.
_OTHER_SHAPE = {"aws:autoscaling/group:Group"}


def tag_everything(project: str, stack: str) -> None:
    """Tag every AWS resource that is made from now on; a resource's own tags win."""

    def add(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        provider = args.type_.partition(":")[0]
        if provider not in ("aws", "eks") or "tags" not in args.props:
            return None
        if args.type_ in _OTHER_SHAPE:
            return None
        own = cast("Mapping[str, str]", args.props["tags"] or {})
        common = {
            "Name": f"{stack}-{args.name}",
            "project": project,
            "stack": stack,
            "tier": _tier(args),
            "managed-by": "pulumi",
        }
        return pulumi.ResourceTransformationResult(
            props={**args.props, "tags": {**common, **own}}, opts=args.opts
        )

    pulumi.runtime.register_stack_transformation(add)


def _tier(args: pulumi.ResourceTransformationArgs) -> str:
    # Logical names begin with their component's: "data-database" belongs to "data".
    return args.name.partition("-")[0]

"""Tags on everything that can carry them, from one place.

A stack transformation, because it runs in the engine and under mocks alike: the provider's default
tags, and resource transforms, are out of sight for tests and policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi

# Its tags are a list, and are handed on to the instances it launches.
_GROUP = "aws:autoscaling/group:Group"
# Its own tags are not those of the volumes it describes.
_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


def tag_everything(project: str, stack: str) -> None:
    """Tag every AWS resource that is made from now on; a resource's own tags win."""

    def add(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        provider = args.type_.partition(":")[0]
        if provider not in ("aws", "eks") or "tags" not in args.props:
            return None
        common = {
            "Name": f"{stack}-{args.name}",
            "project": project,
            "stack": stack,
            "tier": _tier(args),
            "managed-by": "pulumi",
        }
        if args.type_ == _GROUP:
            handed_on = [
                {"key": key, "value": value, "propagate_at_launch": True}
                for key, value in common.items()
            ]
            own = cast("Sequence[Any]", args.props["tags"] or ())
            props = {**args.props, "tags": [*handed_on, *own]}
            return pulumi.ResourceTransformationResult(props=props, opts=args.opts)
        tags = {**common, **cast("Mapping[str, str]", args.props["tags"] or {})}
        props = {**args.props, "tags": tags}
        if args.type_ == _TEMPLATE:
            props["tag_specifications"] = [{"resource_type": "volume", "tags": tags}]
        return pulumi.ResourceTransformationResult(props=props, opts=args.opts)

    pulumi.runtime.register_stack_transformation(add)


def _tier(args: pulumi.ResourceTransformationArgs) -> str:
    # Logical names begin with their component's: "data-database" belongs to "data".
    return args.name.partition("-")[0]

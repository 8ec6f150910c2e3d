"""What Personalize learns from: made by Cloud Control, because no provider of its own knows it.

Everything is called after the project and the stack, so stacks in one account never meet, and a
stack that was destroyed finds its names free again. Nothing has tags: a changed tag would replace
the dataset group and lose what it has learned.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi_aws as aws
from pulumi import Output, Resource, ResourceOptions

from components import buckets, iam

from .ground import Ground
from .records import TRAINING, StoreLinks

SCHEMAS = Path(__file__).resolve().parents[2] / "services" / "functions" / "export" / "schemas"
DATASETS = ("Interactions", "Items", "Users")
DOMAIN = "ECOMMERCE"


@dataclass(frozen=True, kw_only=True)
class PersonalizeLinks:
    """ARNs; ``datasets`` are in the order of `DATASETS`. Personalize imports as ``importer``."""

    group: Output[str]
    datasets: tuple[Output[str], ...]
    tracker: Output[str]
    importer: Output[str]


def personalize(ground: Ground, training: StoreLinks) -> PersonalizeLinks:
    """A dataset group of the shop's domain with three datasets and an event tracker."""
    name = f"{ground.name}-personalize"
    group = _made(
        ground, name, "DatasetGroup", {"Name": ground.physical, "Domain": DOMAIN}, kept=True
    )
    datasets = {kind: _dataset(ground, kind, group) for kind in DATASETS}
    tracker = _made(
        ground,
        f"{name}-tracker",
        "EventTracker",
        {"Name": ground.physical, "DatasetGroupArn": group.id},
        # Hidden dependency: events go into the dataset of interactions.
        after=[datasets["Interactions"]],
    )
    return PersonalizeLinks(
        group=group.id,
        datasets=tuple(dataset.id for dataset in datasets.values()),
        tracker=tracker.id,
        importer=_importer(ground, training),
    )


def _dataset(
    ground: Ground, kind: str, group: aws.cloudcontrol.Resource
) -> aws.cloudcontrol.Resource:
    name = f"{ground.name}-personalize-{kind.lower()}"
    text = json.dumps(json.loads((SCHEMAS / f"{kind.lower()}.json").read_text()), sort_keys=True)
    # A schema can't be changed: another one is made under another name, and then this one deleted.
    version = hashlib.sha256(text.encode()).hexdigest()[:8]
    schema = _made(
        ground,
        f"{name}-schema",
        "Schema",
        {"Name": f"{ground.physical}-{kind.lower()}-{version}", "Schema": text, "Domain": DOMAIN},
    )
    return _made(
        ground,
        name,
        "Dataset",
        {
            "Name": f"{ground.physical}-{kind.lower()}",
            "DatasetType": kind,
            "DatasetGroupArn": group.id,
            "SchemaArn": schema.id,
        },
        kept=True,
    )


def _made(
    ground: Ground,
    name: str,
    kind: str,
    state: Mapping[str, Any],
    *,
    kept: bool = False,
    after: Sequence[Resource] = (),
) -> aws.cloudcontrol.Resource:
    """A resource of type AWS::Personalize::``kind``; its id is its ARN.

    A group has one dataset of a kind, and one tracker: a changed one is deleted before it is made.
    Schemas are versioned by name instead, because datasets hold on to them.
    """
    return aws.cloudcontrol.Resource(
        name,
        type_name=f"AWS::Personalize::{kind}",
        desired_state=Output.json_dumps(state),
        opts=ResourceOptions(
            parent=ground.mine.parent,
            protect=ground.data.protect if kept else None,
            delete_before_replace=kind != "Schema",
            depends_on=list(after),
        ),
    )


def _importer(ground: Ground, training: StoreLinks) -> Output[str]:
    """The role in which Personalize reads what it imports."""
    return iam.role(
        f"{ground.name}-importer",
        description="Personalize reads training data",
        trusted=iam.trust("personalize.amazonaws.com", when=iam.same_account()),
        allowed=[
            *buckets.read_below(training.arn, TRAINING),
            ground.use_key(training.key_arn, "s3"),
        ],
        opts=ground.mine,
    ).arn

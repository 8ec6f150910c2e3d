"""What holds data keeps its name: policy/kept.json knows every such resource of deployed stacks.

An update that renames, moves or recreates one of them deletes what is in it. So a change of its URN
(without an alias), or of an input that AWS can set only once, fails the check until it is
acknowledged with ``python -m policy.check --acknowledge``: the change of kept.json is then part of
the review.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from graph import Graph, Resource

FILE = Path(__file__).with_name("kept.json")
STACKS = ("dev", "prod")
# Of what holds data: the inputs that a change of makes AWS create it anew (pulumi-aws, "Changing
# this forces a new resource"). What comes from another resource is known by that one's URN.
ONCE: Mapping[str, tuple[str, ...]] = {
    "aws:dynamodb/table:Table": ("attributes", "hashKey", "name", "rangeKey", "region"),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        "atRestEncryptionEnabled", "engine", "kmsKeyId", "port", "region", "replicationGroupId",
        "subnetGroupName",
    ),
    "aws:kms/key:Key": ("customerMasterKeySpec", "keyUsage", "multiRegion", "region"),
    "aws:rds/instance:Instance": (
        "availabilityZone", "dbName", "engine", "identifier", "kmsKeyId", "region",
        "replicateSourceDb", "snapshotIdentifier", "storageEncrypted", "username",
    ),
    "aws:s3/bucket:Bucket": ("bucket", "bucketPrefix", "objectLockEnabled", "region"),
    "aws:secretsmanager/secret:Secret": ("name", "namePrefix", "region"),
}  # fmt: skip


def record(graph: Graph) -> dict[str, dict[str, Any]]:
    """URN -> the inputs that are set once, of everything in the stack that holds data."""
    return {
        r.urn: {key: _value(r, key) for key in ONCE[r.type] if r.inputs.get(key) is not None}
        for r in graph
        if r.type in ONCE
    }


def _value(resource: Resource, key: str) -> Any:
    return sorted(resource.property_dependencies.get(key, ())) or resource.inputs[key]


def former(resource: Resource) -> Iterator[str]:
    """The URNs that a resource had before, as its aliases say."""
    head, chain, name = resource.urn.rsplit("::", 2)
    parents, _, type_ = chain.rpartition("$")
    for alias in resource.options.aliases:
        if "urn" in alias:
            yield alias["urn"]
            continue
        above = parents
        if parent := alias.get("parentUrn"):
            above = str(parent).split("::")[2]
        elif alias.get("noParent"):
            above = ""
        if above == "pulumi:pulumi:Stack":
            above = ""
        kind = alias.get("type") or type_
        yield f"{head}::{above}${kind}::{alias.get('name') or name}".replace("::$", "::")


def changes(graph: Graph, before: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One line for each resource whose data the next update would delete, or that is not known."""
    now = record(graph)
    names = {old: r.urn for r in graph if r.type in ONCE for old in former(r)}
    problems = []
    for urn, told in before.items():
        here = urn if urn in now else names.get(urn)
        if here is None:
            problems.append(
                f"{_short(urn)} is gone: its data would be deleted; give its new name an alias"
            )
            continue
        after = now[here]
        problems.extend(
            f"{_short(urn)}: {key} was {told.get(key)}, is {after.get(key)}: it would be replaced,"
            " and its data deleted"
            for key in sorted({*told, *after})
            if told.get(key) != after.get(key)
        )
    known = {*before, *(names[old] for old in before if old in names)}
    problems.extend(f"{_short(urn)} is new, and not in kept.json yet" for urn in now.keys() - known)
    return sorted(problems)


def _short(urn: str) -> str:
    _, _, chain, name = urn.split("::")
    return f"{chain.rpartition(':')[2]} {name}"


def read() -> dict[str, dict[str, dict[str, Any]]]:
    """Stack -> what `record` said of it when it was last acknowledged."""
    loaded: dict[str, dict[str, dict[str, Any]]] = json.loads(FILE.read_text("utf-8"))
    return loaded


def write(graphs: Mapping[str, Graph]) -> None:
    """Acknowledge every change."""
    told = {stack: record(graph) for stack, graph in graphs.items() if stack in STACKS}
    FILE.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", "utf-8")

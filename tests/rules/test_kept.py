"""What holds data cannot be renamed, moved or made anew unnoticed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from graph import Graph, Resource
from policy import kept
from tests.stacks import graph_of

INSTANCE = "aws:rds/instance:Instance"


def with_(graph: Graph, old: Resource, *new: Resource) -> Graph:
    others = [r for r in graph if r.urn != old.urn]
    return replace(graph, resources=(*others, *new))


def renamed(resource: Resource, name: str, aliases: tuple[dict[str, Any], ...] = ()) -> Resource:
    urn = resource.urn.rpartition("::")[0] + f"::{name}"
    return replace(resource, name=name, urn=urn, options=replace(resource.options, aliases=aliases))


@pytest.fixture
def graph() -> Graph:
    return graph_of("prod")


@pytest.fixture
def before(graph: Graph) -> dict[str, dict[str, Any]]:
    return kept.record(graph)


def test_the_file_knows_the_deployed_stacks() -> None:
    for stack in kept.STACKS:
        assert kept.changes(graph_of(stack), kept.read()[stack]) == []


def test_nothing_has_changed(graph: Graph, before: dict[str, dict[str, Any]]) -> None:
    kinds = {urn.split("::")[2].rpartition("$")[2] for urn in before}
    assert kinds >= {
        INSTANCE,
        "aws:dynamodb/table:Table",
        "aws:s3/bucket:Bucket",
        "aws:kms/key:Key",
    }
    assert kept.changes(graph, before) == []


def test_another_name_would_delete_it(graph: Graph, before: dict[str, dict[str, Any]]) -> None:
    database = graph.one(INSTANCE)
    problems = kept.changes(with_(graph, database, renamed(database, "data-db")), before)
    assert problems == [
        "Instance data-database is gone: its data would be deleted; give its new name an alias",
        "Instance data-db is new, and not in kept.json yet",
    ]


@pytest.mark.parametrize("by", ["name", "urn"])
def test_an_alias_keeps_it(graph: Graph, before: dict[str, dict[str, Any]], by: str) -> None:
    database = graph.one(INSTANCE)
    alias = {"name": "data-database"} if by == "name" else {"urn": database.urn}
    moved = renamed(database, "data-db", (alias,))
    assert kept.changes(with_(graph, database, moved), before) == []


def test_another_parent_would_delete_it(graph: Graph, before: dict[str, dict[str, Any]]) -> None:
    database = graph.one(INSTANCE)
    urn = database.urn.replace("shop:index:DataTier$", "shop:index:Store$shop:index:Part$")
    above = "urn:pulumi:prod::shop::shop:index:Store$shop:index:Part::data"
    moved = replace(database, urn=urn, parent=above)
    assert "is gone" in kept.changes(with_(graph, database, moved), before)[0]
    parent = database.urn.split("::")[2].rpartition("$")[0]
    alias = {"parentUrn": f"urn:pulumi:prod::shop::{parent}::data"}
    kept_ = replace(moved, options=replace(moved.options, aliases=(alias,)))
    assert kept.changes(with_(graph, database, kept_), before) == []


@pytest.mark.parametrize(
    ("type_", "name", "key", "value"),
    [
        (INSTANCE, "data-database", "dbName", "other"),
        (INSTANCE, "data-database", "storageEncrypted", False),
        ("aws:dynamodb/table:Table", "data-carts", "hashKey", "id"),
        ("aws:s3/bucket:Bucket", "data-images", "bucket", "images"),
        ("aws:kms/key:Key", "data", "multiRegion", True),
    ],
)
def test_an_input_that_is_set_once_would_make_it_anew(
    graph: Graph, before: dict[str, dict[str, Any]], type_: str, name: str, key: str, value: Any
) -> None:
    resource = graph.one(type_, name)
    other = replace(resource, inputs={**resource.inputs, key: value})
    (problem,) = kept.changes(with_(graph, resource, other), before)
    assert f"{name}: {key} was" in problem
    assert "its data deleted" in problem


def test_an_input_that_may_change_is_nobodys_business(
    graph: Graph, before: dict[str, dict[str, Any]]
) -> None:
    database = graph.one(INSTANCE)
    other = replace(database, inputs={**database.inputs, "instanceClass": "db.m7g.xlarge"})
    assert kept.changes(with_(graph, database, other), before) == []


def test_acknowledging_writes_what_is_there(
    graph: Graph, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "FILE", tmp_path / "kept.json")
    kept.write({"prod": graph, "local": graph_of("local")})
    assert kept.read() == {"prod": kept.record(graph)}

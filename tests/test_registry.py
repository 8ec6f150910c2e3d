"""The registry: a first update works from nothing, the same sources have the same tag."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from components import registry
from graph import Graph, Resource
from tests.stacks import DEPLOYMENT, JOB, STACKS, config, graph_of, pods

REPOSITORY = "aws:ecr/repository:Repository"
IMAGE = "docker-build:index:Image"
FLEET = "aws:autoscaling/group:Group"
BUILT: dict[str, Any] = {"shop:web.image": "build"}


def needs(graph: Graph, resource: Resource) -> set[str]:
    """The URNs of everything that must be there first."""
    known = {r.urn: r for r in graph}
    found: set[str] = set()
    wanted = [resource.urn]
    while wanted:
        urn = wanted.pop()
        if urn not in found and urn in known:
            found.add(urn)
            wanted += known[urn].dependencies
    return found


@pytest.mark.parametrize("stack", STACKS)
def test_tags_never_move_and_images_are_scanned_encrypted_and_tidied(stack: str) -> None:
    graph = graph_of(stack)
    made = graph.one(REPOSITORY)
    assert made.inputs["imageTagMutability"] == "IMMUTABLE"
    assert made.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
    key = graph.one("aws:kms/key:Key", "data").outputs["arn"]
    assert made.inputs["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": key}]
    assert made.inputs["forceDelete"] is not config(stack)["shop:data"]["protect"]
    policy = graph.one("aws:ecr/lifecyclePolicy:LifecyclePolicy").inputs
    untagged, newest = json.loads(policy["policy"])["rules"]
    assert untagged["selection"]["tagStatus"] == "untagged"
    assert untagged["selection"]["countNumber"] == 1
    assert newest["selection"]["countNumber"] == registry.KEPT_IMAGES
    # ECR refuses anything but the rule for "any" as the last one.
    assert newest["rulePriority"] > untagged["rulePriority"]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_first_update_needs_nothing_that_only_a_later_step_makes(stack: str) -> None:
    graph = graph_of(stack, BUILT)
    image, repository = graph.one(IMAGE), graph.one(REPOSITORY)
    assert repository.urn in needs(graph, image)
    for owner in (*graph.of_type(DEPLOYMENT), *graph.of_type(JOB), graph.one(FLEET)):
        assert image.urn in needs(graph, owner), owner.name
    for pod in pods(graph).values():
        assert pod["containers"][0]["image"] == image.outputs["ref"]
    delivery = {r.urn for r in graph if r.name.partition("-")[0] == "pipeline"}
    for resource in graph:
        if resource.urn not in delivery:
            assert not needs(graph, resource) & delivery, resource.name


def test_the_build_is_for_pods_and_instances_and_runs_in_updates_only() -> None:
    graph = graph_of("dev")
    told = graph.one(IMAGE).inputs
    repository = graph.one(REPOSITORY).outputs["repositoryUrl"]
    assert told["platforms"] == ["linux/amd64", "linux/arm64"]
    assert (told["push"], told["buildOnPreview"]) == (True, False)
    assert told["tags"] == [f"{repository}:{registry.source_tag()}"]
    assert told["context"] == {"location": "services/storefront"}
    (login,) = told["registries"]
    assert login["address"] == repository
    assert login["username"] == "AWS"
    assert graph.one(IMAGE).secrets == {"registries[].password"}


def test_a_named_image_is_run_as_it_is_named() -> None:
    digest = f"sha256:{'a' * 64}"
    image = f"999999999999.dkr.ecr.eu-west-1.amazonaws.com/shop/storefront@{digest}"
    graph = graph_of("dev", {"shop:web.image": image})
    assert graph.of_type(IMAGE) == []
    assert {p["containers"][0]["image"] for p in pods(graph).values()} == {image}
    policy = graph.one("aws:iam/rolePolicy:RolePolicy", "web-fleet").inputs["policy"]
    assert "arn:aws:ecr:eu-west-1:999999999999:repository/shop/storefront" in policy


def test_instances_pull_from_the_repository_that_the_program_made() -> None:
    graph = graph_of("dev")
    policy = graph.one("aws:iam/rolePolicy:RolePolicy", "web-fleet").inputs["policy"]
    assert graph.one(REPOSITORY).outputs["arn"] in policy


def test_the_tag_changes_with_the_sources_and_with_nothing_else(tmp_path: Path) -> None:
    sources = tmp_path / "storefront"
    shutil.copytree(registry.SOURCES, sources, ignore=shutil.ignore_patterns("__pycache__"))
    tag = registry.source_tag(sources)
    assert tag == registry.source_tag()
    assert re.fullmatch(r"source-[0-9a-f]{12}", tag)
    (sources / "storefront/__pycache__").mkdir()
    (sources / "storefront/__pycache__/x.pyc").write_bytes(b"compiled")
    (sources / "seed/note.txt").write_text("not in the image")
    assert registry.source_tag(sources) == tag
    (sources / "migrations/9999_more.sql").write_text("select 1;")
    assert registry.source_tag(sources) != tag


def test_the_context_is_what_the_dockerfile_copies() -> None:
    dockerfile = (registry.SOURCES / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (?!--from)(\S+)", dockerfile, re.MULTILINE))
    assert copied == set(registry.CONTEXT) - {"Dockerfile"}
    ignore = (registry.SOURCES / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignore if line.startswith("!")} == copied
    assert "*" in ignore

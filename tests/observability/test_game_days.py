"""Experiments break what they name, may do nothing else, and end when visitors suffer."""

from __future__ import annotations

import json
import re

import pytest

from components.observability.game_days import STOPS
from graph import Graph, Resource
from tests.stacks import ROOT, graph_of

TEMPLATE = "aws:fis/experimentTemplate:ExperimentTemplate"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
# What FIS looks at and writes for itself, beside the fault.
AROUND = re.compile(r"(ec2|rds|elasticache):Describe\w+|logs:\w+")
FAULTS = {
    "instance": {"ec2:TerminateInstances"},
    "database": {"rds:RebootDBInstance"},
    "cache": {"elasticache:InterruptClusterAzPower"},
    "zone": {
        "ec2:CreateNetworkAcl",
        "ec2:CreateNetworkAclEntry",
        "ec2:CreateTags",
        "ec2:DeleteNetworkAcl",
        "ec2:ReplaceNetworkAclAssociation",
    },
}


@pytest.fixture
def graph() -> Graph:
    return graph_of("prod")


def templates(graph: Graph) -> dict[str, Resource]:
    return {t.name.rpartition("-")[2]: t for t in graph.of_type(TEMPLATE)}


def test_they_are_off_where_nobody_plays() -> None:
    for stack in ("dev", "local"):
        assert graph_of(stack).of_type(TEMPLATE) == []


def test_every_experiment_ends_when_a_page_rings(graph: Graph) -> None:
    arns = {a.outputs["arn"]: a for a in graph.of_type(ALARM)}
    page = graph.one("aws:sns/topic:Topic", "observability-page").outputs["arn"]
    assert set(templates(graph)) == set(FAULTS)
    for made in templates(graph).values():
        stops = [arns[stop["value"]] for stop in made.inputs["stopConditions"]]
        assert [s.name for s in stops] == [f"observability-{part}" for part in STOPS]
        assert all(stop.inputs["alarmActions"] == [page] for stop in stops)
        assert all(stop.inputs.get("region") is None for stop in stops)  # FIS wants its own region


@pytest.mark.parametrize("part", FAULTS)
def test_an_experiments_role_can_do_this_fault_to_these_things_only(
    graph: Graph, part: str
) -> None:
    made = templates(graph)[part]
    role = graph.one("aws:iam/role:Role", made.name)
    assert made.inputs["roleArn"] == role.outputs["arn"]
    trusted = json.loads(role.inputs["assumeRolePolicy"])["Statement"][0]
    assert trusted["Principal"] == {"Service": "fis.amazonaws.com"}
    policy = json.loads(graph.one("aws:iam/rolePolicy:RolePolicy", made.name).inputs["policy"])
    able: set[str] = set()
    for statement in policy["Statement"]:
        harmful = {a for a in statement["Action"] if not AROUND.fullmatch(a)}
        able |= harmful
        narrowed = "*" not in "".join(statement["Resource"]) or "Condition" in statement
        assert not harmful or narrowed or harmful == {"ec2:ReplaceNetworkAclAssociation"}
    assert able == FAULTS[part]
    (action,) = made.inputs["actions"]
    (target,) = made.inputs["targets"]
    assert action["target"]["value"] == target["name"]


def test_targets_are_of_this_stack(graph: Graph) -> None:
    targets = {part: made.inputs["targets"][0] for part, made in templates(graph).items()}
    tags = {tag["key"]: tag["value"] for tag in targets["instance"]["resourceTags"]}
    group = graph.one("aws:autoscaling/group:Group")
    launched = {t["key"]: t["value"] for t in group.inputs["tags"] if t["propagateAtLaunch"]}
    assert tags.items() <= launched.items()
    database = graph.one("aws:rds/instance:Instance", "data-database")
    assert targets["database"]["resourceArns"] == [database.outputs["arn"]]
    assert database.inputs["multiAz"] is True  # to fail over to
    (subnet,) = targets["zone"]["resourceArns"]
    assert subnet.rpartition("/")[2] in {s.id for s in graph.of_type("aws:ec2/subnet:Subnet")}


def test_the_page_says_how_each_is_run(graph: Graph) -> None:
    page = (ROOT / "docs/runbooks/game-days.md").read_text()
    for made in graph.of_type(TEMPLATE):
        assert f"| {made.inputs['description']} |" in page
    assert all(f"`{stop}`" in page for stop in STOPS)

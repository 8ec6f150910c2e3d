"""Rotation: each password has a schedule, and what changes it may do that and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graph import Graph
from tests.stacks import STACKS, config, graph_of

FUNCTION, PERMISSION = "aws:lambda/function:Function", "aws:lambda/permission:Permission"
SECRET, TEXT = (
    "aws:secretsmanager/secret:Secret",
    "aws:secretsmanager/secretVersion:SecretVersion",
)
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
NAME = "data-rotate"
NEVER: dict[str, Any] = {"shop:data.rotation": None}


def secrets(graph: Graph) -> dict[str, str]:
    """Secrets that rotate by name, with their ARNs; a laptop's cache has none."""
    names = ["data-database-user"] + (["data-cache"] if graph.stack != "local" else [])
    return {name: graph.one(SECRET, name).outputs["arn"] for name in names}


@pytest.mark.parametrize("stack", STACKS)
def test_every_password_that_the_program_makes_has_a_schedule(stack: str) -> None:
    graph, told = graph_of(stack), config(stack)["shop:data"]["rotation"]
    function = graph.one(FUNCTION, NAME)
    made = {r.name: r for r in graph.of_type(ROTATION)}
    assert made.keys() == secrets(graph).keys()
    for name, arn in secrets(graph).items():
        rotation = made[name]
        assert rotation.inputs["secretId"] == arn
        assert rotation.inputs["rotationLambdaArn"] == function.outputs["arn"]
        assert rotation.inputs["rotationRules"] == {"automaticallyAfterDays": told["days"]}
        assert rotation.inputs["rotateImmediately"] is False  # there is no user yet
        admitted = graph.one(PERMISSION, f"{NAME}-{name.removeprefix('data-')}")
        assert admitted.urn in rotation.options.depends_on
        assert admitted.inputs == {
            "action": "lambda:InvokeFunction",
            "function": function.outputs["name"],
            "principal": "secretsmanager.amazonaws.com",
            "sourceAccount": "123456789012",
            "sourceArn": arn,
        }
        # It is tried at once, with what the secret holds.
        assert graph.one(TEXT, name).urn in graph.one(ROTATION, name).dependencies


@pytest.mark.parametrize("stack", STACKS)
def test_the_program_says_what_a_secret_holds_at_first_only(stack: str) -> None:
    graph = graph_of(stack)
    for name in secrets(graph):
        version = graph.one(TEXT, name)
        assert version.inputs["versionStages"] == ["AWSCURRENT", "initial"]
        assert set(version.options.ignore_changes) == {"secretString", "versionStages"}
    assert graph.one(CACHE, "data-cache").options.ignore_changes == ("authToken",)
    for version in graph.of_type(TEXT):
        if version.name not in secrets(graph):
            assert "versionStages" not in version.inputs
            assert not version.options.ignore_changes


@pytest.mark.parametrize("stack", STACKS)
def test_the_function_may_change_its_secrets_and_nothing_else(stack: str) -> None:
    graph = graph_of(stack)
    document = json.loads(graph.one("aws:iam/rolePolicy:RolePolicy", NAME).inputs["policy"])
    allowed: dict[str, list[str]] = {}
    for statement in document["Statement"]:
        for action in statement["Action"] if statement["Effect"] == "Allow" else ():
            if action.split(":")[0] in ("elasticache", "secretsmanager", "sqs"):
                allowed[action] = statement["Resource"]
    ours = list(secrets(graph).values())
    of_cache = [graph.one(CACHE).outputs["arn"]]
    actions = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
    assert allowed == {
        **{f"secretsmanager:{action}": ours for action in actions},
        **(
            {}
            if stack == "local"
            else {
                "elasticache:DescribeReplicationGroups": of_cache,
                "elasticache:ModifyReplicationGroup": of_cache,
            }
        ),
    }


@pytest.mark.parametrize("stack", STACKS)
def test_the_function_is_where_it_reaches_both(stack: str) -> None:
    graph, told = graph_of(stack), config(stack)["shop:data"]["rotation"]
    made = graph.one(FUNCTION, NAME).inputs
    assert made["timeout"] == 900  # a cache takes minutes
    assert made["memorySize"] == told["memory"]
    assert made["reservedConcurrentExecutions"] == told["concurrency"] >= 2  # one a secret
    assert "deadLetterConfig" not in made  # Secrets Manager waits for each step
    group = graph.one("aws:ec2/securityGroup:SecurityGroup", NAME)
    assert made["vpcConfig"]["securityGroupIds"] == [group.id]
    files = made["code"]["$archive"]["assets"]
    assert {"rotate/handler.py", "shared/database.py", "rds-ca.pem", "pg8000/native.py"} <= set(
        files
    )


def test_without_rotation_nothing_of_it_is_there() -> None:
    graph = graph_of("dev", NEVER)
    assert not [r for r in graph if r.name.startswith(NAME)]
    assert graph.of_type(ROTATION) == []
    # So that it can be turned off and on again: what passwords are by then stays.
    assert graph.one(TEXT, "data-cache").options.ignore_changes


def test_a_rotation_that_fails_rings() -> None:
    graph = graph_of("prod")
    name = graph.one(FUNCTION, NAME).outputs["name"]
    alarm = graph.one("aws:cloudwatch/metricAlarm:MetricAlarm", "observability-dead-letters")
    metrics = [query["metric"] for query in alarm.inputs["metricQueries"] if "metric" in query]
    assert ("Errors", name) in {
        (metric["metricName"], metric["dimensions"].get("FunctionName")) for metric in metrics
    }

"""Who only tries to buy: that it may do what it does, no more, and only where a stack wants it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graph import Graph
from tests.stacks import ROOT, graph_of

CANARY = "aws:synthetics/canary:Canary"
NAME = "observability-canary"


@pytest.fixture
def graph() -> Graph:
    return graph_of("prod")


def statements(graph: Graph) -> list[dict[str, Any]]:
    policy = graph.one("aws:iam/rolePolicy:RolePolicy", NAME).inputs["policy"]
    found: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return found


def test_it_is_off_where_nobody_pays_for_it() -> None:
    for stack in ("dev", "local"):
        graph = graph_of(stack)
        assert graph.of_type(CANARY) == []
        assert [
            s for s in graph.of_type("aws:secretsmanager/secret:Secret") if "canary" in s.name
        ] == []


def test_it_runs_the_script_of_this_repository_every_five_minutes(graph: Graph) -> None:
    made = graph.one(CANARY)
    code = graph.one("aws:s3/bucketObjectv2:BucketObjectv2", NAME)
    assert made.inputs["s3Key"] == code.inputs["key"]
    assert made.inputs["schedule"] == {"expression": "rate(5 minutes)"}
    files = code.inputs["source"]["$archive"]["assets"]
    assert set(files) == {"python/buy.py", "python/canary.py"}  # below python/ the runtime looks
    module, function = made.inputs["handler"].split(".")
    assert f"def {function}(" in (ROOT / "services/canary" / f"{module}.py").read_text()


def test_it_tries_what_visitors_use_with_the_token_that_the_storefront_knows(graph: Graph) -> None:
    made = graph.one(CANARY)
    told = made.inputs["runConfig"]["environmentVariables"]
    source = "".join(path.read_text() for path in (ROOT / "services/canary").glob("canary.py"))
    assert all(f'os.environ["{name}"]' in source for name in told)
    pods = graph.one("kubernetes:core/v1:ConfigMap", "web-storefront").inputs["data"]
    assert told == {"SHOP_URL": pods["PUBLIC_URL"], "TOKEN_SECRET": pods["CANARY_SECRET_ARN"]}
    (reads,) = [s for s in statements(graph) if "secretsmanager:GetSecretValue" in s["Action"]]
    assert reads["Resource"] == [pods["CANARY_SECRET_ARN"]]
    for role in ("web-storefront", "web-fleet"):
        policy = graph.one("aws:iam/rolePolicy:RolePolicy", role).inputs["policy"]
        assert pods["CANARY_SECRET_ARN"] in policy, role


def test_what_it_leaves_behind_is_encrypted_and_has_an_end(graph: Graph) -> None:
    made = graph.one(CANARY)
    logs = graph.one("aws:cloudwatch/logGroup:LogGroup", NAME)
    function = made.outputs["engineArn"].split(":")[6]
    assert logs.inputs["name"] == f"/aws/lambda/{function}"
    assert logs.inputs["kmsKeyId"] == graph.one("aws:kms/key:Key", "network-logs").outputs["arn"]
    (writes,) = [s for s in statements(graph) if "logs:PutLogEvents" in s["Action"]]
    assert "logs:CreateLogGroup" not in writes["Action"]
    (pattern,) = writes["Resource"]
    assert f"/aws/lambda/{function}".startswith(pattern.partition("log-group:")[2].rstrip("*"))
    bucket = graph.one("aws:s3/bucket:Bucket", NAME).outputs["bucket"]
    assert made.inputs["artifactS3Location"].startswith(f"s3://{bucket}/")
    key = graph.one("aws:kms/key:Key", "observability").outputs["arn"]
    assert made.inputs["artifactConfig"]["s3Encryption"]["kmsKeyArn"] == key

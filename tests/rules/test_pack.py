"""The policy pack, asked over its own protocol as Pulumi's engine asks it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from graph import Graph
from graph.wire import to_struct
from policy.rules import RULES
from tests.stacks import ROOT, graph_of

UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@pytest.fixture(scope="module")
def pack() -> Iterator[Any]:
    # Pulumi starts a pack in its own folder, and reads its port from its output.
    with subprocess.Popen(
        [sys.executable, "__main__.py"], cwd=ROOT / "policy", stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
        process.kill()


def asked(pack: Any, graph: Graph, changes: dict[str, dict[str, Any]] | None = None) -> list[Any]:
    resources = []
    for r in graph:
        if r.remote or (not r.custom and not r.type.startswith("eks:")):
            continue
        inputs = (
            {**r.inputs, **(changes or {}).get(r.name, {})}
            if r.type.startswith("aws:")
            else r.inputs
        )
        resources.append(
            analyzer_pb2.AnalyzerResource(
                type=r.type,
                properties=to_struct(inputs),
                urn=r.urn,
                name=r.name,
                options=analyzer_pb2.AnalyzerResourceOptions(protect=r.options.protect),
                propertyDependencies={
                    key: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
                    for key, urns in r.property_dependencies.items()
                },
            )
        )
    request = analyzer_pb2.AnalyzeStackRequest(resources=resources)
    return list(pack.AnalyzeStack(request).diagnostics)


def test_it_says_what_it_is(pack: Any) -> None:
    from google.protobuf import empty_pb2

    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    assert info.name == "shop"
    assert [policy.name for policy in info.policies] == ["estate"]
    assert str(len(RULES.all)) in info.policies[0].description


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_program_passes(pack: Any, stack: str) -> None:
    assert asked(pack, graph_of(stack)) == []


def test_a_violation_stops_the_update_and_names_the_resource(pack: Any) -> None:
    changes = {"data-database": {"publiclyAccessible": True}}
    (found,) = asked(pack, graph_of("prod"), changes)
    assert found.enforcementLevel == analyzer_pb2.MANDATORY
    assert found.urn.endswith("::data-database")
    assert "critical RDS-03: publiclyAccessible is true" in found.message


def test_what_only_the_update_tells_is_no_violation(pack: Any) -> None:
    changes = {
        "data-database": {"kmsKeyId": UNKNOWN_STRING, "vpcSecurityGroupIds": [UNKNOWN_STRING]},
        "balancer": {"certificateArn": UNKNOWN_STRING},
        "data-images": {"policy": UNKNOWN_STRING},
    }
    assert asked(pack, graph_of("prod"), changes) == []

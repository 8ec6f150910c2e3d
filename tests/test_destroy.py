"""Destroying dev: an order that strands nothing, and names that are free again at once."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from graph import Graph, Resource
from tests.stacks import DEPLOYMENT, JOB, ROOT, graph_of

BINDING = "kubernetes:eks.amazonaws.com/v1:TargetGroupBinding"
POOL = "kubernetes:karpenter.sh/v1:NodePool"
CLASS = "kubernetes:eks.amazonaws.com/v1:NodeClass"
LOGS = "aws:cloudwatch/logGroup:LogGroup"
# Whoever makes something out of Pulumi's sight (network interfaces, machines, registrations), and
# what that hangs on: the first must be gone before any of the others.
MADE_BY_OTHERS: dict[str, tuple[str, ...]] = {
    # Targets that the cluster's controller registered.
    BINDING: (
        "aws:lb/targetGroup:TargetGroup",
        "aws:lb/listener:Listener",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "eks:index:Cluster",
    ),
    # Pods have addresses and nodes.
    DEPLOYMENT: (POOL, CLASS, "aws:eks/addon:Addon", "eks:index:Cluster"),
    JOB: (POOL, CLASS, "eks:index:Cluster"),
    "aws:eks/addon:Addon": (POOL, CLASS, "eks:index:Cluster"),
    # Machines with their interfaces and disks.
    POOL: (CLASS, "eks:index:Cluster"),
    CLASS: ("eks:index:Cluster",),
    "eks:index:Cluster": ("aws:ec2/subnet:Subnet", "aws:ec2/vpc:Vpc", LOGS),
    "aws:autoscaling/group:Group": (
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:lb/listener:Listener",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/subnet:Subnet",
    ),
    # CloudFront's interfaces, and the group that it makes for them.
    "aws:cloudfront/distribution:Distribution": ("aws:cloudfront/vpcOrigin:VpcOrigin",),
    "aws:cloudfront/vpcOrigin:VpcOrigin": (
        "aws:lb/loadBalancer:LoadBalancer",
        "aws:lb/listener:Listener",
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/subnet:Subnet",
    ),
    "aws:lb/loadBalancer:LoadBalancer": (
        "aws:ec2/subnet:Subnet",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:s3/bucketPolicy:BucketPolicy",
    ),
    "aws:ec2/natGateway:NatGateway": ("aws:ec2/eip:Eip", "aws:ec2/internetGateway:InternetGateway"),
    "aws:rds/instance:Instance": ("aws:rds/subnetGroup:SubnetGroup", "aws:ec2/subnet:Subnet", LOGS),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("aws:ec2/subnet:Subnet",),
}


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graph_of("dev")


@cache
def _behind(urn: str) -> frozenset[str]:
    """Everything that a resource stands on: what is destroyed after it."""
    graph = graph_of("dev")
    resource = graph.by_urn(urn)
    provider = resource.options.provider.rsplit("::", 1)[0]
    direct = set(resource.dependencies) | {resource.parent if resource.remote else provider}
    # What a resource takes from a component of another language comes from within it.
    direct |= {r.parent for r in graph if r.urn in direct and r.remote}
    there = {r.urn for r in graph}
    found = set(direct & there)
    for other in direct & there:
        found |= _behind(other)
    return frozenset(found)


@pytest.mark.parametrize("made", MADE_BY_OTHERS)
def test_what_others_make_is_gone_before_what_it_hangs_on(graph: Graph, made: str) -> None:
    makers = graph.of_type(made)
    assert makers
    kinds = {r.urn: r.type for r in graph}
    for maker in makers:
        behind = {kinds[urn] for urn in _behind(maker.urn)}
        assert set(MADE_BY_OTHERS[made]) - behind == set(), maker.name


def test_everything_in_the_cluster_goes_before_its_nodes_and_the_cluster(graph: Graph) -> None:
    cluster = graph.one("eks:index:Cluster").urn
    inside = [r for r in graph if r.type.startswith("kubernetes:")]
    assert len(inside) > 10
    for resource in inside:
        assert cluster in _behind(resource.urn), resource.name
    # Nobody but the program makes load balancers: of them the cluster would leave some behind.
    for service in graph.of_type("kubernetes:core/v1:Service"):
        assert service.inputs["spec"]["type"] == "ClusterIP"
    assert not [r for r in inside if r.type.endswith((":Ingress", ":PersistentVolumeClaim"))]


def test_there_is_an_order_in_which_whatever_needs_another_goes_first(graph: Graph) -> None:
    """Pulumi's: what nobody needs any more."""
    left = {r.urn: _behind(r.urn) for r in graph if r.custom or r.type == "eks:index:Cluster"}
    gone: list[str] = []
    while left:
        needed = {urn for behind in left.values() for urn in behind}
        free = sorted(left.keys() - needed)
        assert free, "a circle"
        gone += free
        for urn in free:
            del left[urn]
    place = {urn: number for number, urn in enumerate(gone)}
    last = graph.one("aws:ec2/vpc:Vpc").urn
    for kind in (BINDING, DEPLOYMENT, POOL, "aws:cloudfront/vpcOrigin:VpcOrigin"):
        assert all(place[r.urn] < place[last] for r in graph.of_type(kind))


def test_who_writes_a_log_is_gone_before_it_and_cannot_make_it_again(graph: Graph) -> None:
    for group in graph.of_type(LOGS):
        writers = [r for r in graph if group.urn in r.dependencies]
        assert writers, group.name


def _told(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _told(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _told(inner, path)
    else:
        yield path, value


def _protected(resource: Resource) -> Iterator[str]:
    # Old static files stay for visitors with old pages, until their bucket is emptied and goes.
    kept = resource.options.retain_on_delete and not resource.name.startswith("edge-static-")
    if resource.options.protect or kept:
        yield "options"
    for path, value in _told(resource.inputs):
        key = path.rpartition(".")[2]
        if value is True and "eletionProtection" in key:
            yield key


def test_dev_protects_empties_and_keeps_as_its_settings_say(graph: Graph) -> None:
    assert [(r.name, found) for r in graph for found in _protected(r)] == []
    for bucket in graph.of_type("aws:s3/bucket:Bucket"):
        assert bucket.inputs["forceDestroy"] is True, bucket.name
        assert not bucket.inputs.get("objectLockEnabled"), bucket.name
    for registry in graph.of_type("aws:ecr/repository:Repository"):
        assert registry.inputs["forceDelete"] is True
    for instance in graph.of_type("aws:rds/instance:Instance"):
        assert instance.inputs["skipFinalSnapshot"] is True
        assert instance.inputs["deleteAutomatedBackups"] is True
    for cache_ in graph.of_type("aws:elasticache/replicationGroup:ReplicationGroup"):
        assert "finalSnapshotIdentifier" not in cache_.inputs
    assert list(_protected(graph_of("prod").one("aws:lb/loadBalancer:LoadBalancer")))


def test_names_that_stay_taken_for_a_while_are_new_ones_every_time(graph: Graph) -> None:
    # A secret's for the days in which it could be recovered, a queue's for a minute, a bucket's for
    # as long as S3 likes.
    for type_, name in (
        ("aws:secretsmanager/secret:Secret", "name"),
        ("aws:sqs/queue:Queue", "name"),
        ("aws:s3/bucket:Bucket", "bucket"),
    ):
        made = graph.of_type(type_)
        assert made
        for resource in made:
            assert name not in resource.inputs, resource.name
    for secret in graph.of_type("aws:secretsmanager/secret:Secret"):
        assert secret.inputs["recoveryWindowInDays"] == 7  # the least there is, but none


def test_personalize_is_torn_down_before_anything_else() -> None:
    said = subprocess.run(
        ["make", "-n", "destroy", "STACK=dev"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert -1 < said.index("shop-dev-teardown") < said.index("pulumi destroy --stack dev")

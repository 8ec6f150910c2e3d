"""What plans say of money and time, against figures worked out by hand."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from graph import Graph
from graph.plan import cost, critical_path
from graph.plan.figures import README, STACKS, figures, placed
from graph.plan.markdown import markdown
from graph.plan.report import as_json, plan
from graph.plan.text import text
from tests.plans import program, through_json
from tests.stacks import graph_of


def total(graph: Graph, *prices: str) -> float:
    return round(sum(i.usd for i in cost(graph).items if i.price in prices), 2)


def test_a_database_costs_its_hours_and_disks_in_both_zones() -> None:
    wanted = {
        "shop:data.database.instance_class": "db.t4g.medium",
        "shop:data.database.multi_az": True,
        "shop:data.database.storage_gib": 100,
    }
    graph = graph_of("dev", {**wanted, "shop:data.database.max_storage_gib": 200})
    assert total(graph, "db.t4g.medium") == round(2 * 730 * 0.065, 2) == 94.90
    assert total(graph, "rds-gp3") == 23.00


def test_a_gateway_less_is_a_gateway_and_an_address_less() -> None:
    three, one = (
        graph_of("prod", {"shop:network.nat": "per-az"}),
        graph_of("prod", {"shop:network.nat": "single"}),
    )
    assert cost(three).total - cost(one).total == pytest.approx(2 * 730 * (0.045 + 0.005))


def test_endpoints_cost_by_zone_and_gateway_endpoints_nothing() -> None:
    graph = graph_of("prod", {"shop:network.interface_endpoints": ["sqs", "sts"]})
    assert total(graph, "interface-endpoint") == round(2 * 3 * 7.30, 2)


def test_pods_need_nodes_by_zone_or_by_size() -> None:
    def nodes(pods: int, *, agent: bool = False) -> int:
        pods_ = {"min": pods, "max": 20}
        wanted = {
            "shop:web.cluster.nodes": None,
            "shop:web.storefront.replicas": pods_,
            "shop:web.storefront.cpu_request": "900m",
            "shop:web.agent": agent,
        }
        graph = graph_of("dev", wanted)
        made = round(total(graph, "c6a.large") / (730 * 0.0765))
        assert total(graph, "eks-auto-mode") == round(0.12 * made * 730 * 0.0765, 2)
        assert total(graph, "ebs-gp3") == round(made * 80 * 0.08, 2)
        return made

    assert nodes(2) == 2  # one a zone
    # 6 x 0.9 cores, the worker's 0.1 and the metrics server's 0.2, at 1.93 a node
    assert nodes(6) == 3
    # CloudWatch's agent takes 0.3 of every node, and 0.1 once
    assert nodes(6, agent=True) == 4


def test_a_pool_of_ours_has_the_cheapest_of_its_types_and_its_disks() -> None:
    pool = {"instance_types": ["m7g.large", "t4g.medium", "c6a.large"], "disk_gib": 30}
    graph = graph_of("dev", {"shop:web.cluster.nodes": pool})
    assert total(graph, "t4g.medium") == round(730 * 0.0336, 2)
    assert total(graph, "ebs-gp3") == round(30 * 0.08, 2)
    unknown = graph_of("dev", {"shop:web.cluster.nodes": {**pool, "instance_types": ["x9.large"]}})
    assert cost(unknown).unpriced == ("kubernetes:karpenter.sh/v1:NodePool x9.large",)


@pytest.mark.parametrize(("stack", "most"), [("dev", 200), ("prod", 550)])
def test_stacks_cost_at_rest_what_they_may(stack: str, most: int) -> None:
    assert cost(graph_of(stack)).total <= most


def test_an_addon_whose_pods_nobody_counted_is_named() -> None:
    graph = graph_of("dev")
    addon = graph.one("aws:eks/addon:Addon")
    other = dataclasses.replace(addon, inputs={**addon.inputs, "addonName": "adot"})
    resources = tuple(other if resource is addon else resource for resource in graph)
    changed = dataclasses.replace(graph, resources=resources)
    assert cost(changed).unpriced == ("aws:eks/addon:Addon adot",)


def test_what_is_not_priced_is_named_and_not_counted(tmp_path: Path) -> None:
    graph = program(
        tmp_path,
        'aws.neptune.Cluster("n")\naws.rds.Instance("d", instance_class="db.z9.huge")\n',
    )
    assert cost(graph).unpriced == (
        "aws:neptune/cluster:Cluster",
        "aws:rds/instance:Instance db.z9.huge",
    )
    assert cost(graph).total == 0


def test_the_bill_goes_up_and_down_in_the_plan() -> None:
    small, big = (
        through_json(graph_of("dev", {"shop:data.cache.node_type": f"cache.t4g.{size}"}))
        for size in ("micro", "small")
    )
    up = markdown([plan("dev", "main", small, big)])
    down = markdown([plan("dev", "main", big, small)])
    assert "(+9.34)" in up
    assert "(-9.34)" in down


def test_the_longest_way_counts_and_says_by_what_it_waits(tmp_path: Path) -> None:
    graph = program(
        tmp_path,
        """
        vpc = aws.ec2.Vpc("v", cidr_block="10.0.0.0/16")
        subnet = aws.ec2.Subnet("s", vpc_id=vpc.id, cidr_block="10.0.0.0/24")
        eip = aws.ec2.Eip("e")
        nat = aws.ec2.NatGateway("n", subnet_id=subnet.id, allocation_id=eip.id)
        aws.dynamodb.Table("t", hash_key="a", attributes=[{"name": "a", "type": "S"}],
            opts=ResourceOptions(depends_on=[nat]))
        """,
    )
    path = critical_path(graph)
    assert [(s.name, s.seconds, s.ends, s.why) for s in path.steps] == [
        ("v", 21, 21, ""),
        ("s", 2, 23, "vpcId"),
        ("n", 105, 128, "subnetId"),
        ("t", 15, 143, "depends_on"),
    ]
    assert (path.seconds, path.parallel, path.bound) == (143, 143, 128)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_first_up_takes_fifteen_minutes_and_little_more_than_its_lower_bound(stack: str) -> None:
    path = critical_path(graph_of(stack))
    assert path.seconds <= path.parallel <= 15 * 60
    assert path.parallel <= 1.1 * path.bound


def test_a_distribution_is_waited_for_unless_it_says_otherwise(tmp_path: Path) -> None:
    made = """
        aws.cloudfront.Distribution("d", enabled=True, origins=[], restrictions={{}},
            viewer_certificate={{}}, default_cache_behavior={{}}{more})
        """
    for more, seconds in (
        ("", 240),
        (", wait_for_deployment=True", 240),
        (", wait_for_deployment=False", 12),
    ):
        path = critical_path(program(tmp_path, made.format(more=more)))
        assert path.seconds == seconds


def test_the_schema_waits_for_the_database_and_not_for_the_edge() -> None:
    graph = graph_of("dev")
    behind = {graph.one("kubernetes:batch/v1:Job").urn}
    parents = {r.urn: {*r.dependencies} for r in graph}
    while more := {urn for one in behind for urn in parents.get(one, ())} - behind:
        behind |= more
    kinds = {r.type for r in graph if r.urn in behind}
    assert "aws:rds/instance:Instance" in kinds
    assert not kinds & {"aws:cloudfront/distribution:Distribution", "aws:lb/listener:Listener"}


def test_no_more_than_sixteen_at_a_time(tmp_path: Path) -> None:
    text = 'for i in range({n}): aws.kms.Key(f"k{{i}}")'
    for number, seconds in ((16, 15), (17, 30), (33, 45)):
        path = critical_path(program(tmp_path, text.format(n=number)))
        assert (path.seconds, path.parallel) == (15, seconds)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_plans_are_the_same_every_time_and_tell_no_secret(stack: str) -> None:
    graph = graph_of(stack)
    words = [
        r.outputs["result"] for r in graph.of_type("random:index/randomPassword:RandomPassword")
    ]
    assert words
    changed = graph_of(stack, {"shop:data.database.read_replica": True})
    words += [
        r.outputs["result"] for r in changed.of_type("random:index/randomPassword:RandomPassword")
    ]
    seen = set()
    for _ in range(2):
        it = plan(stack, "main", through_json(graph), through_json(changed))
        seen.add(json.dumps(as_json(it)) + markdown([it]) + text([it], colour=True))
    (shown,) = seen
    assert "(secret)" in shown
    assert not any(word in shown for word in words)


def test_findings_of_the_rules_are_shown_when_they_are_new() -> None:
    fine = through_json(graph_of("prod"))
    bare = through_json(graph_of("prod", {"shop:data.protect": False}))
    worse, better = plan("prod", "main", fine, bare), plan("prod", "main", bare, fine)
    assert worse.after
    assert any("data-carts" in finding for finding in worse.after.findings)
    assert "data-carts: deletionProtectionEnabled" in text([worse], colour=False)
    assert "data-carts: deletionProtectionEnabled" in markdown([worse])
    assert "data-carts: deletionProtectionEnabled" not in text([better], colour=False)


def test_the_readmes_figures_are_those_of_the_program() -> None:
    table = figures({stack: graph_of(stack) for stack in STACKS})
    text = README.read_text("utf-8")
    assert placed(text, table) == text, "make figures"
    assert table.splitlines()[-3].startswith("| **total** | **")
    with pytest.raises(ValueError, match="figures"):
        placed("nothing here", table)


def test_colours_are_for_terminals_only() -> None:
    it = plan("dev", None, None, graph_of("dev"))
    assert "\x1b" in text([it], colour=True)
    assert "\x1b" not in text([it], colour=False)

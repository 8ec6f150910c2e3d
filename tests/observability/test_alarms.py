"""Every alarm tells somebody something useful; everything has an alarm, or a reason."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from components.observability import behind, burn, cis, front, slos
from components.observability.alarms import Alarm
from graph import Graph, Resource
from tests.observability.evaluation import COMPOSITE, METRIC, Evaluator
from tests.stacks import ROOT, STACKS, graph_of
from tests.test_fleet import release

TABLE = yaml.safe_load((ROOT / "components/observability/metrics.yaml").read_text())
RUNBOOKS = ROOT / "docs" / "runbooks"
ROWS: tuple[Alarm, ...] = (
    *(*front.EDGE, *front.WEB, *behind.DATA, *behind.RECOMMENDATIONS),
    behind.connections(100),
    *cis.alarms(),
)
# As in tests/test_program.py: evaluated once for both.
REPLICA = {"shop:data.database.read_replica": True, "shop:network.interface_endpoints": []}
OTHERS = ("failed-deployment", "game-days", "rollback")  # in forms of their own
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
SECTIONS = (
    "## Symptom",
    "## Look at",
    "## First three checks",
    "## Fix",
    "## Verify",
    "## Rehearse",
)


@pytest.fixture
def graph() -> Graph:
    return graph_of("prod")


def ours(graph: Graph, type_: str) -> list[Resource]:
    """This tier's; the pipeline has alarms of its own, which take a deployment back."""
    return [r for r in graph.of_type(type_) if r.name.startswith("observability-")]


def used_by_alarms(graph: Graph) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Namespace, name and dimensions."""
    for alarm in ours(graph, METRIC):
        told = alarm.inputs
        if "metricName" in told:
            yield told["namespace"], told["metricName"], told.get("dimensions", {})
        for query in told.get("metricQueries", ()):
            if metric := query.get("metric"):
                yield metric["namespace"], metric["metricName"], metric.get("dimensions", {})


def widgets(graph: Graph) -> Iterator[dict[str, Any]]:
    for board in graph.of_type(DASHBOARD):
        yield from json.loads(board.inputs["dashboardBody"])["widgets"]


def used_by_dashboards(graph: Graph) -> Iterator[tuple[str, str, dict[str, str]]]:
    for widget in widgets(graph):
        for line in widget["properties"].get("metrics", ()):
            if isinstance(line[0], str):
                rest = line[2:-1]
                yield line[0], line[1], dict(zip(rest[::2], rest[1::2], strict=True))


def test_prod_has_no_more_alarms_than_somebody_can_know(graph: Graph) -> None:
    assert len(graph.of_type(METRIC)) <= 80
    assert len(graph.of_type(COMPOSITE)) == 2 * len(slos.JOURNEYS)


def test_every_row_becomes_an_alarm_where_there_is_something_to_watch(graph: Graph) -> None:
    made = {a.name.removeprefix("observability-") for a in graph.of_type(METRIC)}
    absent = {row.part for row in ROWS} - made
    assert absent == {"replica-lags", "edge-certificate-expires"}  # no replica; one region
    changed = graph_of("prod", REPLICA)
    assert changed.one(METRIC, "observability-replica-lags")


def test_alarms_tell_the_topic_of_their_urgency(graph: Graph) -> None:
    topics = {t: graph.one("aws:sns/topic:Topic", f"observability-{t}") for t in ("page", "ticket")}
    for row in ROWS:
        for alarm in graph.of_type(METRIC):
            if alarm.name == f"observability-{row.part}":
                arn = topics[row.urgency].outputs["arn"]
                assert alarm.inputs["alarmActions"] == alarm.inputs["okActions"] == [arn]
                assert alarm.inputs["treatMissingData"] == row.silence.treat
                assert len(row.silence.why) > 20


def test_few_things_wake_somebody() -> None:
    pages = [row.part for row in ROWS if row.urgency == "page"]
    assert len(pages) <= 8
    assert len(set(pages)) == len(pages)


def runbooks_of_alarms(graph: Graph) -> dict[str, set[str]]:
    """Page of docs/runbooks -> names of the alarms that link to it."""
    found: dict[str, set[str]] = {}
    for alarm in (*ours(graph, METRIC), *ours(graph, COMPOSITE)):
        if not alarm.inputs.get("alarmActions"):
            continue  # a part of one that tells
        link = re.search(r"Runbook: https://\S+/([\w-]+)\.md$", alarm.inputs["alarmDescription"])
        assert link, alarm.name
        found.setdefault(link[1], set()).add(alarm.name.removeprefix("observability-"))
    return found


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm(graph: Graph) -> None:
    whole = runbooks_of_alarms(graph_of("prod", REPLICA))
    written = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README", *OTHERS}
    assert set(whole) == written


def test_whoever_is_woken_has_a_page_of_their_own(graph: Graph) -> None:
    found = runbooks_of_alarms(graph)
    pages = {row.part: row.runbook for row in ROWS if row.urgency == "page"}
    pages |= {f"{j.name}-page": burn.runbook(j, "page") for j in slos.JOURNEYS}
    for part, page in pages.items():
        assert found[page] == {part}


@pytest.mark.parametrize(
    "path",
    sorted(p for p in RUNBOOKS.glob("*.md") if p.stem not in OTHERS),
    ids=lambda path: path.stem,
)
def test_a_runbook_says_all_that_is_needed_at_night(path: Any) -> None:
    text = path.read_text()
    if path.stem == "README":
        return
    places = [text.find(section) for section in SECTIONS]
    assert -1 not in places, SECTIONS[places.index(-1)]
    assert places == sorted(places)
    checks = text[places[2] : places[3]]
    assert len(re.findall(r"^\d\. ", checks, re.MULTILINE)) == 3


def test_the_index_of_runbooks_is_up_to_date(graph: Graph) -> None:
    whole = runbooks_of_alarms(graph_of("prod", REPLICA))
    lines = ["| runbook | alarms |", "| --- | --- |"]
    for page, names in sorted(whole.items()):
        lines.append(f"| [{page}]({page}.md) | {', '.join(sorted(names))} |")
    assert "\n".join(lines) in (RUNBOOKS / "README.md").read_text()


@pytest.mark.parametrize("stack", STACKS)
def test_every_type_has_an_alarm_or_a_reason(stack: str) -> None:
    graph = graph_of(stack)
    watched = {type_ for told in TABLE["emitted"].values() for type_ in told["by"]}
    reasons = [type_ for types in TABLE["without_alarm"].values() for type_ in types]
    assert len(set(reasons)) == len(reasons)
    assert not watched & set(reasons) - {"aws:cloudwatch/logMetricFilter:LogMetricFilter"}
    # What Kubernetes runs shows behind the load balancer and in the cluster's own metrics.
    kinds = {r.type for r in graph if r.type.startswith(("aws:", "eks:"))}
    kinds -= {"eks:index:Cluster"} if "eks:index:Cluster" in watched else set()
    assert kinds - watched - set(reasons) == set(), "add an alarm, or a reason to metrics.yaml"


def test_what_is_said_to_be_watched_is(graph: Graph) -> None:
    namespaces = {namespace for namespace, _, _ in used_by_alarms(graph)}
    for namespace in TABLE["emitted"]:
        known = "shop-prod" if namespace == "ours" else namespace
        assert known in namespaces | {"AWS/Billing"}, namespace


def test_alarms_and_dashboards_name_only_what_something_emits(graph: Graph) -> None:
    types = {r.type for r in graph}
    filters = {f.inputs["metricTransformation"]["name"] for f in graph.of_type(FILTER)}
    used = [*used_by_alarms(graph), *used_by_dashboards(graph)]
    assert len(used) > 100
    for namespace, name, _ in used:
        told = TABLE["emitted"]["ours" if namespace == "shop-prod" else namespace]
        known = set(told["metrics"]) | (filters if namespace == "shop-prod" else set())
        assert name in known, (namespace, name)
        if told["by"][0].startswith("aws:"):
            assert types & set(told["by"]), namespace


def test_what_the_shop_emits_is_in_its_source() -> None:
    sources = "\n".join(
        path.read_text()
        for folder in ("functions", "storefront/storefront")
        for path in (ROOT / "services" / folder).rglob("*.py")
    )
    for name in TABLE["emitted"]["ours"]["metrics"]:
        assert f'"{name}"' in sources, name


def test_two_stacks_in_one_account_do_not_count_for_each_other() -> None:
    """Whoever writes metrics is told the namespace that this stack's alarms read, and no other."""
    spaces = {}
    for stack in STACKS:
        graph = graph_of(stack)
        told = {f.inputs["environment"]["variables"]["METRICS_NAMESPACE"]
                for f in graph.of_type("aws:lambda/function:Function")}  # fmt: skip
        config = graph.one("kubernetes:core/v1:ConfigMap", "web-storefront")
        told.add(config.inputs["data"]["METRICS_NAMESPACE"])
        fleet = release(graph)["settings.env"]
        told |= set(re.findall(r"^METRICS_NAMESPACE=(.*)$", fleet, re.MULTILINE))
        told |= {f.inputs["metricTransformation"]["namespace"] for f in graph.of_type(FILTER)}
        used = [*used_by_alarms(graph), *used_by_dashboards(graph)]
        read = {space for space, _, _ in used if space not in TABLE["emitted"]}
        assert told == read, stack
        (spaces[stack],) = read
    assert len(set(spaces.values())) == len(STACKS)


def test_dimensions_name_things_of_this_stack(graph: Graph) -> None:
    known = {"Global", "all", "ALL", "USD"} | {journey.name for journey in slos.JOURNEYS}
    for resource in graph:
        known |= {resource.id, *(str(v) for v in resource.outputs.values() if isinstance(v, str))}
    sources = {"personalize", "co-purchase", "popular", "recent", "breaker", "few", "empty"}
    nodes = {
        f"{graph.one('aws:elasticache/replicationGroup:ReplicationGroup').id}-{n:03}"
        for n in (1, 2, 3)
    }
    for _, name, dimensions in (*used_by_alarms(graph), *used_by_dashboards(graph)):
        for value in dimensions.values():
            assert value in known | sources | nodes, (name, value)


def test_the_firewalls_metric_is_the_one_that_alarms_read(graph: Graph) -> None:
    acl = graph.one("aws:wafv2/webAcl:WebAcl").inputs["visibilityConfig"]["metricName"]
    alarm = graph.one(METRIC, "observability-firewall-refuses")
    assert alarm.inputs["dimensions"]["WebACL"] == acl


def test_dashboards_are_of_widgets_that_fit(graph: Graph) -> None:
    boards = {b.inputs["dashboardName"] for b in graph.of_type(DASHBOARD)}
    assert boards == {f"shop-prod-{part}" for part in ("shop", "services", "data", "cost")}
    for board in graph.of_type(DASHBOARD):
        body = board.inputs["dashboardBody"]
        assert len(body) < 1_000_000
        found = json.loads(body)["widgets"]
        assert 0 < len(found) <= 500
        spots = {(w["x"], w["y"]) for w in found}
        assert len(spots) == len(found)
        assert all(w["x"] + w["width"] <= 24 for w in found)
    for first, second in itertools.pairwise(slos.JOURNEYS):
        assert first.name != second.name


def value(graph: Graph, part: str, series: Any, minute: int = 100) -> bool:
    told = Evaluator(graph, series)
    return told.beyond(graph.one(METRIC, f"observability-{part}").outputs["name"], minute)


def test_silence_counts_as_declared(graph: Graph) -> None:
    quiet = {row.part for row in ROWS if row.silence.treat != "breaching"}
    made = {a.name.removeprefix("observability-") for a in graph.of_type(METRIC)}
    for row in ROWS:
        if row.part in made:
            assert value(graph, row.part, {}) is (row.part not in quiet), row.part


def test_no_host_is_seen_in_three_minutes_and_one_of_either_pool_is_enough(graph: Graph) -> None:
    # Both pools have the metric by the same name; the series is found by the load balancer.
    balancer = graph.one("aws:lb/loadBalancer:LoadBalancer").outputs["arnSuffix"]
    none = {("HealthyHostCount", balancer): dict.fromkeys(range(98, 101), 0.0)}
    assert value(graph, "no-hosts", none)
    one = {("HealthyHostCount", balancer): {98: 0.0, 99: 1.0, 100: 0.0}}
    assert not value(graph, "no-hosts", one)


def test_one_dead_letter_of_any_queue_rings(graph: Graph) -> None:
    queues = [
        query["metric"]["dimensions"]["QueueName"]
        for query in graph.one(METRIC, "observability-dead-letters").inputs["metricQueries"]
        if "QueueName" in query.get("metric", {}).get("dimensions", {})
    ]
    assert len(queues) == 3
    for queue in queues:
        rings = {("ApproximateNumberOfMessagesVisible", queue): {100: 1.0}}
        assert value(graph, "dead-letters", rings)

"""CloudTrail: everything is recorded, nobody rewrites it, and what matters is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.events.models import EventPattern

from components.observability import cis
from graph import Graph
from tests.observability.filter_patterns import matches
from tests.observability.trail_events import SAMPLES
from tests.stacks import graph_of

TRAIL = "aws:cloudtrail/trail:Trail"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
TOPIC = "aws:sns/topic:Topic"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ACTIVITIES = {activity.part: activity for activity in cis.ACTIVITIES}


@pytest.fixture
def graph() -> Graph:
    return graph_of("prod")


def document(graph: Graph, type_: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(graph.one(type_, name).inputs["policy"])["Statement"]
    return found


def test_there_is_one_for_each_control_of_the_benchmark() -> None:
    assert len(ACTIVITIES) == 15
    assert set(SAMPLES) == set(ACTIVITIES)


@pytest.mark.parametrize("part", ACTIVITIES)
def test_a_pattern_finds_its_own_event_and_not_the_neighbours(part: str) -> None:
    found, passed = SAMPLES[part]
    for event in found:
        assert matches(ACTIVITIES[part].pattern, event), event["eventName"]
    for event in passed:
        assert not matches(ACTIVITIES[part].pattern, event), event["eventName"]


@pytest.mark.parametrize("part", ACTIVITIES)
def test_no_pattern_finds_what_another_one_is_for(part: str) -> None:
    # Root is root whatever it does, and a call that is refused is one.
    everywhere = {"root-used", "unauthorized-calls"}
    for other, (found, _) in SAMPLES.items():
        if other != part and part not in everywhere and other not in everywhere:
            for event in found:
                assert not matches(ACTIVITIES[part].pattern, event), (other, event["eventName"])


def test_the_reader_of_patterns_knows_what_it_cannot_read() -> None:
    for bad in ("$.a = b", "{ $.a }", "{ $.a < 3 }", "{ ($.a = b }", "{ $.a = b $.c = d }"):
        with pytest.raises((ValueError, IndexError)):
            matches(bad, {"a": "b"})


def test_and_binds_tighter_than_or() -> None:
    pattern = "{ $.a = 1 || $.b = 1 && $.c = 1 }"
    assert matches(pattern, {"a": 1})
    assert not matches(pattern, {"b": 1})
    assert matches(pattern, {"b": 1, "c": 1})


def test_every_filter_reads_the_trail_and_feeds_an_alarm(graph: Graph) -> None:
    group = graph.one("aws:cloudwatch/logGroup:LogGroup", "observability-trail").outputs["name"]
    alarms = {
        (a.inputs["namespace"], a.inputs["metricName"]): a
        for a in graph.of_type(ALARM)
        if a.inputs.get("namespace") == "shop-prod" and a.inputs["statistic"] == "Sum"
    }
    filters = graph.of_type(FILTER)
    assert len(filters) == len(alarms) == 15
    for made in filters:
        assert made.inputs["logGroupName"] == group
        told = made.inputs["metricTransformation"]
        alarm = alarms[told["namespace"], told["name"]]
        assert told["value"] == "1"
        assert alarm.inputs["statistic"] == "Sum"
        assert alarm.inputs["alarmActions"]


def test_the_trail_is_whole_and_writes_where_it_may(graph: Graph) -> None:
    trail = graph.one(TRAIL)
    assert trail.inputs["isMultiRegionTrail"] is True
    assert trail.inputs["enableLogFileValidation"] is True
    waits = {graph.by_urn(urn).type for urn in trail.options.depends_on}
    assert "aws:s3/bucketPolicy:BucketPolicy" in waits  # CloudTrail tries at once
    statements = document(graph, "aws:s3/bucketPolicy:BucketPolicy", "observability-trail")
    allowed = [s for s in statements if s["Effect"] == "Allow"]
    assert len(allowed) == 2
    for statement in allowed:
        assert statement["Condition"]["StringEquals"]["aws:SourceArn"] == trail.outputs["arn"]
    key = graph.one("aws:kms/key:Key", "observability")
    assert trail.inputs["kmsKeyId"] == key.outputs["arn"]
    described = json.loads(key.inputs["policy"])["Statement"]
    names = {s["Sid"] for s in described}
    assert names == {"TheAccountDecides", "Tellers", "Trail", "TrailLooks"}


def test_objects_of_buckets_that_matter_are_recorded(graph: Graph) -> None:
    selectors = graph.one(TRAIL).inputs["advancedEventSelectors"]
    data = [
        {f["field"]: f for f in selector["fieldSelectors"]}
        for selector in selectors
        if selector["fieldSelectors"][0]["equals"] == ["Data"]
    ]
    reads, writes = data
    buckets = {b.name: f"{b.outputs['arn']}/" for b in graph.of_type("aws:s3/bucket:Bucket")}
    assert set(reads["resources.ARN"]["startsWiths"]) == {
        buckets["recommendations-records"],
        buckets["recommendations-training"],
    }
    assert writes["resources.ARN"]["startsWiths"] == [buckets["data-images"]]
    assert writes["readOnly"]["equals"] == ["false"]


def test_files_of_the_trail_are_locked(graph: Graph) -> None:
    bucket = graph.one("aws:s3/bucket:Bucket", "observability-trail")
    assert bucket.inputs["objectLockEnabled"] is True
    lock = graph.one("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert lock.inputs["rule"]["defaultRetention"]["mode"] == "GOVERNANCE"
    assert lock.property_dependencies["bucket"] == (bucket.urn,)
    tidy = graph.one(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "observability-trail"
    )
    days = tidy.inputs["rules"][0]["expiration"]["days"]
    assert days >= lock.inputs["rule"]["defaultRetention"]["days"]


@pytest.mark.parametrize("topic", ["page", "ticket"])
def test_topics_take_word_from_services_of_this_account_over_tls(topic: str) -> None:
    graph = graph_of("prod")
    name = f"observability-{topic}"
    made = graph.one("aws:sns/topic:Topic", name)
    assert made.inputs["kmsMasterKeyId"] == graph.one("aws:kms/key:Key", name[:13]).outputs["arn"]
    deny, allow = document(graph, "aws:sns/topicPolicy:TopicPolicy", name)
    assert deny["Effect"] == "Deny"
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allow["Principal"] == {
        "Service": [f"{s}.amazonaws.com" for s in ("cloudwatch", "budgets", "costalerts", "events")]
    }
    assert allow["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert {allow["Resource"], *deny["Resource"]} == {made.outputs["arn"]}
    (reader,) = [s for s in graph.of_type("aws:sns/topicSubscription:TopicSubscription")
                 if s.inputs["topic"] == made.outputs["arn"]]  # fmt: skip
    assert reader.inputs["protocol"] == "email"


def test_elsewhere_the_edge_has_topics_of_its_own_region_and_a_trail_is_a_choice() -> None:
    from tests.stacks import NO_DOMAIN

    graph = graph_of(
        "prod",
        {
            "aws:region": "eu-west-1",
            "shop:network.zones": [f"eu-west-1{zone}" for zone in "abc"],
            "shop:observability.account.trail": False,
            **NO_DOMAIN,
        },
    )
    assert graph.of_type(TRAIL) == []
    assert graph.of_type(FILTER) == []
    far = graph.one("aws:sns/topic:Topic", "observability-global-page")
    assert far.inputs["region"] == "us-east-1"
    key = graph.one("aws:kms/key:Key", "observability-global")
    assert far.inputs["kmsMasterKeyId"] == key.outputs["arn"]
    unreachable = graph.one(ALARM, "observability-unreachable")
    assert unreachable.inputs["region"] == "us-east-1"
    assert unreachable.inputs["alarmActions"] == [far.outputs["arn"]]


def test_who_deletes_what_is_kept_is_told_of_and_age_is_not() -> None:
    graph = graph_of("prod")
    rule = graph.one("aws:cloudwatch/eventRule:EventRule", "observability-deletions")
    target = graph.one("aws:cloudwatch/eventTarget:EventTarget", "observability-deletions")
    assert target.inputs["arn"] == graph.one(TOPIC, "observability-ticket").outputs["arn"]
    pattern = EventPattern.load(rule.inputs["eventPattern"])

    def deleted(bucket: str, reason: str) -> dict[str, Any]:
        return {
            "source": "aws.s3",
            "detail-type": "Object Deleted",
            "detail": {"bucket": {"name": bucket}, "object": {"key": "k"}, "reason": reason},
        }

    names = {b.name: b.outputs["bucket"] for b in graph.of_type("aws:s3/bucket:Bucket")}
    # Updates delete files of the edge, and what builds and canaries leave is there to be replaced.
    kinds = ("edge-files", "pipeline-artifacts", "observability-canary")
    quiet = {names.pop(kind) for kind in kinds}
    for bucket in names.values():
        assert pattern.matches_event(deleted(bucket, "DeleteObject"))
        assert not pattern.matches_event(deleted(bucket, "Lifecycle Expiration"))
    for bucket in quiet:
        assert not pattern.matches_event(deleted(bucket, "DeleteObject"))

"""The evaluator does as CloudWatch's user guide has it, row by row of its tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.telemetry import emf, expressions
from sandbox.telemetry.alarms import Query, State, composite_alarm, holds, judge, metric_alarm
from sandbox.telemetry.store import Clock, Store

_KEEP: State = "OK"  # what "ignore" keeps, in these tests
# Datapoints, the oldest first (X is beyond, - is missing); then the state when missing data count
# as missing, ignore, breaching and notBreaching ("Configuring how CloudWatch alarms treat missing
# data", tables for 3 of 3 and for 2 of 3).
THREE = [
    ("0-X-X", "OK", "OK", "OK", "OK"),
    ("----0", "OK", "OK", "OK", "OK"),
    ("-----", "INSUFFICIENT_DATA", _KEEP, "ALARM", "OK"),
    ("0XX-X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("--X--", "ALARM", _KEEP, "ALARM", "OK"),
]
TWO = [
    ("0-X-X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("00X0X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0-X--", "OK", "OK", "ALARM", "OK"),
    ("----0", "OK", "OK", "ALARM", "OK"),
    ("---X-", "ALARM", _KEEP, "ALARM", "OK"),
]
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def declared(**more: Any) -> dict[str, Any]:
    return {
        "namespace": "N",
        "metricName": "M",
        "statistic": "Sum",
        "period": 60,
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 0.5,
        "evaluationPeriods": 3,
        **more,
    }


@pytest.mark.parametrize(("row", "of"), [*((r, 3) for r in THREE), *((r, 2) for r in TWO)], ids=str)
def test_missing_data_count_as_the_guide_says(row: tuple[str, ...], of: int) -> None:
    points = {place: float(c == "X") for place, c in enumerate(row[0]) if c != "-"}

    def measured(query: Query, end: int) -> float | None:
        del query
        return points.get(end)

    for treatment, state in zip(TREATMENTS, row[1:], strict=True):
        told = declared(datapointsToAlarm=of, treatMissingData=treatment)
        assert judge(metric_alarm("a", "a", told), measured, 4, _KEEP) == state, treatment


def test_what_dynamodb_does_not_say_is_always_ignored() -> None:
    told = declared(namespace="AWS/DynamoDB", treatMissingData="breaching")
    assert judge(metric_alarm("a", "a", told), lambda _query, _end: None, 9, "OK") == "OK"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("IF(FILL(a, 0) + FILL(b, 0) >= 5, (FILL(a, 0)) / (b), 0)", 1.5),
        ("SUM([FILL(a, 0), FILL(none, 0), b])", 10.0),
        ("MIN([a, none])", 6.0),
        ("a / zero", None),  # CloudWatch leaves the datapoint out
        ("a + none", None),
        ("IF(zero > 0, a / zero, 7)", 7.0),
    ],
)
def test_metric_math(text: str, value: float | None) -> None:
    known = {"a": 6.0, "b": 4.0, "zero": 0.0, "none": None}
    assert expressions.value(text, known) == value


@pytest.mark.parametrize("text", ["ANOMALY_DETECTION_BAND(m1)", "a ** 2", "__import__('os')", "a."])
def test_what_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expression|not known"):
        expressions.value(text, {"a": 1.0, "m1": 1.0})
    with pytest.raises(ValueError, match=r"expression|not known"):
        composite_alarm("a", {"alarmName": "a", "alarmRule": text})
    with pytest.raises(ValueError, match="no whole minutes"):
        metric_alarm("a", "a", declared(period=90))


def test_rules_of_composite_alarms() -> None:
    rule = '(ALARM("AND 1") AND NOT OK("b")) OR INSUFFICIENT_DATA("c") OR FALSE'
    alarm = composite_alarm("a", {"alarmName": "a", "alarmRule": rule})
    assert alarm.parts == ("AND 1", "b", "c")
    assert holds(alarm, {"AND 1": "ALARM", "b": "ALARM", "c": "OK"}) == "ALARM"
    assert holds(alarm, {"AND 1": "ALARM", "b": "OK", "c": "OK"}) == "OK"
    assert holds(alarm, {"AND 1": "OK", "b": "OK", "c": "INSUFFICIENT_DATA"}) == "ALARM"


def test_long_windows_are_the_sum_of_their_minutes() -> None:
    store, key = Store(), ("N", "M", frozenset[tuple[str, str]]())
    for minute in range(10_000):
        store.add(key, minute, 1.0)
    for length in (1, 59, 60, 61, 360, 4320):
        query = Query("N", "M", frozenset(), "Sum", length)
        assert store.measured(query, 9_987) == length
    assert store.measured(Query("N", "M", frozenset(), "Sum", 5), 20_000) is None
    assert store.measured(Query("N", "other", frozenset(), "Sum", 5), 9_000) is None


def test_percentiles_are_right_to_two_digits() -> None:
    store, key = Store(), ("N", "M", frozenset[tuple[str, str]]())
    for value in range(1, 1001):
        store.add(key, 0, value / 1000)
    for statistic, value in (("p50", 0.5), ("p99", 0.99), ("Maximum", 1.0), ("Average", 0.5005)):
        found = store.measured(Query("N", "M", frozenset(), statistic, 1), 0)
        assert found == pytest.approx(value, rel=0.02)


def test_a_declared_minute_is_a_second_at_sixty_times_the_speed() -> None:
    assert Clock(60).minute(120.5) == 120
    assert Clock(1).minute(120.5) == 2


def test_documents_are_read_as_they_are_written() -> None:
    sent = emf.document("N", {"D": "x"}, {"A": 2.0, "B": emf.counted({0.5: 3, 1.5: 1})})
    found = list(emf.read(json.dumps(sent)))
    assert {(d.name, d.value, d.count) for d in found} == {
        ("A", 2.0, 1.0),
        ("B", 0.5, 3.0),
        ("B", 1.5, 1.0),
    }
    assert {d.dimensions for d in found} == {frozenset([("D", "x")])}
    for broken in (b"", b"{", b'{"_aws": 1}', b'{"_aws": {"Timestamp": "x"}}', b"[1]"):
        assert not list(emf.read(broken))

"""Realistic outputs for what watches: topics, the trail, alarms, backups."""

from __future__ import annotations

from collections.abc import Callable

from .subject import ACCOUNT, Outputs, Subject


def _topic(s: Subject) -> Outputs:
    arn = s.arn("sns", s.physical)
    return {"id": arn, "arn": arn, "name": s.physical}


def _trail(s: Subject) -> Outputs:
    arn = s.arn("cloudtrail", f"trail/{s.physical}")
    return {"id": arn, "arn": arn, "name": s.physical, "homeRegion": s.region}


def _alarm(s: Subject) -> Outputs:
    return {"id": s.physical, "name": s.physical, "arn": s.arn("cloudwatch", f"alarm:{s.physical}")}


def _composite(s: Subject) -> Outputs:
    name = str(s.inputs["alarmName"])
    return {"id": name, "alarmName": name, "arn": s.arn("cloudwatch", f"alarm:{name}")}


def _dashboard(s: Subject) -> Outputs:
    name = str(s.inputs["dashboardName"])
    arn = s.arn("cloudwatch", f"dashboard/{name}", regional=False)
    return {"id": name, "dashboardArn": arn}


def _filter(s: Subject) -> Outputs:
    return {"id": s.physical, "name": s.physical}


def _vault(s: Subject) -> Outputs:
    arn = s.arn("backup", f"backup-vault:{s.physical}")
    return {"id": s.physical, "name": s.physical, "arn": arn}


def _plan(s: Subject) -> Outputs:
    id_ = f"{s.hash(8)}-{s.hash(12)[8:]}-4000-8000-{s.hash(24)[12:]}"
    return {"id": id_, "name": s.physical, "arn": s.arn("backup", f"backup-plan:{id_}")}


def _tested(s: Subject) -> Outputs:
    return {"id": s.physical, "name": s.physical}


def _monitor(s: Subject) -> Outputs:
    arn = f"arn:aws:ce::{ACCOUNT}:anomalymonitor/{s.hash(8)}-{s.hash(12)[8:]}"
    return {"id": arn, "arn": arn, "name": s.physical}


def _rule(s: Subject) -> Outputs:
    return {"id": s.physical, "name": s.physical, "arn": s.arn("events", f"rule/{s.physical}")}


def _canary(s: Subject) -> Outputs:
    function = f"cwsyn-{s.physical}-{s.hash(8)}-{s.hash(12)[8:]}-4000-8000-{s.hash(24)[12:]}"
    return {
        "id": s.physical,
        "name": s.physical,
        "arn": s.arn("synthetics", f"canary:{s.physical}"),
        "engineArn": s.arn("lambda", f"function:{function}:1"),
    }


ANSWERS: dict[str, Callable[[Subject], Outputs]] = {
    "aws:backup/plan:Plan": _plan,
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": _tested,
    "aws:backup/vault:Vault": _vault,
    "aws:cloudtrail/trail:Trail": _trail,
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": _composite,
    "aws:cloudwatch/dashboard:Dashboard": _dashboard,
    "aws:cloudwatch/eventRule:EventRule": _rule,
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": _filter,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": _monitor,
    "aws:sns/topic:Topic": _topic,
    "aws:synthetics/canary:Canary": _canary,
}

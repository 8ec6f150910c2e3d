"""What a program declares that is watched, as plain data for the process that watches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from .alarms import COMPOSITE, METRIC, composite_alarm, metric_alarm

if TYPE_CHECKING:
    from graph import Graph

_TOPIC = "aws:sns/topic:Topic"
_HEALTH = "aws:route53/healthCheck:HealthCheck"
_TARGETS = "aws:lb/targetGroup:TargetGroup"
_BINDING = "kubernetes:eks.amazonaws.com/v1:TargetGroupBinding"


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm's names, its inputs, and who is told: ``page``, ``ticket`` or nobody."""

    name: str
    label: str
    inputs: dict[str, Any]
    tells: str = ""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """A health check from outside, and the path that it asks for."""

    id: str
    path: str


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where things are on this machine; ``state`` is the sandbox's folder, ``url`` the shop."""

    state: str
    project: str
    url: str
    aws: str
    postgres_port: int
    valkey_port: int
    valkey_password: str


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """All that is to know; ``pools`` are target groups that have the pods behind them."""

    port: int
    speed: float
    places: Places
    metric_alarms: tuple[Alarm, ...]
    composite_alarms: tuple[Alarm, ...]
    health: tuple[Health, ...]
    pools: tuple[str, ...]


def read(graph: Graph, *, port: int, speed: float, places: Places) -> tuple[Declared, list[str]]:
    """What is watched, and what is wrong with alarms that cannot be evaluated here."""
    topics = {t.outputs.get("arn"): t.name.rpartition("-")[2] for t in graph.of_type(_TOPIC)}
    problems: list[str] = []
    metric, composite = [], []
    for resource in graph.of_type(METRIC):
        name = str(resource.outputs.get("name") or resource.name)
        try:
            metric_alarm(name, resource.name, resource.inputs)
        except (ValueError, KeyError) as problem:
            problems.append(f"{resource.name}: {problem}")
            continue
        metric.append(_alarm(name, resource.name, resource.inputs, topics))
    for resource in graph.of_type(COMPOSITE):
        try:
            name = composite_alarm(resource.name, resource.inputs).name
        except (ValueError, KeyError) as problem:
            problems.append(f"{resource.name}: {problem}")
            continue
        composite.append(_alarm(name, resource.name, resource.inputs, topics))
    bound = {(b.inputs.get("spec") or {}).get("targetGroupARN") for b in graph.of_type(_BINDING)}
    groups = [str(g.outputs["arn"]) for g in graph.of_type(_TARGETS) if g.outputs["arn"] in bound]
    checks = graph.of_type(_HEALTH)
    found = Declared(
        port=port,
        speed=speed,
        places=places,
        metric_alarms=tuple(metric),
        composite_alarms=tuple(composite),
        health=tuple(
            Health(id=str(c.id), path=str(c.inputs.get("resourcePath") or "/")) for c in checks
        ),
        pools=tuple(arn.rpartition(":")[2] for arn in groups),
    )
    return found, problems


def _alarm(name: str, label: str, inputs: Mapping[str, Any], topics: Mapping[Any, str]) -> Alarm:
    told = inputs.get("alarmActions") or []
    tells = next((topics[arn] for arn in told if arn in topics), "somebody" if told else "")
    return Alarm(name=name, label=label, inputs=dict(inputs), tells=tells)

"""The supervised process that watches: its configuration and its start."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import msgspec

from sandbox.part import HOST, healthy
from sandbox.pods import Site
from sandbox.process import Command
from sandbox.realise import Realiser
from sandbox.specs import blocking
from sandbox.state import PROJECT, write_private
from sandbox.terminal import Terminal
from sandbox.unit import Probe, Spec

from . import declared
from .alarms import COMPOSITE, METRIC, metric_alarm
from .measured import missing

if TYPE_CHECKING:
    from graph import Graph

NAME = "telemetry"
OTLP = 4318  # the port that a program names for the collector on its own machine


def spec(graph: Graph, site: Site, realiser: Realiser, terminal: Terminal) -> Spec:
    """How to run it; alarms are marked as served, or why nobody can judge them here."""
    servers, (_, _, number) = realiser.servers, site.telemetry.rpartition(":")
    port = int(number)
    places = declared.Places(
        state=str(site.directory),
        project=str(site.project),
        url=site.url,
        aws=servers.aws.url,
        postgres_port=servers.postgres.port,
        valkey_port=servers.valkey.port,
        valkey_password=servers.valkey.password,
    )
    told, problems = declared.read(graph, port=port, speed=site.speed, places=places)
    for problem in problems:
        terminal.say(f"not watched: {problem}", "!")
    _mark(graph, told, realiser)
    realiser.ports[OTLP] = port
    folder = site.directory / NAME
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / "declared.json"
    write_private(file, msgspec.json.encode(told).decode())

    def command() -> Command:
        return Command(
            name=NAME,
            argv=[sys.executable, "-m", "sandbox.telemetry.server", file],
            env={"PATH": os.defpath, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"},
            log=site.logs / f"{NAME}.log",
            grace=3,
        )

    return Spec(
        name=NAME,
        kind="service",
        address=f"{HOST}:{port}",
        command=command,
        startup=Probe(check=blocking(lambda: healthy(port)), period=1, failures=30),
        title=lambda: f"{len(told.metric_alarms) + len(told.composite_alarms)} alarms watched",
    )


def _mark(graph: Graph, told: declared.Declared, realiser: Realiser) -> None:
    known = {alarm.label: alarm for alarm in (*told.metric_alarms, *told.composite_alarms)}
    for resource in (*graph.of_type(METRIC), *graph.of_type(COMPOSITE)):
        alarm = known.get(resource.name)
        if alarm is None:
            realiser.mark_resource(resource, "refused", "not evaluated here")
            continue
        metric = resource.type == METRIC
        why = missing(metric_alarm(alarm.name, alarm.label, alarm.inputs)) if metric else ""
        said = f"not measured here: {why}" if why else "judged by python -m sandbox alarms"
        realiser.mark_resource(resource, "recorded" if why else "served", said)

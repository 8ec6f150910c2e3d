"""The supervised process of all functions and HTTP APIs: its configuration and its start."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import socket
import sys
import urllib.parse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.part import HOST
from sandbox.pods import Site, bound
from sandbox.process import Command
from sandbox.realise import Realiser
from sandbox.specs import blocking
from sandbox.state import PROJECT, write_private
from sandbox.states.command import publish
from sandbox.unit import Probe, Spec

from . import archive, declared
from .declared import Function, Reader, RefusedError

if TYPE_CHECKING:
    from graph import Graph, Resource

NAME = "functions"


def spec(graph: Graph, site: Site, realiser: Realiser) -> Spec | None:
    """How to run what the graph declares; None when it has no function and no API.

    What can run is marked as served, the rest as refused. Blocking: unpacks every archive.
    """
    reader = Reader(graph)
    port = site.state.port(NAME)
    folder = site.directory / NAME
    found = _functions(graph, reader, site, realiser)
    endpoints = {"AWS_ENDPOINT_URL_LAMBDA": f"http://{HOST}:{port}"}
    if any(f.environment.get("SERVING", "off") != "off" for f in found):
        endpoints |= realiser.servers.demand_personalize().environment
    surroundings = {**site.aws.environment, **endpoints, **site.agent}
    publish(graph, site.directory, surroundings, _marker(realiser))
    functions = [
        {"function": declared.to_json(f), "environment": _environment(f, site, endpoints)}
        for f in found
    ]
    apis = list(_apis(graph, reader, realiser))
    if not functions and not apis:
        return None
    archive.bundle(folder / "runtime")
    (folder / "tmp").mkdir(mode=0o700, exist_ok=True)
    told = {
        "port": port,
        "logs": str(site.logs),
        "functions": functions,
        "apis": apis,
    }
    file = folder / "declared.json"
    write_private(file, json.dumps(told, indent=1))

    def command() -> Command:
        return Command(
            name=NAME,
            argv=[sys.executable, "-m", "sandbox.functions.server", file],
            env={"PATH": os.defpath, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}
            | site.agent,
            log=site.logs / f"{NAME}.log",
            grace=5,
        )

    ports = [port, *(int(entry["port"]) for entry in apis)]
    return Spec(
        name=NAME,
        kind="service",
        address=f"{HOST}:{port}",
        command=command,
        startup=Probe(check=blocking(lambda: all(map(_listens, ports))), period=1, failures=30),
        title=lambda: f"{len(functions)} functions, {len(apis)} HTTP APIs",
    )


def _marker(realiser: Realiser) -> Callable[..., None]:
    def mark(resource: Resource, detail: str, *, refused: bool = False) -> None:
        state: Any = "refused" if refused else "served"
        realiser.mark(resource.type, resource.name, resource.urn, state, detail)

    return mark


def _functions(graph: Graph, reader: Reader, site: Site, realiser: Realiser) -> list[Function]:
    mark, found = _marker(realiser), []
    here = f"python{platform.python_version().rpartition('.')[0]}"
    for resource in graph.of_type(declared.FUNCTION):
        try:
            function = reader.function(resource)
            archive.unpack(
                resource.inputs.get("code") or {},
                site.project,
                site.directory / NAME / function.name / "code",
            )
        except (RefusedError, archive.ArchiveError) as problem:
            mark(resource, str(problem), refused=True)
            continue
        other = "" if function.runtime == here else f", {here} instead of {function.runtime}"
        mark(resource, f"{function.handler}{other}")
        for alias in reader.aliases(resource):
            mark(alias, f"of {function.name}")
        found.append(function)
    return found


def _apis(graph: Graph, reader: Reader, realiser: Realiser) -> list[dict[str, Any]]:
    mark, found = _marker(realiser), []
    for resource in graph.of_type(declared.API):
        try:
            api = reader.api(resource)
        except RefusedError as problem:
            mark(resource, str(problem), refused=True)
            continue
        endpoint = str(resource.outputs["apiEndpoint"])
        mark(resource, endpoint)
        for used in reader.used_by(resource):
            mark(used, f"by {resource.name}")
        found.append({"api": declared.to_json(api), "port": urllib.parse.urlsplit(endpoint).port})
    return found


def _environment(function: Function, site: Site, endpoints: Mapping[str, str]) -> dict[str, str]:
    """All that the function sees: what it declares and what Lambda adds, with local endpoints."""
    folder = site.directory / NAME
    tmp = folder / "tmp" / function.name
    tmp.mkdir(mode=0o700, parents=True, exist_ok=True)
    version = next(iter(function.aliases.values()), "$LATEST")
    ambient = {
        "PATH": os.defpath,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": str(tmp),  # no configuration of whoever runs this
        "TMPDIR": str(tmp),
        "LAMBDA_TASK_ROOT": str(folder / function.name / "code"),
        "LAMBDA_RUNTIME_DIR": str(folder / "runtime"),
        "_HANDLER": function.handler,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": f"laptop/[{version}]",
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        "AWS_SESSION_TOKEN": "sandbox",
        **site.aws.environment,
        **endpoints,
    }
    if function.log_level:
        ambient["AWS_LAMBDA_LOG_LEVEL"] = function.log_level
    return {**bound(function.environment, site), **ambient}


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
        return True
    return False

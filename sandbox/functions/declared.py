"""Functions and HTTP APIs as the program declares them, read from the graph."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graph import Graph, Resource

FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
PERMISSION = "aws:lambda/permission:Permission"
API = "aws:apigatewayv2/api:Api"
ROUTE = "aws:apigatewayv2/route:Route"
INTEGRATION = "aws:apigatewayv2/integration:Integration"
STAGE = "aws:apigatewayv2/stage:Stage"

# Lambda refuses a function whose environment names one of these.
_RESERVED = {"_HANDLER", "_X_AMZN_TRACE_ID", "TZ"} | {
    f"AWS_{name}"
    for name in (
        "REGION", "DEFAULT_REGION", "EXECUTION_ENV", "LAMBDA_FUNCTION_NAME",
        "LAMBDA_FUNCTION_MEMORY_SIZE", "LAMBDA_FUNCTION_VERSION", "LAMBDA_INITIALIZATION_TYPE",
        "LAMBDA_LOG_GROUP_NAME", "LAMBDA_LOG_STREAM_NAME", "ACCESS_KEY", "ACCESS_KEY_ID",
        "SECRET_ACCESS_KEY", "SESSION_TOKEN", "LAMBDA_RUNTIME_API",
    )
}  # fmt: skip
_ENVIRONMENT_LIMIT = 4096  # bytes of all names and values


class RefusedError(Exception):
    """The laptop, or AWS, would not take this; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One declared function; ``timeout`` in seconds, ``memory`` in MiB."""

    name: str
    label: str  # its logical name in the program
    arn: str
    handler: str
    runtime: str
    timeout: float
    memory: int
    reserved: int | None  # concurrent invocations; None: as many as the account has
    environment: Mapping[str, str]
    log_group: str
    log_format: str
    log_level: str
    aliases: Mapping[str, str]  # name -> version


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route and its integration; ``rate`` in requests a second, None: not throttled."""

    key: str
    function: str  # its name; "" when the route leads nowhere
    qualifier: str
    invoked: str  # the ARN that the integration names
    timeout: float  # seconds that API Gateway waits
    permitted: bool
    rate: float | None
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """An HTTP API with its routes, for each stage."""

    id: str
    name: str
    stages: Mapping[str, Sequence[Route]]
    cors: Mapping[str, Any]


def to_json(thing: Function | Api) -> dict[str, Any]:
    """For the server's configuration."""
    return asdict(thing)


def function_from(told: Mapping[str, Any]) -> Function:
    """The inverse of `to_json`."""
    return Function(**told)


def api_from(told: Mapping[str, Any]) -> Api:
    """The inverse of `to_json`."""
    stages = {name: [Route(**route) for route in routes] for name, routes in told["stages"].items()}
    return Api(**{**told, "stages": stages})


def split_arn(text: str) -> tuple[str, str]:
    """Name and qualifier of a function's name, ARN or invocation ARN, with or without alias."""
    found = re.search(r":function:([^:/]+)(?::([^:/]+))?", text)
    if found is not None:
        return found[1], found[2] or ""
    name, _, qualifier = text.partition(":")
    return name, qualifier


class Reader:
    """Looks up what functions and routes refer to."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._functions = {str(r.outputs["name"]): r for r in graph.of_type(FUNCTION)}
        self._integrations = {r.id: r for r in graph.of_type(INTEGRATION)}

    def function(self, resource: Resource) -> Function:
        """A function; raises RefusedError."""
        i, name = resource.inputs, str(resource.outputs["name"])
        runtime = str(i.get("runtime") or "")
        if not runtime.startswith("python"):
            raise RefusedError(f"the laptop runs Python only, not {runtime or 'an image'}")
        if i.get("layers"):
            raise RefusedError("layers are not unpacked on the laptop")
        declared = (i.get("environment") or {}).get("variables") or {}
        environment = {str(key): str(value) for key, value in declared.items()}
        if reserved := sorted(_RESERVED & set(environment)):
            raise RefusedError(f"Lambda reserves the variable {', '.join(reserved)}")
        size = sum(len(f"{key}{value}".encode()) for key, value in environment.items())
        if size > _ENVIRONMENT_LIMIT:
            raise RefusedError(
                f"its environment has {size} bytes; Lambda takes {_ENVIRONMENT_LIMIT}"
            )
        concurrent = i.get("reservedConcurrentExecutions")
        logging = i.get("loggingConfig") or {}
        return Function(
            name=name,
            label=resource.name,
            arn=str(resource.outputs["arn"]),
            handler=str(i.get("handler") or ""),
            runtime=runtime,
            timeout=float(i.get("timeout") or 3),
            memory=int(i.get("memorySize") or 128),
            reserved=None if concurrent is None or int(concurrent) < 0 else int(concurrent),
            environment=environment,
            log_group=str(logging.get("logGroup") or f"/aws/lambda/{name}"),
            log_format=str(logging.get("logFormat") or "Text"),
            log_level=str(logging.get("applicationLogLevel") or ""),
            aliases={
                str(alias.outputs.get("name") or alias.inputs["name"]): str(
                    alias.inputs["functionVersion"]
                )
                for alias in self.aliases(resource)
            },
        )

    def aliases(self, function: Resource) -> list[Resource]:
        """The aliases of a function."""
        name = str(function.outputs["name"])
        return [
            alias
            for alias in self._graph.of_type(ALIAS)
            if split_arn(str(alias.inputs["functionName"]))[0] == name
        ]

    def used_by(self, api: Resource) -> list[Resource]:
        """Routes, integrations and stages of an API, and the permissions that let it in."""
        mine = [
            r
            for type_ in (ROUTE, INTEGRATION, STAGE)
            for r in self._graph.of_type(type_)
            if r.inputs.get("apiId") == api.id
        ]
        permissions = [
            p
            for p in self._graph.of_type(PERMISSION)
            if f":{api.id}/" in str(p.inputs.get("sourceArn"))
        ]
        return [*mine, *permissions]

    def api(self, resource: Resource) -> Api:
        """An HTTP API; raises RefusedError."""
        i = resource.inputs
        if i.get("protocolType") != "HTTP":
            raise RefusedError(f"the laptop serves HTTP APIs, not {i.get('protocolType')}")
        if i.get("body") or i.get("target"):
            raise RefusedError("the laptop reads routes from Route resources only")
        routes = [r for r in self._graph.of_type(ROUTE) if r.inputs["apiId"] == resource.id]
        stages = [s for s in self._graph.of_type(STAGE) if s.inputs["apiId"] == resource.id]
        return Api(
            id=resource.id,
            name=str(resource.outputs.get("name") or resource.name),
            stages={
                str(s.inputs.get("name") or s.outputs.get("name")): [
                    self._route(r, s, resource) for r in routes
                ]
                for s in stages
            },
            cors=i.get("corsConfiguration") or {},
        )

    def _route(self, route: Resource, stage: Resource, api: Resource) -> Route:
        key = str(route.inputs["routeKey"])
        target = str(route.inputs.get("target") or "")
        integration = self._integrations.get(target.removeprefix("integrations/"))
        if integration is None:
            raise RefusedError(f"route {key} leads to no integration ({target or 'no target'})")
        i = integration.inputs
        kind, version = i.get("integrationType"), i.get("payloadFormatVersion") or "1.0"
        if kind != "AWS_PROXY" or i.get("integrationSubtype") or version != "2.0":
            raise RefusedError(
                f"route {key}: the laptop serves AWS_PROXY with payload format 2.0, not"
                f" {kind} with {version}"
            )
        if str(route.inputs.get("authorizationType") or "NONE") != "NONE":
            raise RefusedError(f"route {key}: the laptop has no authorizers")
        invoked = str(i.get("integrationUri") or "").removesuffix("/invocations")
        invoked = invoked[invoked.find("arn:aws:lambda") :]
        name, qualifier = split_arn(invoked)
        stage_name = str(stage.inputs.get("name") or stage.outputs.get("name"))
        limits = _limits(stage, key)
        return Route(
            key=key,
            function=name if name in self._functions else "",
            qualifier=qualifier,
            invoked=invoked,
            timeout=float(i.get("timeoutMilliseconds") or 30_000) / 1000,
            permitted=self._permitted(name, qualifier, _source(api, stage_name, key)),
            rate=None if limits.get("throttlingRateLimit") is None
            else float(limits["throttlingRateLimit"]),
            burst=int(limits.get("throttlingBurstLimit") or 0),
        )  # fmt: skip

    def _permitted(self, name: str, qualifier: str, source: str) -> bool:
        """Whether a permission of this function (or of this alias) lets the route in."""
        for permission in self._graph.of_type(PERMISSION):
            i = permission.inputs
            named, part = split_arn(str(i["function"]))
            if (
                named == name
                and str(i.get("qualifier") or part) == qualifier
                and i["action"] in ("lambda:InvokeFunction", "lambda:*")
                and i["principal"] == "apigateway.amazonaws.com"
                and fnmatchcase(source, str(i.get("sourceArn") or "*").replace("[", "[[]"))
            ):
                return True
        return False


def _source(api: Resource, stage: str, key: str) -> str:
    """What API Gateway says it is when it invokes: ``.../stage/METHOD/path``."""
    arn = str(api.outputs["executionArn"])
    if key == "$default":
        return f"{arn}/{stage}/$default"
    method, path = key.split(" ", 1)
    return f"{arn}/{stage}/{'*' if method == 'ANY' else method}{path}"


def _limits(stage: Resource, key: str) -> Mapping[str, Any]:
    """The declared throttling of a route: its own, else the stage's."""
    found = dict(stage.inputs.get("defaultRouteSettings") or {})
    for settings in stage.inputs.get("routeSettings") or []:
        if settings.get("routeKey") == key:
            found |= {name: value for name, value in settings.items() if value is not None}
    return found

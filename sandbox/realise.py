"""Answers the program's registrations with real things: the provider of the laptop.

Called by the recording cloud for every resource, in the program's own order. What can be served is
made at once, and its real address goes back into the program; the rest is recorded. Nothing
pretends: every resource ends up in `resources` as served, recorded or refused.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import string
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .awscalls import CALLS, Call, Outputs
from .part import HOST, Part
from .personalize import declared
from .process import PartError
from .servers import Servers
from .state import State

if TYPE_CHECKING:
    from graph import Graph, Resource
    from graph.cloud import Registration

Served = Literal["served", "recorded", "refused"]
_PATIENCE = 60.0  # seconds that a resource waits for its part to start


@dataclass(frozen=True, slots=True)
class Realised:
    """What became of one declared resource."""

    type: str
    name: str
    urn: str
    state: Served
    detail: str = ""


class Realiser:
    """Use it as ``answers`` of `graph.evaluate`; it may be called from several threads."""

    def __init__(self, state: State, servers: Servers) -> None:
        self._state, self.servers = state, servers
        self._postgres, self._valkey, self._aws = servers.postgres, servers.valkey, servers.aws
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._session = botocore.session.Session()
        self._calls: list[Call] = []
        self._up = {part.name: threading.Event() for part in servers}
        self._abandoned = ""
        self.resources: dict[str, Realised] = {}
        self.ports: dict[int, int] = {}  # a declared port -> where that is on the laptop
        self._handlers: dict[str, Callable[[Registration], tuple[str, Outputs | None]]] = {
            "aws:apigatewayv2/api:Api": self._http_api,
            "aws:cloudcontrol/resource:Resource": self._cloud_control,
            "aws:rds/instance:Instance": self._database,
            "aws:elasticache/replicationGroup:ReplicationGroup": self._cache,
            "random:index/randomPassword:RandomPassword": self._password,
            "random:index/randomString:RandomString": self._password,
            "random:index/randomId:RandomId": self._random_id,
            "random:index/randomUuid:RandomUuid": self._random_uuid,
        }

    def part_is_up(self, part: Part) -> None:
        """Tell the resources that wait for a part."""
        self._up[part.name].set()

    def abandon(self, reason: str) -> None:
        """A part will not come up: let whoever waits for it fail at once."""
        self._abandoned = reason
        for event in self._up.values():
            event.set()

    def evaluate(self, project: Path) -> Graph:
        """Run the program, which registers with us; raises PartError. Blocking."""
        # Imported here: Pulumi takes a while, and the parts start meanwhile.
        from graph import EvaluationError, evaluate  # noqa: PLC0415

        try:
            return evaluate("local", answers=self, project=project)
        except EvaluationError as problem:
            raise PartError(f"the program stopped:\n{problem}") from problem

    def __call__(self, registration: Registration) -> Outputs | None:
        """Realise one resource; the outputs it really has, or None."""
        outputs: Outputs | None = None
        try:
            detail, outputs = self._realise(registration)
            served: Served = "recorded" if outputs is None else "served"
        except (ClientError, BotoCoreError, OSError, KeyError, ValueError, RuntimeError) as problem:
            served, detail = "refused", " ".join(str(problem).split())[:300]
        self.mark(registration.type, registration.name, registration.urn, served, detail)
        return outputs

    def mark(self, type_: str, name: str, urn: str, served: Served, detail: str = "") -> None:
        """Say what became of a resource."""
        self.resources[urn] = Realised(type_, name, urn, served, detail)

    def mark_resource(self, resource: Resource, served: Served, detail: str) -> None:
        """The same, for a resource of an evaluated graph."""
        self.mark(resource.type, resource.name, resource.urn, served, detail)

    def mark_rest(self, graph: Graph) -> None:
        """What the graph has besides registrations (children of remote components) is recorded."""
        for resource in graph:
            if resource.urn not in self.resources:
                self.mark(resource.type, resource.name, resource.urn, "recorded")

    def _realise(self, registration: Registration) -> tuple[str, Outputs | None]:
        if handler := self._handlers.get(registration.type):
            return handler(registration)
        if registration.type not in CALLS:
            return "", None
        make, detail = CALLS[registration.type]
        outputs: Outputs = {}
        for call in make(registration):
            outputs |= self._call(call)
        return detail or self._aws.url, outputs

    def _call(self, call: Call) -> Outputs:
        answer = self._ask(call)
        with self._lock:
            self._calls.append(call)
        return call.outputs(answer)

    def _ask(self, call: Call) -> Any:
        self._wait_for(self._aws)
        try:
            return getattr(self._client(call.service), call.method)(**call.parameters)
        except ClientError as refused:
            if refused.response["Error"]["Code"] != call.there:
                raise
            return {}

    def _client(self, service: str, url: str = "") -> Any:
        with self._lock:  # botocore makes clients one at a time
            if service not in self._clients:
                environment = self._aws.environment
                self._clients[service] = self._session.create_client(
                    service,
                    region_name=self._aws.region,
                    endpoint_url=url or self._aws.url,
                    aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
                    aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
                    config=Config(retries={"total_max_attempts": 2}, read_timeout=20),
                )
            return self._clients[service]

    def _wait_for(self, part: Part) -> None:
        if not self._up[part.name].wait(_PATIENCE) or self._abandoned:
            raise PartError(self._abandoned or f"{part.name} is not up")

    def replay(self) -> None:
        """Make everything at AWS again, after its server came back empty. Blocking."""
        with self._lock:
            calls = list(self._calls)
        for call in calls:
            self._ask(call)

    def _database(self, r: Registration) -> tuple[str, Outputs]:
        self._wait_for(self._postgres)
        endpoint: Outputs = {
            "address": HOST,
            "port": self._postgres.port,
            "endpoint": self._postgres.address,
        }
        if r.inputs.get("replicateSourceDb"):
            return f"{self._postgres.address}, the primary itself", endpoint
        user = str(r.inputs.get("username") or "postgres")
        database = str(r.inputs.get("dbName") or "postgres")
        password = r.inputs.get("password") or self._state.value(
            f"password of {r.urn}", lambda: secrets.token_urlsafe(24)
        )
        asyncio.run(self._postgres.provision(user, password, database))
        self.ports[int(r.inputs.get("port") or 5432)] = self._postgres.port
        if r.inputs.get("manageMasterUserPassword"):
            name = f"rds!{r.outputs.get('identifier', r.name)}"
            arn = self._call(
                Call(
                    "secretsmanager",
                    "create_secret",
                    {
                        "Name": name,
                        "SecretString": json.dumps({"username": user, "password": password}),
                    },
                    lambda answer: {"arn": answer["ARN"]},
                )
            )["arn"]
            told = (r.outputs.get("masterUserSecrets") or [{}])[0]
            endpoint["masterUserSecrets"] = [{**told, "secretArn": arn}]
        return f"PostgreSQL {self._postgres.version} at {self._postgres.address}, no TLS", endpoint

    def _cache(self, r: Registration) -> tuple[str, Outputs]:
        self._wait_for(self._valkey)
        token = str(r.inputs.get("authToken") or "")
        self._valkey.set_password(token)
        said = "with its password" if token else "no password"
        self.ports[int(r.inputs.get("port") or 6379)] = self._valkey.port
        detail = f"Valkey {self._valkey.version} at {self._valkey.address}, {said}, no TLS"
        return detail, {
            "primaryEndpointAddress": HOST,
            "readerEndpointAddress": HOST,
            "port": self._valkey.port,
        }

    def _cloud_control(self, r: Registration) -> tuple[str, Outputs | None]:
        type_name, state = str(r.inputs["typeName"]), json.loads(r.inputs["desiredState"])
        if not type_name.startswith("AWS::Personalize::"):
            return "", None
        personalize = self.servers.demand_personalize()
        self._wait_for(personalize)
        made = declared.ensure(self._client("personalize", personalize.url), type_name, state, r.id)
        arn = made[f"{type_name.rpartition(':')[2]}Arn"]
        return personalize.url, {"id": arn, "properties": json.dumps(made)}

    def _http_api(self, r: Registration) -> tuple[str, Outputs]:
        """Only its address; `sandbox.functions` serves it, or says why not."""
        endpoint = f"http://{HOST}:{self._state.port(f'api {r.name}')}"
        return endpoint, {"apiEndpoint": endpoint}

    def _password(self, r: Registration) -> tuple[str, Outputs]:
        """Of the declared length and kinds of characters; kept, as Pulumi's state would."""
        wanted = r.inputs
        kinds = [
            characters
            for key, characters in (
                ("lower", string.ascii_lowercase),
                ("upper", string.ascii_uppercase),
                ("number", string.digits),
                ("numeric", string.digits),
                ("special", str(wanted.get("overrideSpecial") or "!@#$%&*()-_=+[]{}<>:?")),
            )
            if wanted.get(key, True) and characters
        ]
        length = int(wanted.get("length") or 32)

        def make() -> str:
            chosen = [secrets.choice(kind) for kind in kinds][:length]
            everything = "".join(kinds)
            chosen += [secrets.choice(everything) for _ in range(length - len(chosen))]
            secrets.SystemRandom().shuffle(chosen)
            return "".join(chosen)

        key = f"{r.urn} {json.dumps(wanted, sort_keys=True)}"
        return "kept in the sandbox's state", {"result": self._state.value(key, make)}

    def _random_id(self, r: Registration) -> tuple[str, Outputs]:
        length = int(r.inputs.get("byteLength") or 8)
        value = self._state.value(f"id of {r.urn}", lambda: secrets.token_hex(length))
        return "kept in the sandbox's state", {"hex": value, "dec": str(int(value, 16))}

    def _random_uuid(self, r: Registration) -> tuple[str, Outputs]:
        value = self._state.value(f"uuid of {r.urn}", lambda: str(uuid.uuid4()))
        return "kept in the sandbox's state", {"result": value, "id": value}

    def listing(self) -> list[dict[str, str]]:
        """For `status`, in the program's order."""
        return [
            {"type": r.type, "name": r.name, "urn": r.urn, "state": r.state, "detail": r.detail}
            for r in self.resources.values()
        ]

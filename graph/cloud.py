"""The recording cloud: Pulumi's mock monitor, made to see options and to refuse the unknown.

`Mocks.new_resource` hides parent, protect, aliases and dependencies; the RegisterResource request
that the monitor receives has them. There is exactly one implementation of this, for tests, policy,
plan and sandbox alike.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2

from . import eks, lookups, outputs
from .model import Options, Resource
from .subject import Subject
from .wire import REFERENCE, plain, secret_paths, to_struct


@dataclass(frozen=True)
class Registration:
    """A resource at the moment it is registered, before it has outputs."""

    type: str
    name: str
    urn: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]  # what the recording cloud would answer
    id: str
    ignore_changes: tuple[str, ...] = ()


# Outputs (camelCase, optionally with "id") that replace or complete the recording cloud's own.
Answers = Callable[[Registration], "dict[str, Any] | None"]


class UnansweredError(Exception):
    """The program asked for something that the recording cloud has no realistic answer to."""


class _NoMocks(mocks.Mocks):
    """The base class wants mocks; this monitor answers by itself."""

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise UnansweredError(f"lookup {args.token} is not answered by graph/lookups.py")

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        raise UnansweredError(f"{args.typ} {args.name} went past the recording monitor")


class RecordingMonitor(mocks.MockMonitor):
    """Records every registration and answers with realistic outputs."""

    def __init__(self, project: str, stack: str, region: str, answers: Answers | None) -> None:
        super().__init__(_NoMocks())
        self.project, self.stack, self.region = project, stack, region
        self.answers = answers
        self.recorded: dict[str, Resource] = {}
        self.exports: dict[str, Any] = {}
        self.problems: list[str] = []
        self.lock = threading.Lock()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As the engine does: the types of all ancestors but the stack, joined by ``$``."""
        chain = parent.split("::")[2] if parent else ""
        if chain and chain != "pulumi:pulumi:Stack":
            type_ = f"{chain}${type_}"
        return f"urn:pulumi:{self.stack}::{self.project}::{type_}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Record one resource and answer with its id and outputs."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if urn in self.recorded:
            raise self._problem(f"two resources share the URN {urn}")
        inputs = plain(request.object)
        wanted = {key: tuple(d.urns) for key, d in request.propertyDependencies.items()}
        self._refuse_unanswered(request, inputs, wanted)
        ignored = tuple(request.ignoreChanges)
        id_, state = self._answer(
            urn, request.type, request.name, inputs, custom=request.custom, ignored=ignored
        )
        resource = Resource(
            type=request.type,
            name=request.name,
            urn=urn,
            id=id_,
            parent="" if "pulumi:pulumi:Stack::" in request.parent else request.parent,
            custom=request.custom,
            inputs=inputs,
            outputs=state,
            secrets=secret_paths(request.object),
            dependencies=frozenset(request.dependencies),
            property_dependencies=wanted,
            options=_options(request, wanted),
        )
        children = eks.children(resource) if request.remote else {}
        with self.lock:
            self.recorded[urn] = resource
            for child in children.values():
                self.recorded[child.urn] = child
                self.resources[child.urn] = self.ResourceRegistration(
                    child.urn, child.id, {**child.inputs, **child.outputs}
                )
            self.resources[urn] = self.ResourceRegistration(urn, id_, state)
        references = {
            key: {**REFERENCE, "urn": child.urn, "id": child.id} for key, child in children.items()
        }
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=id_, object=to_struct({**state, **references})
        )

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """Record a resource that the program looks up by its id."""
        urn = self.make_urn(request.parent, request.type, request.name)
        inputs = plain(request.properties)
        _, state = self._answer(urn, request.type, request.name, inputs, custom=True)
        resource = Resource(
            type=request.type,
            name=request.name,
            urn=urn,
            id=request.id,
            parent=request.parent,
            custom=True,
            inputs=inputs,
            outputs=state,
            read=True,
        )
        with self.lock:
            self.recorded[urn] = resource
            self.resources[urn] = self.ResourceRegistration(urn, request.id, state)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=to_struct(state))

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """Answer a provider lookup, or refuse it by name."""
        arguments = plain(request.args)
        if request.tok == "pulumi:pulumi:getResource":
            known = self.resources[arguments["urn"]]
            found = {"urn": known.urn, "id": known.id, "state": known.state}
            return _response(found)
        answer = lookups.lookup(request.tok, arguments, self.region)
        if answer is None:
            raise self._problem(
                f"lookup {request.tok}({arguments}) has no answer; add a realistic one to "
                "graph/lookups.py, or better, pass the value in the stack's settings"
            )
        return _response(answer)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Keep what the stack exports."""
        if "pulumi:pulumi:Stack::" in request.urn:
            self.exports = plain(request.outputs)
        return empty_pb2.Empty()

    def _problem(self, message: str) -> UnansweredError:
        """Also kept aside: Pulumi wraps what a monitor raises beyond recognition."""
        self.problems.append(message)
        return UnansweredError(message)

    def _answer(
        self,
        urn: str,
        type_: str,
        name: str,
        inputs: dict[str, Any],
        *,
        custom: bool,
        ignored: tuple[str, ...] = (),
    ) -> tuple[str, dict[str, Any]]:
        id_, state = outputs.realistic(
            Subject(type=type_, name=name, urn=urn, inputs=inputs, region=self.region),
            custom=custom,
        )
        if self.answers is not None:
            told = Registration(type_, name, urn, inputs, state, id_, ignored)
            extra = self.answers(told) or {}
            id_ = extra.get("id", id_)
            state = {**state, **extra}
        return id_, state

    def _refuse_unanswered(
        self, request: Any, inputs: dict[str, Any], wanted: dict[str, tuple[str, ...]]
    ) -> None:
        """An output without an answer reaches inputs as None: silent in mocks, an error here."""
        for key, urns in wanted.items():
            if not urns:
                continue
            if _is_empty(inputs.get(key)):
                sources = ", ".join(urn.split("::", 2)[2] for urn in urns)
                raise self._problem(
                    f"input {key} of {request.type} {request.name} is empty, because an output of "
                    f"{sources} has no answer in graph/outputs.py"
                )


def _response(answer: dict[str, Any]) -> Any:
    fields: dict[str, Any] = {"return": to_struct(answer)}  # a keyword in Python
    return resource_pb2.ResourceInvokeResponse(**fields)


def _is_empty(value: Any) -> bool:
    if isinstance(value, list):
        return any(_is_empty(item) for item in value)
    return value is None or value == "None"


def _options(request: Any, wanted: dict[str, tuple[str, ...]]) -> Options:
    implied = {urn for urns in wanted.values() for urn in urns}
    timeouts = request.customTimeouts
    return Options(
        protect=request.protect,
        depends_on=tuple(sorted(set(request.dependencies) - implied)),
        aliases=tuple(
            {"urn": a.urn} if a.urn else {f.name: v for f, v in a.spec.ListFields()}
            for a in request.aliases
        ),
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        delete_before_replace=request.deleteBeforeReplace,
        retain_on_delete=request.retainOnDelete,
        provider=request.provider,
        import_id=request.importId,
        timeouts={
            key: getattr(timeouts, key)
            for key in ("create", "update", "delete")
            if getattr(timeouts, key)
        },
    )


__all__ = ["Answers", "RecordingMonitor", "Registration", "UnansweredError"]

"""Reads Deployments and Jobs of the graph as local processes.

Only what the program declares reaches a process: command, arguments, environment from ConfigMaps,
probes, replicas, grace. What a cluster adds by itself (the pod's name, AWS credentials through Pod
Identity) is added here in the same way, and to the same pods only.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graph import Graph, Resource

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
JOB = "kubernetes:batch/v1:Job"
AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
SERVICE = "kubernetes:core/v1:Service"
ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"


class RefusedError(Exception):
    """The laptop cannot run this; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpProbe:
    """A declared httpGet probe; times in seconds."""

    path: str
    period: float
    failures: int
    successes: int
    delay: float
    timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """How a Deployment replaces its pods: so many more, or fewer, than declared; times in s."""

    recreate: bool
    surge: int
    unavailable: int
    ready_seconds: float
    progress: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One declared container, to be run ``replicas`` times (a Job: once, to its end)."""

    resource: Resource
    name: str
    namespace: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    replicas: int
    grace: float
    identity: bool  # has AWS credentials through Pod Identity
    startup: HttpProbe | None
    readiness: HttpProbe | None
    liveness: HttpProbe | None
    retries: int  # Jobs: how often a failed one is tried again
    deadline: float | None  # Jobs: seconds
    listens: bool
    pre_stop: float  # seconds that a pod serves on after it was told to go
    rollout: Rollout


def _name(resource: Resource) -> str:
    metadata = resource.outputs.get("metadata") or resource.inputs.get("metadata") or {}
    return str(metadata.get("name") or resource.name)


def _namespace(resource: Resource) -> str:
    metadata = resource.outputs.get("metadata") or resource.inputs.get("metadata") or {}
    return str(metadata.get("namespace") or "default")


def full_name(resource: Resource) -> tuple[str, str]:
    """Namespace and name."""
    return _namespace(resource), _name(resource)


class Reader:
    """Looks up what pods refer to."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._maps = {
            (_namespace(r), _name(r)): {k: str(v) for k, v in (r.inputs.get("data") or {}).items()}
            for r in graph.of_type(CONFIG_MAP)
        }
        self._identities = {
            (r.inputs.get("namespace"), r.inputs.get("serviceAccount"))
            for r in graph.of_type(ASSOCIATION)
        }

    def pod(self, resource: Resource) -> Pod:
        """The pod of a Deployment or Job; raises RefusedError."""
        spec = resource.inputs.get("spec") or {}
        template = spec.get("template") or {}
        inner = template.get("spec") or {}
        containers = inner.get("containers") or []
        if len(containers) != 1 or inner.get("initContainers"):
            raise RefusedError("only pods of one container run on the laptop")
        container = containers[0]
        namespace, name = _namespace(resource), _name(resource)
        # A Job is named by its content, since it cannot be changed; its log needs a steady name.
        steady = re.sub(r"-[0-9a-f]{7,10}$", "", name)
        grace = inner.get("terminationGracePeriodSeconds")
        replicas = self._replicas(spec, name)
        return Pod(
            resource=resource,
            name=steady,
            namespace=namespace,
            argv=_argv(container),
            environment=self._environment(container, namespace, name, inner),
            labels=(template.get("metadata") or {}).get("labels") or {},
            replicas=replicas,
            grace=30.0 if grace is None else float(grace),
            identity=(namespace, inner.get("serviceAccountName") or "default") in self._identities,
            startup=_probe(container, "startupProbe"),
            readiness=_probe(container, "readinessProbe"),
            liveness=_probe(container, "livenessProbe"),
            retries=int(spec.get("backoffLimit", 6)),
            deadline=spec.get("activeDeadlineSeconds"),
            listens=bool(container.get("ports")),
            pre_stop=_pre_stop(container),
            rollout=_rollout(spec, replicas),
        )

    def used_by(self, pod: Pod) -> list[Resource]:
        """ConfigMaps and identities that the pod takes its environment from."""
        inner = pod.resource.inputs["spec"]["template"]["spec"]
        container = inner["containers"][0]
        names = {
            (source.get("configMapRef") or {}).get("name")
            for source in container.get("envFrom") or []
        } | {
            ((entry.get("valueFrom") or {}).get("configMapKeyRef") or {}).get("name")
            for entry in container.get("env") or []
        }
        account = inner.get("serviceAccountName") or "default"
        return [
            *(
                r
                for r in self._graph.of_type(CONFIG_MAP)
                if _namespace(r) == pod.namespace and _name(r) in names
            ),
            *(
                r
                for r in self._graph.of_type(ASSOCIATION)
                if (r.inputs.get("namespace"), r.inputs.get("serviceAccount"))
                == (pod.namespace, account)
            ),
        ]

    def served_by_service(self, pod: Pod) -> list[Resource]:
        """Services whose selector matches the pod."""
        return [
            service
            for service in self._graph.of_type(SERVICE)
            if _namespace(service) == pod.namespace
            and (selector := (service.inputs.get("spec") or {}).get("selector"))
            and all(pod.labels.get(key) == value for key, value in selector.items())
        ]

    def _replicas(self, spec: Mapping[str, Any], name: str) -> int:
        for autoscaler in self._graph.of_type(AUTOSCALER):
            scaled = autoscaler.inputs.get("spec") or {}
            if (scaled.get("scaleTargetRef") or {}).get("name") == name:
                return int(scaled.get("minReplicas", 1))
        return int(spec.get("replicas", 1))

    def _environment(
        self, container: Mapping[str, Any], namespace: str, name: str, pod: Mapping[str, Any]
    ) -> dict[str, str]:
        found: dict[str, str] = {}
        for source in container.get("envFrom") or []:
            prefix = source.get("prefix", "")
            if (reference := source.get("configMapRef")) is None:
                raise RefusedError("envFrom other than a ConfigMap")
            data = self._map(namespace, reference)
            found.update({f"{prefix}{key}": value for key, value in data.items()})
        for entry in container.get("env") or []:
            value = self._value(entry, namespace, name, pod)
            if value is not None:
                found[entry["name"]] = re.sub(
                    r"\$\(([A-Za-z_]\w*)\)", lambda m: found.get(m[1], m[0]), value
                )
        return found

    def _map(self, namespace: str, reference: Mapping[str, Any]) -> Mapping[str, str]:
        data = self._maps.get((namespace, str(reference.get("name"))))
        if data is None:
            if reference.get("optional"):
                return {}
            raise RefusedError(f"there is no ConfigMap {reference.get('name')} in {namespace}")
        return data

    def _value(
        self, entry: Mapping[str, Any], namespace: str, name: str, pod: Mapping[str, Any]
    ) -> str | None:
        source = entry.get("valueFrom")
        if source is None:
            return str(entry.get("value") or "")
        if (reference := source.get("configMapKeyRef")) is not None:
            value = self._map(namespace, reference).get(str(reference.get("key")))
            if value is None and not reference.get("optional"):
                raise RefusedError(f"ConfigMap {reference['name']} has no {reference.get('key')}")
            return value
        if (reference := source.get("fieldRef")) is not None:
            fields = {
                "metadata.name": name,
                "metadata.namespace": namespace,
                "spec.serviceAccountName": str(pod.get("serviceAccountName") or "default"),
                "spec.nodeName": "laptop",
                "status.podIP": "127.0.0.1",
                "status.hostIP": "127.0.0.1",
            }
            if (value := fields.get(str(reference.get("fieldPath")))) is not None:
                return value
        raise RefusedError(f"the laptop has no answer to {entry['name']} from {source}")


def _argv(container: Mapping[str, Any]) -> tuple[str, ...]:
    argv = [*(container.get("command") or []), *(container.get("args") or [])]
    if not argv or not re.fullmatch(r"python3?(\.\d+)?", str(argv[0]).rpartition("/")[2]):
        raise RefusedError(f"the laptop runs Python commands only, not {argv or 'the image'}")
    return (sys.executable, *(str(word) for word in argv[1:]))


def _probe(container: Mapping[str, Any], kind: str) -> HttpProbe | None:
    declared = container.get(kind)
    if declared is None:
        return None
    get = declared.get("httpGet")
    if get is None:
        raise RefusedError(f"{kind} is no httpGet")
    ports = {p.get("name"): p.get("containerPort") for p in container.get("ports") or []}
    port = get.get("port")
    if port not in ports and port not in ports.values():
        raise RefusedError(f"{kind} asks port {port!r}, which the container does not have")
    return HttpProbe(
        path=str(get.get("path") or "/"),
        period=float(declared.get("periodSeconds") or 10),
        failures=int(declared.get("failureThreshold") or 3),
        successes=int(declared.get("successThreshold") or 1),
        delay=float(declared.get("initialDelaySeconds") or 0),
        timeout=float(declared.get("timeoutSeconds") or 1),
    )


def _pre_stop(container: Mapping[str, Any]) -> float:
    hook = (container.get("lifecycle") or {}).get("preStop")
    if not hook:
        return 0.0
    if "sleep" not in hook:
        raise RefusedError(f"the laptop's pods only sleep before they stop, not {sorted(hook)}")
    return float(hook["sleep"]["seconds"])


def _rollout(spec: Mapping[str, Any], replicas: int) -> Rollout:
    strategy = spec.get("strategy") or {}
    told = strategy.get("rollingUpdate") or {}
    surge = _share(told.get("maxSurge", "25%"), replicas, up=True)
    unavailable = _share(told.get("maxUnavailable", "25%"), replicas, up=False)
    return Rollout(
        recreate=strategy.get("type") == "Recreate",
        surge=surge,
        # As Kubernetes resolves two zeros: something has to move.
        unavailable=unavailable if surge or unavailable else 1,
        ready_seconds=float(spec.get("minReadySeconds") or 0),
        progress=float(spec.get("progressDeadlineSeconds") or 600),
    )


def _share(told: Any, replicas: int, *, up: bool) -> int:
    """A number, or per cent of the replicas: surge is rounded up, unavailable down."""
    if not isinstance(told, str):
        return int(told)
    exact = int(told.removesuffix("%")) * replicas
    return -(-exact // 100) if up else exact // 100

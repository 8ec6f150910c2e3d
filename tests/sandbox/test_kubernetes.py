"""How Deployments and Jobs are read: what is declared, and what is refused."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from graph import Graph, Resource
from sandbox.kubernetes import (
    AUTOSCALER,
    CONFIG_MAP,
    DEPLOYMENT,
    SERVICE,
    Reader,
    RefusedError,
)


def resource(type_: str, name: str, **inputs: Any) -> Resource:
    metadata = {"namespace": "shop", "name": name, **inputs.pop("metadata", {})}
    return Resource(
        type=type_,
        name=f"web-{name}",
        urn=f"urn:{type_}:{name}",
        id=name,
        parent="",
        custom=True,
        inputs=inputs,
        outputs={"metadata": metadata},
    )


def deployment(**container: Any) -> Resource:
    declared = {"name": "c", "command": ["python", "-m", "storefront"], **container}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [declared]}}
    return resource(DEPLOYMENT, "web", spec={"replicas": 3, "template": template})


def reader(*resources: Resource) -> Reader:
    return Reader(Graph(stack="local", project="shop", resources=resources, exports={}))


CONFIG = resource(CONFIG_MAP, "config", data={"HOST": "db", "PORT_NUMBER": "1"})


def test_the_environment_is_what_kubernetes_would_make_of_it() -> None:
    pod = reader(CONFIG).pod(
        deployment(
            envFrom=[
                {"configMapRef": {"name": "config"}, "prefix": "DB_"},
                {"configMapRef": {"name": "not-there", "optional": True}},
            ],
            env=[
                {"name": "URL", "value": "http://$(DB_HOST)/$(UNKNOWN)"},
                {"name": "DB_HOST", "value": "overridden"},
                {"name": "WHERE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
                {
                    "name": "ONE",
                    "valueFrom": {"configMapKeyRef": {"name": "config", "key": "PORT_NUMBER"}},
                },
                {
                    "name": "NONE",
                    "valueFrom": {
                        "configMapKeyRef": {"name": "config", "key": "NO", "optional": True}
                    },
                },
            ],
        )
    )
    assert pod.environment == {
        "DB_HOST": "overridden",
        "DB_PORT_NUMBER": "1",
        "URL": "http://db/$(UNKNOWN)",
        "WHERE": "shop",
        "ONE": "1",
    }
    assert pod.argv == (sys.executable, "-m", "storefront")
    assert pod.replicas == 3
    assert pod.grace == 30
    assert not pod.identity


@pytest.mark.parametrize(
    ("container", "reason"),
    [
        ({"envFrom": [{"configMapRef": {"name": "gone"}}]}, "no ConfigMap gone in shop"),
        ({"envFrom": [{"secretRef": {"name": "s"}}]}, "other than a ConfigMap"),
        (
            {
                "env": [
                    {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "config", "key": "B"}}}
                ]
            },
            "ConfigMap config has no B",
        ),
        (
            {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]},
            "no answer to A",
        ),
        ({"command": ["/bin/server"]}, "Python commands only"),
        ({"command": None}, "Python commands only"),
        ({"lifecycle": {"preStop": {"exec": {"command": ["x"]}}}}, "only sleep before they stop"),
        ({"livenessProbe": {"exec": {"command": ["true"]}}}, "livenessProbe is no httpGet"),
        (
            {
                "ports": [{"name": "http", "containerPort": 8080}],
                "readinessProbe": {"httpGet": {"path": "/", "port": "web"}},
            },
            "port 'web', which the container does not have",
        ),
    ],
)
def test_what_the_laptop_cannot_do_is_refused_by_name(
    container: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RefusedError, match=reason):
        reader(CONFIG).pod(deployment(**container))


def test_probes_have_kubernetes_defaults() -> None:
    pod = reader().pod(
        deployment(
            ports=[{"name": "http", "containerPort": 8080}],
            readinessProbe={"httpGet": {"path": "/readyz", "port": 8080}, "periodSeconds": 2},
        )
    )
    assert pod.startup is None
    probe = pod.readiness
    assert probe is not None
    assert (probe.path, probe.period, probe.failures, probe.timeout) == ("/readyz", 2, 3, 1)


@pytest.mark.parametrize(
    ("replicas", "told", "surge", "unavailable"),
    [
        (3, {}, 1, 0),  # Kubernetes' defaults: a quarter, rounded up and down
        (8, {}, 2, 2),
        (2, {"maxSurge": "25%", "maxUnavailable": 0}, 1, 0),
        (2, {"maxSurge": 0, "maxUnavailable": "10%"}, 0, 1),
    ],
)
def test_a_rollout_is_what_kubernetes_would_make_of_it(
    replicas: int, told: dict[str, Any], surge: int, unavailable: int
) -> None:
    declared = deployment(lifecycle={"preStop": {"sleep": {"seconds": 7}}})
    spec = declared.inputs["spec"]
    spec |= {"replicas": replicas, "minReadySeconds": 4}
    spec["strategy"] = {"type": "RollingUpdate", "rollingUpdate": told}
    pod = reader().pod(declared)
    assert (pod.rollout.surge, pod.rollout.unavailable) == (surge, unavailable)
    assert (pod.pre_stop, pod.rollout.ready_seconds, pod.rollout.recreate) == (7, 4, False)


def test_an_autoscaler_decides_how_many() -> None:
    scaled = {"scaleTargetRef": {"name": "web"}, "minReplicas": 2, "maxReplicas": 9}
    assert reader(resource(AUTOSCALER, "web", spec=scaled)).pod(deployment()).replicas == 2


def test_a_service_finds_its_pods_by_label() -> None:
    chosen = resource(SERVICE, "web", spec={"selector": {"app": "web"}})
    other = resource(SERVICE, "other", spec={"selector": {"app": "web", "tier": "x"}})
    elsewhere = resource(
        SERVICE, "far", spec={"selector": {"app": "web"}}, metadata={"namespace": "far"}
    )
    found = reader(chosen, other, elsewhere)
    assert found.served_by_service(found.pod(deployment())) == [chosen]

"""Pods as data: the same locked-down container for all, with what differs passed in."""

from __future__ import annotations

from pulumi import Input
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    PodTemplateSpecArgsDict,
    ProbeArgsDict,
    ResourceRequirementsArgsDict,
)

from settings import WorkloadSettings

from .environment import PORT

USER = 10001  # the image's own user; high, so that it is nobody on the node
# A pod is still sent requests for a moment after it was told to stop.
PRE_STOP_SECONDS = 10
WEB_GRACE_SECONDS = 45
# Until the load balancer has found a new pod healthy, an old one must not go: Auto Mode's
# controller has no readiness gates.
WEB_READY_SECONDS = 30
WORKER_GRACE_SECONDS = 60


def labels(part: str) -> dict[str, str]:
    """What selects the pods of one part."""
    return {"app.kubernetes.io/name": "storefront", "app.kubernetes.io/component": part}


def resources(settings: WorkloadSettings) -> ResourceRequirementsArgsDict:
    """Asked for, and at most."""
    return {
        "requests": {"cpu": settings.cpu_request, "memory": settings.memory},
        "limits": {"cpu": settings.cpu_limit, "memory": settings.memory},
    }


def container(
    *,
    command: str,
    image: Input[str],
    config_name: Input[str],
    size: ResourceRequirementsArgsDict,
) -> ContainerArgsDict:
    """One command of the storefront: no root, no privileges, nothing to write to but /tmp."""
    return {
        "name": command,
        "image": image,
        "command": ["python", "-m", "storefront", command],
        "env_from": [{"config_map_ref": {"name": config_name}}],
        "resources": size,
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volume_mounts": [{"name": "tmp", "mount_path": "/tmp"}],  # noqa: S108 - the pod's own
        "termination_message_policy": "FallbackToLogsOnError",
    }


def serving(it: ContainerArgsDict) -> ContainerArgsDict:
    """The container with its port and the questions that Kubernetes asks there."""
    return {
        **it,
        "env": [{"name": "PORT", "value": str(PORT)}],
        "ports": [{"name": "http", "container_port": PORT}],
        # Two minutes to start: the database may be failing over at that moment.
        "startup_probe": _probe("/readyz", period=2, failures=60),
        "readiness_probe": _probe("/readyz", period=5, failures=2),
        "liveness_probe": _probe("/healthz", period=10, failures=3),
    }


def draining(it: ContainerArgsDict) -> ContainerArgsDict:
    """The container waits, still serving, until nobody sends it requests any more."""
    return {**it, "lifecycle": {"pre_stop": {"sleep": {"seconds": PRE_STOP_SECONDS}}}}


def pod(
    part: str,
    account: Input[str],
    it: ContainerArgsDict,
    *,
    grace_seconds: int,
    restart_policy: str = "Always",
) -> PodTemplateSpecArgsDict:
    """A pod of one container under the `restricted` standard, spread over zones and nodes."""
    return {
        "metadata": {"labels": labels(part)},
        "spec": {
            "service_account_name": account,
            "automount_service_account_token": False,
            "enable_service_links": False,
            "security_context": {
                "run_as_non_root": True,
                "run_as_user": USER,
                "run_as_group": USER,
                "fs_group": USER,
                "seccomp_profile": {"type": "RuntimeDefault"},
            },
            "restart_policy": restart_policy,
            "termination_grace_period_seconds": grace_seconds,
            "containers": [it],
            "volumes": [{"name": "tmp", "empty_dir": {"size_limit": "64Mi"}}],
            "topology_spread_constraints": [
                # Preferred, not required: with a zone down, pods must still find a place.
                {
                    "max_skew": 1,
                    "topology_key": key,
                    "when_unsatisfiable": "ScheduleAnyway",
                    "label_selector": {"match_labels": labels(part)},
                    "match_label_keys": ["pod-template-hash"],
                }
                for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
            ],
        },
    }


def _probe(path: str, *, period: int, failures: int) -> ProbeArgsDict:
    return {
        "http_get": {"path": path, "port": "http"},
        "period_seconds": period,
        "timeout_seconds": 2,
        "failure_threshold": failures,
    }

"""What runs in the cluster: the migration first, then the storefront and its worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_kubernetes as k8s
from pulumi import Input, Output, Resource, ResourceOptions
from pulumi_kubernetes.core.v1 import ContainerArgsDict
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components.data_tier import DataLinks
from components.recommendations import StoreLinks
from settings import WebSettings, WorkloadSettings

from . import manifests
from .cluster import Cluster
from .environment import PORT, Told, database_environment, environment, named_by_content
from .identities import Identities, Identity

CPU_PERCENT = 65  # of what a pod asked for; above it another pod comes
DAY = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Workloads:
    """Makes the workloads of one namespace."""

    name: str
    settings: WebSettings
    image: Input[str]
    data: DataLinks
    records: StoreLinks
    told: Told
    cluster: Cluster
    identities: Identities

    def config(self) -> Output[str]:
        """The name of the pods' ConfigMap."""
        told = environment(self.settings, self.data, self.records, self.told)
        return self._config("storefront", told)

    def migrate(self, ways: Sequence[Resource]) -> Resource:
        """The Job that brings the schema to where the image expects it, once an image.

        ``ways`` are what must be there before it can run and reach the database and its secrets.
        """
        identity, database = self.identities.migrate, self.data.database
        told = {
            **database_environment(self.settings, self.data),
            "DATABASE_MASTER_SECRET_ARN": database.master_secret_arn,
        }
        container = manifests.container(
            command="migrate",
            image=self.image,
            config_name=self._config("migrate", told),
            size=manifests.resources(self.settings.worker),
        )
        return k8s.batch.v1.Job(
            f"{self.name}-migrate",
            metadata=self._named(named_by_content("migrate", self.image)),
            spec={
                "backoff_limit": 4,
                "active_deadline_seconds": 900,
                "ttl_seconds_after_finished": DAY,  # time to read its log
                "template": manifests.pod(
                    "migrate",
                    identity.account,
                    container,
                    grace_seconds=30,
                    restart_policy="Never",
                ),
            },
            # Hidden dependencies: nothing in the Job's manifest mentions nodes, rules, identities.
            opts=self._after(identity.binding, *ways),
        )

    def storefront(self, config: Input[str], migration: Resource) -> Output[str]:
        """The web pods and the name of the Service before them."""
        settings, part = self.settings.storefront, "web"
        container = manifests.container(
            command=part,
            image=self.image,
            config_name=config,
            size=manifests.resources(settings),
        )
        self._deployment(
            part,
            settings,
            self.identities.storefront,
            manifests.draining(manifests.serving(container)),
            manifests.WEB_GRACE_SECONDS,
            migration,
            ready_seconds=manifests.WEB_READY_SECONDS,
        )
        service = k8s.core.v1.Service(
            f"{self.name}-{part}",
            metadata=self._named(part),
            spec={
                "type": "ClusterIP",
                "selector": manifests.labels(part),
                "ports": [{"name": "http", "port": PORT, "target_port": "http"}],
            },
            opts=self.cluster.inside,
        )
        return service.metadata.name

    def worker(self, config: Input[str], migration: Resource) -> None:
        """The pods that do what may wait: events, fulfilment, mail."""
        settings, part = self.settings.worker, "worker"
        container = manifests.container(
            command=part,
            image=self.image,
            config_name=config,
            size=manifests.resources(settings),
        )
        self._deployment(
            part,
            settings,
            self.identities.worker,
            manifests.serving(container),
            manifests.WORKER_GRACE_SECONDS,
            migration,
        )

    def _config(self, part: str, told: Mapping[str, Input[str]]) -> Output[str]:
        made = k8s.core.v1.ConfigMap(
            f"{self.name}-{part}",
            metadata=self._named(named_by_content(part, Output.json_dumps(told))),
            data=told,
            immutable=True,
            opts=self.cluster.inside,
        )
        return made.metadata.name

    def _named(self, name: Input[str]) -> ObjectMetaArgsDict:
        return {"name": name, "namespace": self.cluster.namespace}

    def _after(self, *hidden: Resource, ignore_changes: list[str] | None = None) -> ResourceOptions:
        inside = self.cluster.inside
        return ResourceOptions(
            parent=inside.parent,
            provider=inside.provider,
            depends_on=list(hidden),
            ignore_changes=ignore_changes,
        )

    def _deployment(
        self,
        part: str,
        settings: WorkloadSettings,
        identity: Identity,
        container: ContainerArgsDict,
        grace_seconds: int,
        migration: Resource,
        *,
        ready_seconds: int = 0,
    ) -> None:
        deployment = k8s.apps.v1.Deployment(
            f"{self.name}-{part}",
            metadata={**self._named(part), "labels": manifests.labels(part)},
            spec={
                "replicas": settings.replicas.min,
                "min_ready_seconds": ready_seconds,
                "revision_history_limit": 3,
                "progress_deadline_seconds": 600,
                "strategy": {
                    "type": "RollingUpdate",
                    "rolling_update": {"max_unavailable": 0, "max_surge": "25%"},
                },
                "selector": {"match_labels": manifests.labels(part)},
                "template": manifests.pod(
                    part, identity.account, container, grace_seconds=grace_seconds
                ),
            },
            # Hidden dependencies: the schema must fit the image, and pods that start before
            # their identity is bound stay without credentials. The autoscaler owns the number of
            # pods once they run.
            opts=self._after(migration, identity.binding, ignore_changes=["spec.replicas"]),
        )
        k8s.policy.v1.PodDisruptionBudget(
            f"{self.name}-{part}",
            metadata=self._named(part),
            spec={
                "max_unavailable": 1,
                "selector": {"match_labels": manifests.labels(part)},
                # A pod that does not work anyway must not keep a node from being replaced.
                "unhealthy_pod_eviction_policy": "AlwaysAllow",
            },
            opts=self.cluster.inside,
        )
        k8s.autoscaling.v2.HorizontalPodAutoscaler(
            f"{self.name}-{part}",
            metadata=self._named(part),
            spec={
                "scale_target_ref": {
                    "api_version": "apps/v1",
                    "kind": "Deployment",
                    "name": deployment.metadata.name,
                },
                "min_replicas": settings.replicas.min,
                "max_replicas": settings.replicas.max,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {
                            "name": "cpu",
                            "target": {"type": "Utilization", "average_utilization": CPU_PERCENT},
                        },
                    }
                ],
            },
            opts=self.cluster.inside,
        )

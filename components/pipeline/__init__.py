"""Pipeline: how a change gets to where the shop runs, and back when it is a bad one."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from components import buckets, keys
from components.balancer import BalancerLinks
from components.data_tier import DataLinks
from components.links import plain
from components.network import NetworkLinks
from components.recommendations import RecommendationsLinks
from components.registry import RegistryLinks
from components.web_tier import WebLinks
from settings import PipelineSettings, SourceSettings, StateSettings

from .alarms import too_many_failures, topic
from .functions import GradualLinks, gradual
from .github import GitHubLinks, github
from .ground import Ground
from .instances import InstancesLinks, instances
from .projects import Projects
from .pull_requests import pull_requests
from .stages import pipeline

__all__ = ["GradualLinks", "InstancesLinks", "Pipeline", "PipelineArgs", "PipelineLinks"]

ARTIFACT_DAYS = 90  # a source archive and its bill of materials


@dataclass(frozen=True, kw_only=True)
class PipelineArgs:
    """The pipeline's own settings, and everything that is deployed or watched."""

    settings: PipelineSettings
    network: NetworkLinks
    data: DataLinks
    registry: RegistryLinks
    balancer: BalancerLinks
    web: WebLinks
    recommendations: RecommendationsLinks


@dataclass(frozen=True, kw_only=True)
class PipelineLinks:
    """What delivery/deploy must know: alarms that mean "go back", and what to move by hand.

    ``functions`` are none where updates move them. ``github`` is there when the sources are.
    """

    alarms: list[Output[str]]
    instances: InstancesLinks
    functions: list[GradualLinks]
    github: GitHubLinks | None


class Pipeline(ComponentResource):
    """CodePipeline with its builds, CodeDeploy with the alarms that undo."""

    links: PipelineLinks

    def __init__(self, name: str, args: PipelineArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("shop:index:Pipeline", name, None, opts)
        self._name, self._args = name, args
        self._mine = ResourceOptions(parent=self)
        self._kept = ResourceOptions(parent=self, protect=args.data.protect)
        told = args.settings
        ground = self._ground()
        errors = too_many_failures(ground, args.balancer)
        fleet = instances(ground, args.web.fleet, args.balancer.instances, errors)
        functions: list[GradualLinks] = []
        roles: GitHubLinks | None = None
        if told.gradual:
            made = args.recommendations
            functions = gradual(ground, {"events": made.events, "recommend": made.recommend})
        if told.source is not None and told.state is not None:
            roles = self._deliver(ground, told.source, told.state)
        self.links = PipelineLinks(
            alarms=[errors.name],
            instances=fleet,
            functions=functions,
            github=roles,
        )
        self.register_outputs({"links": plain(self.links)})

    def _ground(self) -> Ground:
        args = self._args
        return Ground(
            name=self._name,
            settings=args.settings,
            network=args.network,
            topic_arn=topic(self._name, args.network.log_key_arn, self._mine),
            mine=self._mine,
        )

    def _deliver(
        self, ground: Ground, source: SourceSettings, state: StateSettings
    ) -> GitHubLinks | None:
        key = keys.customer_key(
            self._name,
            description="What is delivered",
            recovery_days=30 if self._args.data.protect else 7,
            opts=self._kept,
        )
        signer = keys.signing_key(
            f"{self._name}-images",
            description="Signs images that were published here, with their bills of materials",
            recovery_days=30 if self._args.data.protect else 7,
            opts=self._kept,
        )
        bucket = buckets.closed_bucket(
            f"{self._name}-artifacts",
            key_arn=key.arn,
            days=ARTIFACT_DAYS,
            force_destroy=not self._args.data.protect,
            mine=self._mine,
            kept=self._kept,
        )
        aws.s3.BucketLogging(
            f"{self._name}-artifacts",
            bucket=bucket.id,
            target_bucket=self._args.data.logs.name,
            target_prefix="s3/artifacts/",
            opts=self._mine,
        )
        buckets.policy(f"{self._name}-artifacts", bucket, opts=self._mine)
        projects = Projects(
            ground=ground,
            state=state,
            bucket=bucket,
            key_arn=key.arn,
            signer_arn=signer.arn,
            repository=self._args.registry.repository,
            cluster_group_id=self._args.web.security_group_id,
        )
        # Somebody who owns the repository approves it once, in the console.
        connection = aws.codeconnections.Connection(
            self._name, provider_type=source.provider, opts=self._mine
        )
        pipeline(ground, source, connection.arn, bucket, projects)
        if source.previews:
            pull_requests(ground, source, connection.arn, projects)
        return github(ground, source, state) if source.provider == "GitHub" else None

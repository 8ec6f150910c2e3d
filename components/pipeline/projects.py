"""CodeBuild: a project a kind of work, each with a role of its own; what they run: delivery/."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output

from components import buckets, iam, keys, peers
from components.registry import RepositoryLinks, pull
from settings import StateSettings

from . import deployer
from .ground import Ground

ARM, INTEL = "arm64", "amd64"
MACHINES = {
    ARM: ("ARM_CONTAINER", "aws/codebuild/amazonlinux-aarch64-standard:3.0"),
    INTEL: ("LINUX_CONTAINER", "aws/codebuild/amazonlinux-x86_64-standard:5.0"),
}
QUEUE_MINUTES = 60
BILLS = "bills/"  # where bills of materials and signatures are kept


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a project is for: ``spec`` is a file in delivery/, ``allowed`` what it needs beside
    sources and logs. ``engine``: it builds images, on a Docker server beside it. ``fetched`` is
    where it gets its sources from, unless the pipeline hands them on.
    """

    spec: str
    description: str
    minutes: int
    allowed: Sequence[iam.Statement] = ()
    told: tuple[tuple[str, Input[str]], ...] = ()
    machine: str = ARM
    engine: bool = False
    inside: bool = False
    boundary: Output[str] | None = None
    fetched: aws.codebuild.ProjectSourceArgsDict | None = None


@dataclass(frozen=True)
class Projects:
    """Makes projects.

    ``key_arn`` encrypts ``bucket``, ``signer_arn`` signs images, ``cluster_group_id`` guards the
    cluster's API.
    """

    ground: Ground
    state: StateSettings
    bucket: aws.s3.Bucket
    key_arn: Output[str]
    signer_arn: Output[str]
    repository: RepositoryLinks
    cluster_group_id: Output[str]

    def test(self) -> aws.codebuild.Project:
        """Runs everything that needs no account."""
        work = Work(spec="test", description="Checks and tests everything", minutes=60)
        return self._project("test", work)

    def build(self, architecture: str) -> aws.codebuild.Project:
        """Builds the image for one architecture, on a machine of that architecture."""
        work = Work(
            spec="build",
            description=f"Builds the image for {architecture}",
            minutes=30,
            allowed=self._push(),
            told=(("REPOSITORY", self.repository.url),),
            machine=architecture,
            engine=True,
        )
        return self._project(f"build-{architecture}", work)

    def publish(self) -> aws.codebuild.Project:
        """Puts architectures under one name once scans are clean, and signs it with its bill of
        materials.
        """
        work = Work(
            spec="publish",
            description="Publishes the image when its scans are clean",
            minutes=30,
            allowed=[
                *self._push(),
                iam.allow(
                    ["ecr:DescribeImageScanFindings", "ecr:DescribeImages"],
                    on=[self.repository.arn],
                ),
                iam.allow(["s3:PutObject"], on=[buckets.below(self.bucket.arn, BILLS)]),
                iam.allow(
                    ["kms:Sign"],
                    on=[self.signer_arn],
                    when={"StringEquals": {"kms:SigningAlgorithm": keys.ALGORITHM}},
                ),
            ],
            told=(
                ("REPOSITORY", self.repository.url),
                ("REPOSITORY_NAME", self.repository.name),
                *self._signed(),
            ),
        )
        return self._project("publish", work)

    def preview(self, stack: str) -> aws.codebuild.Project:
        """Shows whoever approves what would change; may look, and nothing else."""
        work = Work(
            spec="preview",
            description=f"Shows what would change in {stack}",
            minutes=30,
            allowed=deployer.looking(self.state),
            told=self._where(stack),
        )
        return self._project(f"preview-{stack}", work)

    def preview_pull_request(
        self, stack: str, fetched: aws.codebuild.ProjectSourceArgsDict, allowed: iam.Statement
    ) -> aws.codebuild.Project:
        """Shows whoever reviews a pull request what it would change; may look, and nothing else."""
        work = Work(
            spec="preview",
            description=f"Shows what a pull request would change in {stack}",
            minutes=30,
            allowed=[*deployer.looking(self.state), allowed],
            told=self._where(stack),
            fetched=fetched,
        )
        return self._project(f"preview-pull-request-{stack}", work)

    def deploy(self, stack: str) -> aws.codebuild.Project:
        """Updates a stack, from inside the VPC, because there is where its cluster answers."""
        work = Work(
            spec="deploy",
            description=f"Deploys to {stack}, and goes back when the shop is not well",
            minutes=120,
            allowed=deployer.deploying(self.state),
            told=(*self._where(stack), *self._signed()),
            inside=True,
            boundary=self._boundary,
        )
        return self._project(f"deploy-{stack}", work)

    @cached_property
    def _boundary(self) -> Output[str]:
        return deployer.boundary(self.ground)

    def _where(self, stack: str) -> tuple[tuple[str, Input[str]], ...]:
        return (("STACK", stack), ("PULUMI_BACKEND_URL", self.state.url))

    def _signed(self) -> tuple[tuple[str, Input[str]], ...]:
        """Where signatures are, and whose."""
        place = Output.concat("s3://", self.bucket.bucket, "/", BILLS)
        return (("BILLS", place), ("SIGNER", self.signer_arn), ("ALGORITHM", keys.ALGORITHM))

    def _push(self) -> list[iam.Statement]:
        return [
            *pull(self.repository.arn),
            iam.allow(
                [
                    "ecr:CompleteLayerUpload",
                    "ecr:InitiateLayerUpload",
                    "ecr:PutImage",
                    "ecr:UploadLayerPart",
                ],
                on=[self.repository.arn],
            ),
        ]

    def _project(self, part: str, work: Work) -> aws.codebuild.Project:
        name, ground = f"{self.ground.name}-{part}", self.ground
        logs = aws.cloudwatch.LogGroup(
            name,
            retention_in_days=ground.settings.log_days,
            kms_key_id=ground.network.log_key_arn,
            opts=ground.mine,
        )
        role = self._role(name, work, logs.arn)
        variables = [*work.told, *([("DEPLOYER", role.arn)] if work.inside else [])]
        kind, image = MACHINES[work.machine]
        environment: Any = {  # a TypedDict of many
            "type": kind,
            "image": image,
            "compute_type": "BUILD_GENERAL1_MEDIUM",
            "environment_variables": [{"name": n, "value": v} for n, v in variables],
        }
        surroundings: dict[str, Any] = {}
        if work.engine:
            environment["docker_server"] = {"compute_type": "BUILD_GENERAL1_MEDIUM"}
        if work.inside:
            surroundings["vpc_config"] = {
                "vpc_id": ground.network.vpc_id,
                "subnets": ground.network.application_subnet_ids,
                "security_group_ids": [self._group],
            }
        source: aws.codebuild.ProjectSourceArgsDict = work.fetched or {"type": "CODEPIPELINE"}
        return aws.codebuild.Project(
            name,
            service_role=role.arn,
            source={**source, "buildspec": f"delivery/{work.spec}.yml"},
            artifacts={"type": "NO_ARTIFACTS" if work.fetched else "CODEPIPELINE"},
            environment=environment,
            encryption_key=self.key_arn,
            logs_config={"cloudwatch_logs": {"status": "ENABLED", "group_name": logs.name}},
            cache={"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE", "LOCAL_SOURCE_CACHE"]},
            build_timeout=work.minutes,
            queued_timeout=QUEUE_MINUTES,
            opts=ground.mine,
            **surroundings,
        )

    def _role(self, name: str, work: Work, logs_arn: Output[str]) -> aws.iam.Role:
        ground = self.ground
        made = aws.iam.Role(
            name,
            description=f"Build project of the shop: {work.description}",
            assume_role_policy=iam.document(
                iam.trust("codebuild.amazonaws.com", when=iam.same_account())
            ),
            permissions_boundary=work.boundary,
            opts=ground.mine,
        )
        aws.iam.RolePolicy(
            name,
            role=made.name,
            policy=iam.document(
                iam.allow(
                    ["logs:CreateLogStream", "logs:PutLogEvents"],
                    on=[logs_arn, logs_arn.apply(lambda arn: f"{arn}:log-stream:*")],
                ),
                *(() if work.fetched else self._handed_on()),
                *(_inside(ground) if work.inside else ()),
                *work.allowed,
            ),
            opts=ground.mine,
        )
        return made

    def _handed_on(self) -> list[iam.Statement]:
        """Sources are read; only the pipeline itself writes them."""
        return [
            iam.allow(["s3:GetObject", "s3:GetObjectVersion"], on=[buckets.objects(self.bucket)]),
            self.ground.use_key(self.key_arn, "s3"),
        ]

    @cached_property
    def _group(self) -> Output[str]:
        """Nobody reaches builds; they reach AWS, and the cluster's API."""
        name, ground = f"{self.ground.name}-builds", self.ground
        group = peers.closed_group(
            name,
            description="Deployments of the shop",
            vpc_id=ground.network.vpc_id,
            opts=ground.mine,
        )
        peers.let_out_to_aws(f"{name}-aws", of=group.id, opts=ground.mine)
        guarded = {"cluster": self.cluster_group_id}
        if ground.network.endpoints_group_id is not None:
            guarded["endpoints"] = ground.network.endpoints_group_id
        for part, guard in guarded.items():
            peers.admit(
                f"{name}-{part}",
                to=guard,
                peer=group.id,
                port=443,
                why="Deployments of the shop",
                opts=ground.mine,
            )
        return group.id


def _inside(ground: Ground) -> list[iam.Statement]:
    """CodeBuild makes network interfaces in the project's name."""
    return [
        iam.without_resources(
            [
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ]
        ),
        iam.allow(
            ["ec2:CreateNetworkInterfacePermission"],
            on=[ground.arn("ec2", "network-interface/*")],
            when={"StringEquals": {"ec2:AuthorizedService": "codebuild.amazonaws.com"}},
        ),
    ]

"""Registry: where the storefront's image is kept, and the image that runs."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from settings import WebSettings

from . import iam
from .data_tier import DataLinks
from .links import plain

SOURCES = Path(__file__).resolve().parents[1] / "services/storefront"
# What the Dockerfile copies, and the Dockerfile: services/storefront/.dockerignore lets in no more.
CONTEXT = ("Dockerfile", "migrations", "rds-ca.pem", "requirements.txt", "storefront")
KEPT_IMAGES = 30  # so far back can be rolled back to
# An image in ECR: account, region, repository.
_IN_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)")


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """``physical`` is project and stack: the repository's name begins with it."""

    settings: WebSettings
    physical: str
    data: DataLinks


@dataclass(frozen=True, kw_only=True)
class RepositoryLinks:
    """An ECR repository; ``url`` is what images in it are called, without a tag."""

    name: Output[str]
    arn: Output[str]
    url: Output[str]


@dataclass(frozen=True, kw_only=True)
class RegistryLinks:
    """``image`` is what pods and instances run: one build for ever.

    ``repository_arn`` is where they pull it from (None outside ECR), ``repository`` is the stack's
    own, where builds go.
    """

    image: Output[str]
    repository_arn: Output[str] | None
    repository: RepositoryLinks


class Registry(ComponentResource):
    """A repository, and the image: built from the sources beside the program, or named."""

    links: RegistryLinks

    def __init__(self, name: str, args: RegistryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("shop:index:Registry", name, None, opts)
        self._name, self._mine = name, ResourceOptions(parent=self)
        made = self._repository(args)
        named = args.settings.image
        arn = repository_arn(named)
        if args.settings.builds_image:
            image, pulled = self._build(made), made.arn
        else:
            image, pulled = Output.from_input(named), Output.from_input(arn or "")
        self.links = RegistryLinks(
            image=image,
            repository_arn=pulled if args.settings.builds_image or arn else None,
            repository=RepositoryLinks(name=made.name, arn=made.arn, url=made.repository_url),
        )
        self.register_outputs({"links": plain(self.links)})

    def _repository(self, args: RegistryArgs) -> aws.ecr.Repository:
        made = aws.ecr.Repository(
            self._name,
            # Stack files name images in it.
            name=f"{args.physical}/storefront",
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[
                {"encryption_type": "KMS", "kms_key": args.data.key_arn},
            ],
            force_delete=not args.data.protect,
            opts=self._mine,
        )
        aws.ecr.LifecyclePolicy(
            self._name,
            repository=made.name,
            policy=Output.json_dumps(_lifecycle()),
            opts=self._mine,
        )
        return made

    def _build(self, repository: aws.ecr.Repository) -> Output[str]:
        """The image of these sources, for pods (amd64) and instances (arm64); its digest."""
        # Not above: it takes a while to load, and most evaluations build nothing.
        import pulumi_docker_build as docker  # noqa: PLC0415

        login = aws.ecr.get_authorization_token_output(registry_id=repository.registry_id)
        made = docker.Image(
            self._name,
            # Below the program, which runs in its own folder: the same on every machine.
            context={"location": "services/storefront"},
            platforms=[docker.Platform.LINUX_AMD64, docker.Platform.LINUX_ARM64],
            tags=[Output.concat(repository.repository_url, ":", source_tag())],
            push=True,
            # A preview shows that the image would change; building it takes minutes.
            build_on_preview=False,
            registries=[
                {
                    "address": repository.repository_url,
                    "username": login.user_name,
                    "password": Output.secret(login.password),
                }
            ],
            opts=self._mine,
        )
        return made.ref


def source_tag(sources: Path = SOURCES) -> str:
    """The same sources have the same tag, such as "source-0123456789ab"."""
    told = hashlib.sha256()
    for path in context(sources):
        content = path.read_bytes()
        told.update(f"{path.relative_to(sources)}\n{len(content)}\n".encode())
        told.update(content)
    return f"source-{told.hexdigest()[:12]}"


def context(sources: Path = SOURCES) -> list[Path]:
    """The files that an image is built from, in order."""
    found: list[Path] = []
    for name in CONTEXT:
        top = sources / name
        found += [top] if top.is_file() else [p for p in top.rglob("*") if p.is_file()]
    return sorted(p for p in found if "__pycache__" not in p.parts)


def repository_arn(image: str) -> str | None:
    """The repository that an image is pulled from; None outside ECR."""
    found = _IN_ECR.match(image)
    if found is None:
        return None
    account, region, repository = found.groups()
    return f"arn:aws:ecr:{region}:{account}:repository/{repository}"


def pull(repository: Output[str]) -> list[iam.Statement]:
    """Permission to pull from a repository."""
    return [
        iam.allow(
            [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
            on=[repository],
        ),
        # A login is for the whole registry.
        iam.without_resources(["ecr:GetAuthorizationToken"]),
    ]


def _lifecycle() -> dict[str, object]:
    """Untagged images live a day; of the others the newest stay."""
    rules: tuple[tuple[str, str, dict[str, object]], ...] = (
        ("untagged", "sinceImagePushed", {"countUnit": "days", "countNumber": 1}),
        ("any", "imageCountMoreThan", {"countNumber": KEPT_IMAGES}),
    )
    return {
        "rules": [
            {
                "rulePriority": priority,
                "description": f"{status} images",
                "selection": {"tagStatus": status, "countType": kind, **count},
                "action": {"type": "expire"},
            }
            for priority, (status, kind, count) in enumerate(rules, start=1)
        ]
    }

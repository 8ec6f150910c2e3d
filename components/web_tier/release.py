"""The fleet's release: what instances run, as one archive that boot and CodeDeploy use alike.

It is the scripts of services/storefront/fleet/release, the image and the storefront's settings. The
object's current version is what an instance runs from its first boot on; every version is a
revision that CodeDeploy can give to those that run already, and go back to.
"""

from __future__ import annotations

import base64
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi_aws as aws
from pulumi import Output, Resource, ResourceOptions

from components import buckets, iam
from components.data_tier import DataLinks
from components.registry import RegistryLinks, repository_arn

SCRIPTS = Path(__file__).resolve().parents[2] / "services/storefront/fleet/release"
KEY = "release.tar"


@dataclass(frozen=True, kw_only=True)
class ReleaseLinks:
    """Where the release is; ``version`` is that of the object, as this update leaves it."""

    bucket: Output[str]
    key: Output[str]
    version: Output[str]


@dataclass(frozen=True, kw_only=True)
class Release:
    """The bucket, before there is anything in it."""

    name: str
    bucket: aws.s3.Bucket
    mine: ResourceOptions

    @property
    def url(self) -> Output[str]:
        """Where instances fetch the release."""
        return Output.concat("s3://", self.bucket.bucket, "/", KEY)

    @property
    def reading(self) -> iam.Statement:
        """What an instance and CodeDeploy's agent on it need."""
        return iam.allow(
            ["s3:GetObject", "s3:GetObjectVersion"],
            on=[self.bucket.arn.apply(lambda arn: f"{arn}/{KEY}")],
        )

    def write(
        self,
        registry: RegistryLinks,
        settings: Output[dict[str, str]],
        after: Sequence[Resource],
    ) -> aws.s3.BucketObjectv2:
        """The release; ``after`` is what must be there before any instance runs it."""
        content = Output.all(registry.image, settings).apply(
            lambda told: base64.b64encode(archive(*told)).decode()
        )
        return aws.s3.BucketObjectv2(
            self.name,
            bucket=self.bucket.id,
            key=KEY,
            content_base64=content,
            content_type="application/x-tar",
            metadata={"runs": registry.image},  # for people: what a version is
            # Hidden dependency: whoever starts from now on runs it, and it expects the new schema.
            opts=ResourceOptions(parent=self.mine.parent, depends_on=[*after]),
        )


def release(name: str, data: DataLinks, mine: ResourceOptions) -> Release:
    """A bucket for releases. The next update makes them again, so they go with the stack."""
    made = buckets.closed_bucket(
        name, key_arn=data.key_arn, days=None, force_destroy=True, mine=mine, kept=mine
    )
    aws.s3.BucketLogging(
        name, bucket=made.id, target_bucket=data.logs.name, target_prefix="s3/fleet/", opts=mine
    )
    buckets.policy(name, made, opts=mine)
    return Release(name=name, bucket=made, mine=mine)


def archive(image: str, settings: Mapping[str, str]) -> bytes:
    """A tar file, the same bytes for the same content on every machine."""
    files = {path.name: (path.read_bytes(), 0o755) for path in SCRIPTS.iterdir() if path.is_file()}
    files["release.conf"] = f"IMAGE={image}\n".encode(), 0o644
    files["settings.env"] = _lines(settings).encode(), 0o600
    files["config.json"] = _registry_login(image).encode(), 0o600
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, (content, mode) in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _lines(settings: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in sorted(settings.items()))


def _registry_login(image: str) -> str:
    helpers = {image.partition("/")[0]: "ecr-login"} if repository_arn(image) else {}
    return json.dumps({"credHelpers": helpers})

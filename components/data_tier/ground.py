"""What every part of the data tier stands on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
import pulumi_random as random
from pulumi import Input, Output, ResourceOptions

from components.network import NetworkLinks
from settings import DataSettings

FIRST = "initial"  # a label of the version that the program made


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The tier's name, settings, surroundings and key.

    ``mine`` are the options of ordinary resources, ``kept`` those of what holds data.
    """

    name: str
    settings: DataSettings
    network: NetworkLinks
    key_arn: Output[str]
    mine: ResourceOptions
    kept: ResourceOptions


def log_groups(
    ground: Ground, name: str, folder: str, kinds: Sequence[str]
) -> dict[str, aws.cloudwatch.LogGroup]:
    """A log group for each kind, under ``folder`` in AWS."""
    return {
        kind: aws.cloudwatch.LogGroup(
            f"{name}-{kind}",
            name=f"{folder}/{kind}",
            retention_in_days=ground.settings.log_days,
            kms_key_id=ground.network.log_key_arn,
            opts=ground.mine,
        )
        for kind in kinds
    }


def password(ground: Ground, part: str, length: int) -> Output[str]:
    """A random password of letters and digits, which no connection string needs to escape."""
    made = random.RandomPassword(
        f"{ground.name}-{part}", length=length, special=False, opts=ground.mine
    )
    return Output.secret(made.result)


def secret(
    ground: Ground,
    part: str,
    *,
    description: str,
    content: dict[str, Input[str]],
    changes: bool = False,
) -> Output[str]:
    """The ARN of a secret whose text is ``content`` as JSON, if it ``changes``, at first only.

    Whoever uses the ARN comes after the text.
    """
    name = f"{ground.name}-{part}"
    made = aws.secretsmanager.Secret(
        name,
        description=description,
        kms_key_id=ground.key_arn,
        recovery_window_in_days=30 if ground.settings.protect else 7,
        opts=ground.kept,
    )
    text: Output[str] = Output.json_dumps(content)
    hidden: Output[str] = Output.secret(text)
    version = aws.secretsmanager.SecretVersion(
        name,
        secret_id=made.id,
        secret_string=hidden,
        # Two rotations later the first version would have no label, and AWS deletes such versions:
        # the next refresh would miss it, and the next update bring the first password back.
        version_stages=["AWSCURRENT", FIRST] if changes else None,
        opts=ResourceOptions(
            parent=ground.mine.parent,
            ignore_changes=["secretString", "versionStages"] if changes else [],
        ),
    )
    return Output.all(made.arn, version.id).apply(lambda told: str(told[0]))

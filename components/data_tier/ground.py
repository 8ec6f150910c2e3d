"""What every part of the data tier stands on."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
import pulumi_random as random
from pulumi import Input, Output, ResourceOptions

from components.network import NetworkLinks
from settings import DataSettings


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


def password(ground: Ground, part: str, length: int) -> Output[str]:
    """A random password of letters and digits, which no connection string needs to escape."""
    made = random.RandomPassword(
        f"{ground.name}-{part}", length=length, special=False, opts=ground.mine
    )
    return Output.secret(made.result)


def secret(
    ground: Ground, part: str, *, description: str, content: dict[str, Input[str]]
) -> aws.secretsmanager.Secret:
    """A secret whose text is ``content`` as JSON."""
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
    aws.secretsmanager.SecretVersion(
        name, secret_id=made.id, secret_string=hidden, opts=ground.mine
    )
    return made

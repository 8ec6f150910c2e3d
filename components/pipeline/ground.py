"""What every part of the pipeline stands on."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import Input, Output, ResourceOptions

from components import iam
from components.network import NetworkLinks
from settings import PipelineSettings


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The component's name, settings and surroundings; ``topic_arn`` is where failures are told."""

    name: str
    settings: PipelineSettings
    network: NetworkLinks
    topic_arn: Output[str]
    mine: ResourceOptions

    def arn(self, service: str, resource: str) -> Output[str]:
        """The ARN of what is not there yet, in this account and region."""
        region = self.network.region
        return iam.account_id().apply(lambda id_: f"arn:aws:{service}:{region}:{id_}:{resource}")

    def use_key(self, key_arn: Input[str], service: str) -> iam.Statement:
        """A key, but only through the ``service`` that holds what it encrypts."""
        return iam.use_key([key_arn], self.network.region, [service])

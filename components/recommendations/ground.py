"""What every part of recommendations stands on."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from pulumi import Output, ResourceOptions

from components import iam
from components.data_tier import DataLinks
from components.network import NetworkLinks
from settings import RecommendationsSettings


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The tier's name, settings and surroundings.

    ``gradual``: deployments move requests to new versions, not updates. ``physical`` begins the
    names that others must know: of parameters, and of everything in Personalize. ``mine`` are the
    options of ordinary resources, ``kept`` those of what holds data.
    """

    name: str
    physical: str
    settings: RecommendationsSettings
    gradual: bool
    network: NetworkLinks
    data: DataLinks
    mine: ResourceOptions
    kept: ResourceOptions

    @functools.cached_property
    def _account(self) -> Output[str]:
        return iam.account_id()  # asked once: there are many ARNs

    def arn(self, service: str, resource: str) -> Output[str]:
        """The ARN of what is not there yet, in this account and region."""
        region = self.network.region
        return self._account.apply(lambda id_: f"arn:aws:{service}:{region}:{id_}:{resource}")

    def use_key(self, key_arn: Output[str], *services: str) -> iam.Statement:
        """A customer key, but only through the ``services`` that hold what it encrypts."""
        via = [f"{service}.{self.network.region}.amazonaws.com" for service in services]
        return iam.allow(
            ["kms:Decrypt", "kms:GenerateDataKey"],
            on=[key_arn],
            when={"StringEquals": {"kms:ViaService": via}},
        )

    def write_parameters(self) -> iam.Statement:
        """What encrypts parameters of the standard tier, and reads none."""
        via = f"ssm.{self.network.region}.amazonaws.com"
        return iam.allow(
            ["kms:Encrypt"],
            on=[self.data.key_arn],
            when={"StringEquals": {"kms:ViaService": via}},
        )

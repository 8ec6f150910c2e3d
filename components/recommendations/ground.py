"""What every part of recommendations stands on."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from pulumi import Output, ResourceOptions

from components import iam
from components.data_tier import DataLinks
from components.functions import Home
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
    def home(self) -> Home:
        """Where the tier's functions live."""
        return Home(
            name=self.name,
            physical=self.physical,
            network=self.network,
            key_arn=self.data.key_arn,
            log_level=self.settings.log_level,
            log_days=self.settings.log_days,
            gradual=self.gradual,
            mine=self.mine,
        )

    def arn(self, service: str, resource: str) -> Output[str]:
        """The ARN of what is not there yet, in this account and region."""
        return self.home.arn(service, resource)

    def use_key(self, key_arn: Output[str], *services: str) -> iam.Statement:
        """A customer key, but only through the ``services`` that hold what it encrypts."""
        return self.home.use_key(key_arn, *services)

    def write_parameters(self) -> iam.Statement:
        """What encrypts parameters of the standard tier, and reads none."""
        key, region = self.data.key_arn, self.network.region
        return iam.use_key([key], region, ["ssm"], actions=["kms:Encrypt"])

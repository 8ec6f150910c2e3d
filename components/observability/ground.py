"""What every part of observability stands on."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import Output, ResourceOptions

from settings import ObservabilitySettings

from .topics import Topics


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The tier's name, settings and surroundings.

    ``stack`` is what everything here is tagged with, ``physical`` begins the names that others must
    know. ``topics`` are those of the stack's region, ``far`` those of the region of CloudFront.
    ``kept`` are the options of what holds data.
    """

    name: str
    stack: str
    physical: str
    region: str
    settings: ObservabilitySettings
    key_arn: Output[str]
    log_key_arn: Output[str]
    topics: Topics
    far: Topics
    protect: bool
    mine: ResourceOptions
    kept: ResourceOptions

    def link(self, runbook: str) -> str:
        """Where a page of docs/runbooks can be read."""
        return f"{self.settings.runbooks}/{runbook}.md"

"""What delivery is told: `shop:pipeline`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from .network import LogDays
from .reading import Problem, matching


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    """Where the sources are; whoever owns ``repository`` approves the connection once.

    ``previews``: pull requests start builds that show what they would change; hosts of sources
    take no webhook before that approval.
    """

    provider: Literal["GitHub", "GitLab", "Bitbucket"]
    repository: Annotated[
        str, matching(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+", 'a repository such as "example/shop"')
    ]
    branch: Annotated[str, matching(r"[A-Za-z0-9][\w./-]*", 'a branch such as "main"')]
    previews: bool


@dataclass(frozen=True, kw_only=True)
class StateSettings:
    """Where Pulumi keeps what it made: a bucket, and the key that hides secrets in it."""

    url: Annotated[
        str,
        matching(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", 'a bucket such as "s3://example-state"'),
    ]
    key: Annotated[
        str,
        matching(r"arn:aws:kms:[a-z0-9-]+:\d{12}:key/[0-9a-f-]{36}", "the ARN of a customer key"),
    ]


@dataclass(frozen=True, kw_only=True)
class StepSettings:
    """A stack to deploy to; with ``approval`` a person says yes first."""

    stack: Annotated[str, matching(r"[a-z][a-z0-9-]{0,20}", "the name of a stack")]
    approval: bool


@dataclass(frozen=True, kw_only=True)
class PipelineSettings:
    """How changes get here. Without a ``source`` this stack has no pipeline.

    ``gradual``: new versions of functions get requests little by little, by deployments that
    delivery/deploy makes; else every update moves all requests at once.
    """

    gradual: bool
    source: SourceSettings | None
    state: StateSettings | None
    steps: tuple[StepSettings, ...]
    log_days: LogDays

    def check_state(self) -> Iterator[Problem]:
        """Whoever deploys without a person must know where the state is."""
        if self.source is not None and self.state is None:
            yield Problem(
                key="state",
                value=None,
                given=f"with source.repository = {self.source.repository}",
                accepted="url and key of the state",
            )

    def check_steps(self) -> Iterator[Problem]:
        """A pipeline leads somewhere, and to each stack once."""
        names = [step.stack for step in self.steps]
        if self.source is not None and not names:
            yield Problem(key="steps", value=[], accepted="one stack at least, or no source")
        if len(set(names)) < len(names):
            yield Problem(key="steps", value=names, accepted="each stack once")

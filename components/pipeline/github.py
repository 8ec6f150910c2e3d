"""Runs at GitHub may look at what is there, and what would change, without a password."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output

from components import iam
from settings import SourceSettings, StateSettings

from . import deployer
from .ground import Ground

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class GitHubLinks:
    """Roles for runs at GitHub: pull requests preview, nightly runs look for drift."""

    preview_role_arn: Output[str]
    drift_role_arn: Output[str]


def github(ground: Ground, source: SourceSettings, state: StateSettings) -> GitHubLinks:
    """The roles, each for one kind of run of one repository. Forks get no identity from GitHub."""
    issuer = aws.iam.OpenIdConnectProvider(
        f"{ground.name}-github",
        url=f"https://{ISSUER}",
        client_id_lists=[AUDIENCE],
        opts=ground.mine,
    )

    def role(part: str, description: str, run: str, allowed: list[iam.Statement]) -> Output[str]:
        trusted: iam.Statement = {
            "Effect": "Allow",
            "Principal": {"Federated": issuer.arn},
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Condition": {
                "StringEquals": {
                    f"{ISSUER}:aud": AUDIENCE,
                    f"{ISSUER}:sub": f"repo:{source.repository}:{run}",
                }
            },
        }
        return iam.role(
            f"{ground.name}-{part}",
            description=description,
            trusted=trusted,
            allowed=allowed,
            opts=ground.mine,
        ).arn

    return GitHubLinks(
        preview_role_arn=role(
            "preview",
            "Pull requests look at what they would change",
            "pull_request",
            deployer.looking(state),
        ),
        drift_role_arn=role(
            "drift",
            "Nightly runs look for what differs from the program",
            f"ref:refs/heads/{source.branch}",
            deployer.comparing(state),
        ),
    )

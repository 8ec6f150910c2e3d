"""Pull requests at GitHub may look at what they would change, without a password."""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import Output

from components import iam
from settings import StateSettings

from . import deployer
from .ground import Ground

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"


def previewer(ground: Ground, repository: str, state: StateSettings) -> Output[str]:
    """A role for `pulumi preview`, taken on by pull requests and nightly runs of ``repository``.

    GitHub gives no identity to pull requests from forks.
    """
    issuer = aws.iam.OpenIdConnectProvider(
        f"{ground.name}-github",
        url=f"https://{ISSUER}",
        client_id_lists=[AUDIENCE],
        opts=ground.mine,
    )
    trusted: iam.Statement = {
        "Effect": "Allow",
        "Principal": {"Federated": issuer.arn},
        "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Condition": {
            "StringEquals": {
                f"{ISSUER}:aud": AUDIENCE,
                f"{ISSUER}:sub": f"repo:{repository}:pull_request",
            }
        },
    }
    return iam.role(
        f"{ground.name}-preview",
        description="Pull requests look at what they would change",
        trusted=trusted,
        allowed=deployer.looking(state),
        opts=ground.mine,
    ).arn

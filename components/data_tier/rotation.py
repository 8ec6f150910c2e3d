"""Passwords that change by themselves: one function, which Secrets Manager calls."""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from components import iam
from components.functions import Duty, FunctionLinks, Home, Neighbour, function, inside

from .cache import CacheLinks
from .database import DatabaseLinks
from .ground import Ground

PART = "rotate"
SECONDS = 900  # the longest that Lambda allows: a cache takes minutes to learn a password


def rotation(
    ground: Ground, physical: str, database: DatabaseLinks, cache: CacheLinks
) -> FunctionLinks | None:
    """The function and its schedule for each secret; None where no password changes.

    ``physical`` is the namespace of its metrics. It has no dead letters: Secrets Manager waits for
    each step, and begins again when one fails.
    """
    settings = ground.settings.rotation
    if settings is None:
        return None
    home = Home(
        name=ground.name,
        physical=physical,
        network=ground.network,
        key_arn=ground.key_arn,
        log_level="info",
        log_days=ground.settings.log_days,
        gradual=False,
        mine=ground.mine,
    )
    secrets = {"database-user": database.secret_arn}
    reaches = {"database": Neighbour(group_id=database.group_id, port=database.port)}
    if cache.secret_arn is not None:
        secrets["cache"] = cache.secret_arn
        reaches["cache"] = Neighbour(group_id=cache.group_id, port=cache.port)
    made = function(
        home,
        Duty(
            part=PART,
            description="Changes passwords",
            settings=settings,
            seconds=SECONDS,
            environment={
                **database.environment(),
                "CACHE_GROUP": cache.identifier,
                "CACHE_HOST": cache.host,
                "CACHE_PORT": str(cache.port),
                "CACHE_SECRET_ARN": cache.secret_arn or "",
            },
            allowed=_allowed(list(secrets.values()), cache),
            services=("secretsmanager",),
            inside=inside(
                home, PART, description="What changes passwords of the shop", reaches=reaches
            ),
        ),
    )
    for part, arn in secrets.items():
        _schedule(ground, part, arn, made, settings.days)
    return made


def _allowed(secrets: list[Output[str]], cache: CacheLinks) -> list[iam.Statement]:
    allowed = [
        iam.allow(
            [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            on=secrets,
        )
    ]
    if cache.secret_arn is not None:
        actions = ["elasticache:DescribeReplicationGroups", "elasticache:ModifyReplicationGroup"]
        allowed.append(iam.allow(actions, on=[cache.arn]))
    return allowed


def _schedule(
    ground: Ground, part: str, secret_arn: Output[str], made: FunctionLinks, days: int
) -> None:
    admitted = aws.lambda_.Permission(
        f"{ground.name}-{PART}-{part}",
        action="lambda:InvokeFunction",
        function=made.name,
        principal="secretsmanager.amazonaws.com",
        source_arn=secret_arn,
        source_account=iam.account_id(),
        opts=ground.mine,
    )
    aws.secretsmanager.SecretRotation(
        f"{ground.name}-{part}",
        secret_id=secret_arn,
        rotation_lambda_arn=made.arn,
        # Not now: the first migration makes the database's user.
        rotate_immediately=False,
        rotation_rules={"automatically_after_days": days},
        # Hidden dependency: Secrets Manager refuses a function that it may not call.
        opts=ResourceOptions(parent=ground.mine.parent, depends_on=[admitted]),
    )

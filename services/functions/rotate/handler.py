"""Change a password, a step at a time.

Secrets Manager calls it with ``{"SecretId", "ClientRequestToken", "Step"}`` for createSecret,
setSecret, testSecret and finishSecret, and begins again when a step raises.
"""

from __future__ import annotations

import functools
import os
import ssl
from collections.abc import Mapping
from typing import Any

from shared import database, environment, observe
from shared.patience import client

from .postgres import PostgresUser
from .steps import Rotation, Target
from .valkey import ValkeyToken

RESERVE_SECONDS = 20.0  # kept of the function's time, to say what went wrong


def wire(variables: Mapping[str, str] = os.environ) -> Rotation:
    """The secrets that the environment names; raises SettingsError."""
    env = environment.Reader(variables)
    address = database.address(env)
    host, port = env.text("CACHE_HOST"), env.number("CACHE_PORT", 1, 65_535)
    group, cache_secret = env.text("CACHE_GROUP"), env.text("CACHE_SECRET_ARN", "")
    set_up = observe.set_up_logging(env)
    env.done()
    set_up()
    targets: dict[str, Target] = {address.secret_arn: PostgresUser(address)}
    if cache_secret:  # a cache without TLS has no password
        elasticache = client("elasticache", 10.0, retries=4)
        tls = ssl.create_default_context()
        targets[cache_secret] = ValkeyToken(elasticache, group, host, port, tls)
    return Rotation(client("secretsmanager", 5.0, retries=4), targets)


service = functools.cache(wire)


def handle(event: Mapping[str, Any], context: Any) -> None:
    """The Lambda entry point; raises what went wrong, never with a password in it."""
    observe.name_request(request_id=str(getattr(context, "aws_request_id", "")))
    left = context.get_remaining_time_in_millis() / 1000
    service().run(event, seconds=left - RESERVE_SECONDS)

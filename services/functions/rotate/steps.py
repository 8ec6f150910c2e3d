"""The four steps of a rotation. Each may be repeated, and may begin where another was killed."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from botocore.exceptions import ClientError
from shared.observe import log

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
_WORDS = string.ascii_letters + string.digits  # which no connection string needs to escape

Fields = Mapping[str, Any]


class RotationError(Exception):
    """A step that cannot be done; the message says of which secret and why, and no secret."""


class Target(Protocol):
    """What a password opens; ``field`` of the secret is the password, of ``length`` characters."""

    field: str
    length: int

    def opens(self, fields: Fields) -> bool:
        """Whether a new connection is let in; raises what keeps it from asking."""

    def change(self, pending: Fields, known: Sequence[Fields], *, seconds: float) -> None:
        """See to it within ``seconds`` that ``pending`` opens; one of ``known`` does so far."""


class Rotation:
    """Secrets by ARN, over a boto3 ``secretsmanager`` client."""

    def __init__(self, client: Any, targets: Mapping[str, Target]) -> None:
        self._client = client
        self._targets = targets
        self._steps = {
            "createSecret": self._create,
            "setSecret": self._set,
            "testSecret": self._test,
            "finishSecret": self._finish,
        }

    def run(self, event: Mapping[str, Any], *, seconds: float) -> None:
        """One step within ``seconds``; raises RotationError, or what failed."""
        secret, version, step = (
            str(event.get(name, "")) for name in ("SecretId", "ClientRequestToken", "Step")
        )
        if secret not in self._targets:
            raise RotationError(f"SecretId is {secret!r}, which is not rotated here")
        if step not in self._steps:
            raise RotationError(f"Step is {step!r}; accepted: {', '.join(self._steps)}")
        told = self._client.describe_secret(SecretId=secret)
        labels = (told.get("VersionIdsToStages") or {}).get(version, [])
        if CURRENT in labels:
            log.info("it is the password in force", extra={"secret": secret, "step": step})
            return
        if PENDING not in labels:
            raise RotationError(
                f"ClientRequestToken is {version!r}, which is no pending version of {secret}"
            )
        self._steps[step](secret, version, seconds)
        log.info("done", extra={"secret": secret, "step": step, "version": version})

    def _create(self, secret: str, version: str, _: float) -> None:
        if self._read(secret, PENDING, version) is not None:
            return
        target = self._targets[secret]
        word = "".join(secrets.choice(_WORDS) for _ in range(target.length))
        try:
            self._client.put_secret_value(
                SecretId=secret,
                ClientRequestToken=version,
                SecretString=json.dumps({**self._current(secret), target.field: word}),
                VersionStages=[PENDING],
            )
        except self._client.exceptions.ResourceExistsException:
            log.info("another call has just made it", extra={"secret": secret})

    def _set(self, secret: str, version: str, seconds: float) -> None:
        known = [self._read(secret, label) for label in (CURRENT, PREVIOUS)]
        self._targets[secret].change(
            self._pending(secret, version), [f for f in known if f is not None], seconds=seconds
        )

    def _test(self, secret: str, version: str, _: float) -> None:
        current = self._current(secret)
        pending = self._read(secret, PENDING, version) or current
        if not self._targets[secret].opens(pending):
            if pending != current:
                raise RotationError(f"the pending version {version} of {secret} is refused")
            # So Secrets Manager tries a new schedule: with a copy of the password in force, which
            # opens nothing before the first migration. That there was an answer is enough.
            log.warning("the password in force is refused", extra={"secret": secret})

    def _finish(self, secret: str, version: str, _: float) -> None:
        # Tested once more: a migration in between may have put the last password back.
        if not self._targets[secret].opens(self._pending(secret, version)):
            raise RotationError(f"the pending version {version} of {secret} is refused")
        labels = self._client.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(name for name, known in labels.items() if CURRENT in known)
        self._client.update_secret_version_stage(
            SecretId=secret,
            VersionStage=CURRENT,
            MoveToVersionId=version,
            RemoveFromVersionId=current,
        )

    def _current(self, secret: str) -> Fields:
        fields = self._read(secret, CURRENT)
        if fields is None:
            raise RotationError(f"{secret} holds nothing yet")
        return fields

    def _pending(self, secret: str, version: str) -> Fields:
        fields = self._read(secret, PENDING, version)
        if fields is None:
            raise RotationError(f"version {version} of {secret} holds nothing: no createSecret")
        return fields

    def _read(self, secret: str, label: str, version: str = "") -> Fields | None:
        """What a version holds, None for nothing; raises RotationError."""
        named = {"VersionId": version} if version else {}
        try:
            answer = self._client.get_secret_value(SecretId=secret, VersionStage=label, **named)
        except ClientError as problem:
            if problem.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise
        field = self._targets[secret].field
        try:
            fields: dict[str, Any] = json.loads(answer["SecretString"])
            known = bool(fields[field])
        except (KeyError, TypeError, ValueError):
            known = False
        if not known:  # and not a word of what it is instead: it may be the secret
            raise RotationError(f"{label} of {secret} is not JSON with {field!r}")
        return fields

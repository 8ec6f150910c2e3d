"""The AUTH token of an ElastiCache replication group: for a while the old one works beside it."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from .steps import Fields, RotationError

CALL_SECONDS = 5.0
POLL_SECONDS = 5.0


class ValkeyToken:
    """The secret ``{"auth_token"}`` of a group, over a boto3 ``elasticache`` client and ``tls``.

    ElastiCache keeps two tokens: a new one takes the older one's place.
    """

    field = "auth_token"
    length = 64

    def __init__(
        self,
        client: Any,
        group: str,
        host: str,
        port: int,
        tls: ssl.SSLContext,
        *,
        poll: float = POLL_SECONDS,
    ) -> None:
        self._client = client
        self._group = group
        self._host, self._port = host, port
        self._tls = tls
        self._poll = poll

    def opens(self, fields: Fields) -> bool:
        """Whether the primary takes the token; raises OSError, or RotationError as it answers."""
        with (
            socket.create_connection((self._host, self._port), CALL_SECONDS) as plain,
            self._tls.wrap_socket(plain, server_hostname=self._host) as link,
            link.makefile("rb") as answers,
        ):
            link.sendall(_command("AUTH", str(fields[self.field])) + _command("PING"))
            first, second = answers.readline(), answers.readline()
        if first.startswith(b"-WRONGPASS"):
            return False
        if (first.strip(), second.strip()) != (b"+OK", b"+PONG"):
            words = b" ".join(line.split(b" ")[0].strip() for line in (first, second)).decode()
            raise RotationError(f"the cache answers AUTH and PING with {words or 'nothing'}")
        return True

    def change(self, pending: Fields, known: Sequence[Fields], *, seconds: float) -> None:
        """Let ElastiCache add the token; raises RotationError when that takes too long."""
        del known  # its API asks for no password
        until = time.monotonic() + seconds
        while (status := self._status()) != "available":
            self._wait(until, status)
        if self.opens(pending):
            return
        try:
            self._client.modify_replication_group(
                ReplicationGroupId=self._group,
                AuthToken=pending[self.field],
                AuthTokenUpdateStrategy="ROTATE",
                ApplyImmediately=True,
            )
        except ClientError as problem:
            # Not the problem's own words: they may quote the token.
            code = problem.response["Error"]["Code"]
            raise RotationError(f"{self._group} takes no token: {code}") from None
        # It does not say "modifying" at once.
        while (status := self._status()) != "available" or not self.opens(pending):
            self._wait(until, status)

    def _status(self) -> str:
        answer = self._client.describe_replication_groups(ReplicationGroupId=self._group)
        return str(answer["ReplicationGroups"][0]["Status"])

    def _wait(self, until: float, status: str) -> None:
        if time.monotonic() + self._poll > until:
            raise RotationError(f"{self._group} is {status}, and does not know the token in time")
        time.sleep(self._poll)


def _command(*words: str) -> bytes:
    """RESP: an array of strings."""
    parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    return f"*{len(words)}\r\n{''.join(parts)}".encode()

"""A database user that changes its own password: nobody else's rights are needed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from contextlib import closing

from pg8000.exceptions import DatabaseError
from pg8000.native import Connection
from shared.database import Address, open_connection, refused

from .steps import Fields, RotationError

CALL_SECONDS = 10.0


class PostgresUser:
    """The login ``{"username", "password"}`` at ``address``."""

    field = "password"
    length = 40

    def __init__(self, address: Address) -> None:
        self._address = address

    def opens(self, fields: Fields) -> bool:
        """Whether PostgreSQL lets a new connection in."""
        connection = self._open(fields)
        if connection is not None:
            connection.close()
        return connection is not None

    def change(self, pending: Fields, known: Sequence[Fields], *, seconds: float) -> None:
        """Log in as before and change the password; raises RotationError when nothing opens."""
        del seconds  # a moment is enough
        if self.opens(pending):
            return
        for fields in known:
            if (connection := self._open(fields)) is not None:
                with closing(connection):
                    # Only what it stores is sent: `log_statement = ddl` writes this line down.
                    verifier = scram_verifier(pending[self.field])
                    connection.run(f"alter role current_user password '{verifier}'")
                return
        raise RotationError("PostgreSQL refuses the pending, the current and the previous password")

    def _open(self, fields: Fields) -> Connection | None:
        """A connection, None for a login that was refused."""
        try:
            return open_connection(
                self._address,
                str(fields["username"]),
                str(fields[self.field]),
                seconds=CALL_SECONDS,
                only_reads=False,
            )
        except DatabaseError as problem:
            if refused(problem):
                return None
            raise


def scram_verifier(password: str, rounds: int = 4096) -> str:
    """What PostgreSQL stores for an ASCII password (RFC 5803)."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${rounds}:{parts[0]}${parts[1]}:{parts[2]}"

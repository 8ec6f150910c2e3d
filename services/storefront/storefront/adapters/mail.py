"""Mail: through SES, or as files on a laptop."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from storefront.domain.errors import UnavailableError
from storefront.ports import Mail

from .aws import calling

_FILE_NAME = re.compile(r"[A-Za-z0-9._-]{1,200}")


class SesMailer:
    """The port `Mailer` over an aiobotocore ``sesv2`` client; ``sender`` like ``Shop <a@b.c>``.

    SES does not recognise a mail that it got before, so the id goes along as a header.
    """

    def __init__(self, client: Any, sender: str) -> None:
        self._client = client
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """See `Mailer.send`."""
        with calling("mail"):
            await self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [mail.to]},
                Content={
                    "Simple": {
                        "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                        "Body": {
                            "Text": {"Data": mail.text, "Charset": "UTF-8"},
                            "Html": {"Data": mail.html, "Charset": "UTF-8"},
                        },
                        "Headers": [{"Name": "X-Mail-Id", "Value": mail.id}],
                    }
                },
            )


class FileMailer:
    """The port `Mailer` into ``<mail id>.eml`` files, whole or not at all; twice is the same."""

    def __init__(self, directory: Path, sender: str) -> None:
        self._directory = directory
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """See `Mailer.send`."""
        try:
            await asyncio.to_thread(self._write, mail)
        except OSError as problem:
            raise UnavailableError("mail") from problem

    def _write(self, mail: Mail) -> None:
        if not _FILE_NAME.fullmatch(mail.id):
            raise ValueError(f"no file name: {mail.id!r}")
        self._directory.mkdir(parents=True, exist_ok=True)
        handle, path = tempfile.mkstemp(dir=self._directory, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(message(mail, self._sender).as_bytes())
                file.flush()
                os.fsync(file.fileno())
            Path(path).replace(self._directory / f"{mail.id}.eml")
        except BaseException:
            Path(path).unlink(missing_ok=True)
            raise


def message(mail: Mail, sender: str) -> EmailMessage:
    """The mail as RFC 5322 has it: plain text with an HTML alternative."""
    name, address = parseaddr(sender)
    result = EmailMessage(policy=SMTP)
    result["From"] = Address(name, addr_spec=address)
    result["To"] = Address(addr_spec=mail.to)
    result["Subject"] = mail.subject
    result["Message-ID"] = f"<{mail.id}@{address.rpartition('@')[2]}>"
    result["X-Mail-Id"] = mail.id
    result.set_content(mail.text)
    result.add_alternative(mail.html, subtype="html")
    return result

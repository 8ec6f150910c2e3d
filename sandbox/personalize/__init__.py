"""A stand-in for Amazon Personalize: boto3 talks to it unchanged.

It keeps the service's rules (names, states, what must be there first, what is checked in an
import), not its models: what it recommends is `runtime.py`'s affair.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.part import HOST, Part, healthy
from sandbox.process import Command


class Personalize(Part):
    """Control plane, runtime and events on one port; what was made survives a restart."""

    name = "personalize"

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        log: Path | None = None,
        *,
        environment: Mapping[str, str],
    ) -> None:
        """``environment`` is where it finds S3: `sandbox.aws.Aws.environment`."""
        super().__init__(directory, port, log)
        self._environment = dict(environment)

    @property
    def url(self) -> str:
        """Of every protocol."""
        return f"http://{HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs beside the AWS server's own."""
        services = ("PERSONALIZE", "PERSONALIZE_RUNTIME", "PERSONALIZE_EVENTS")
        return {f"AWS_ENDPOINT_URL_{service}": self.url for service in services}

    def prepare(self) -> None:
        """Make the folder."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def command(self) -> Command:
        """The server."""
        root = Path(__file__).resolve().parents[2]
        return Command(
            name=self.name,
            argv=[
                sys.executable,
                "-m",
                "sandbox.personalize.server",
                self.directory,
                str(self.port),
            ],
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "PYTHONPATH": str(root),
                "PYTHONUNBUFFERED": "1",
                "HOME": str(self.directory),  # boto looks for configuration there
                "TZ": "UTC",
                **self._environment,
            },
            cwd=self.directory,
            log=self.log,
            grace=2,
        )

    def ready(self) -> bool:
        """Whether it answers its own health path."""
        return healthy(self.port)

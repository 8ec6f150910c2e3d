"""The AWS APIs that the shop calls at run time: moto behind a server of our own that remembers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sandbox.part import HOST, Part, healthy
from sandbox.process import Command

ACCOUNT = "123456789012"
# Any pair will do: the server checks no signature. The shape is that of real ones.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIASANDBOXSANDBOX00", "AWS_SECRET_ACCESS_KEY": "sandbox"}


class Aws(Part):
    """DynamoDB items and S3 objects survive a restart; tables and buckets must be made again.

    Items come back the moment their table is created, objects with their bucket.
    """

    name = "aws"

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        log: Path | None = None,
        *,
        region: str = "us-east-1",
    ) -> None:
        """``region`` is only what `environment` says; the server answers for every region."""
        super().__init__(directory, port, log)
        self.region = region

    @property
    def url(self) -> str:
        """What goes into AWS_ENDPOINT_URL."""
        return f"http://{HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs: endpoint, region and credentials, as Pod Identity gives them."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            **CREDENTIALS,
        }

    def prepare(self) -> None:
        """Make the folder; the server compacts its journal by itself."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def command(self) -> Command:
        """The server; it keeps nothing in memory only that `directory` should have."""
        root = Path(__file__).resolve().parents[2]
        return Command(
            name=self.name,
            argv=[sys.executable, "-m", "sandbox.aws.server", self.directory, str(self.port)],
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "PYTHONPATH": str(root),
                "PYTHONUNBUFFERED": "1",
                "HOME": str(self.directory),  # moto and boto look for configuration there
                "TZ": "UTC",
                **CREDENTIALS,
            },
            cwd=self.directory,
            log=self.log,
            grace=5,
        )

    def ready(self) -> bool:
        """Whether it answers its own health path."""
        return healthy(self.port)

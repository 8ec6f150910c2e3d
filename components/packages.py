"""What is uploaded to run elsewhere: files of this machine, the same wherever they are packed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi import AssetArchive, FileAsset


@dataclass(frozen=True)
class Package:
    """Path in the archive -> file on this machine."""

    files: Mapping[str, Path]

    def archive(self) -> AssetArchive:
        """For Pulumi, which hashes names and contents, not times."""
        return AssetArchive({path: FileAsset(str(file)) for path, file in self.files.items()})

    def fingerprint(self) -> str:
        """SHA-256 over names and contents, in hexadecimal digits."""
        told = hashlib.sha256()
        for path, file in sorted(self.files.items()):
            content = file.read_bytes()
            told.update(f"{path}\n{len(content)}\n".encode())
            told.update(content)
        return told.hexdigest()

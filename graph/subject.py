"""What the recording cloud knows of a resource when it makes up outputs for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

ACCOUNT = "123456789012"
Outputs = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """A resource that wants outputs."""

    type: str
    name: str
    urn: str
    inputs: dict[str, Any]
    region: str

    def hash(self, length: int) -> str:
        """Hexadecimal digits that belong to this resource."""
        return hashlib.sha256(self.urn.encode()).hexdigest()[:length]

    @property
    def physical(self) -> str:
        """The name in AWS: as declared, or the logical name and seven digits, as Pulumi does."""
        return str(self.inputs.get("name") or f"{self.name}-{self.hash(7)}")

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """An ARN of this stack's account."""
        region = self.inputs.get("region", self.region) if regional else ""
        return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"

"""moto's Systems Manager, without the whole of EC2 until somebody wants that.

moto imports EC2 with it, which is most of the server's time to start: a second for a megabyte of
instance types. Only Run Command looks at instances.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


class _Later:
    """Stands for the backends of EC2; loads them when one is asked for."""

    def __getitem__(self, account: str) -> Any:
        return importlib.import_module("moto.ec2").ec2_backends[account]


def _ssm() -> ModuleType:
    if "moto.ec2" in sys.modules:
        return importlib.import_module("moto.ssm.models")
    stand_in = ModuleType("moto.ec2")
    vars(stand_in)["ec2_backends"] = _Later()
    sys.modules["moto.ec2"] = stand_in
    try:
        return importlib.import_module("moto.ssm.models")
    finally:
        del sys.modules["moto.ec2"]


ssm_backends: Any = _ssm().ssm_backends

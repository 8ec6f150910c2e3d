"""Answers to what the program looks up at a provider; there should be few."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from .subject import ACCOUNT, Outputs


def _prefix_list(arguments: Outputs, region: str) -> Outputs:
    name = str(arguments["name"])
    digits = hashlib.sha256(f"{region}{name}".encode()).hexdigest()[:8]
    return {"id": f"pl-{digits}", "name": name}


def _zone(arguments: Outputs, _region: str) -> Outputs:
    name = str(arguments["name"])
    id_ = f"Z{hashlib.sha256(name.encode()).hexdigest()[:20].upper()}"
    return {"id": id_, "zoneId": id_, "name": name, "arn": f"arn:aws:route53:::hostedzone/{id_}"}


_LOOKUPS: dict[str, Callable[[Outputs, str], Outputs]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _, __: {
        "accountId": ACCOUNT,
        "id": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:user/deployer",
        "userId": "AIDACKCEVSQ6C2EXAMPLE",
    },
    "aws:index/getRegion:getRegion": lambda _, region: {
        "name": region,
        "region": region,
        "id": region,
    },
    "aws:index/getPartition:getPartition": lambda _, __: {
        "partition": "aws",
        "id": "aws",
        "dnsSuffix": "amazonaws.com",
    },
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": lambda arguments, region: {
        "id": region,
        "userName": "AWS",
        "password": hashlib.sha256(f"login{region}".encode()).hexdigest(),
        "proxyEndpoint": f"https://{arguments['registryId']}.dkr.ecr.{region}.amazonaws.com",
        "expiresAt": "2030-01-01T12:00:00Z",
    },
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": _prefix_list,
    "aws:route53/getZone:getZone": _zone,
}


def lookup(token: str, arguments: dict[str, Any], region: str) -> Outputs | None:
    """The answer to a provider function, or None when there is no realistic one."""
    answer = _LOOKUPS.get(token)
    return answer(arguments, region) if answer else None

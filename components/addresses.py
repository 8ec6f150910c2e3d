"""Which subnet gets which addresses: a pure function of the VPC's network and the zones."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

SLOTS = 4  # zones that the plan keeps room for, used or not


@dataclass(frozen=True)
class AddressPlan:
    """Subnets by purpose, in CIDR notation, one a zone in the order of the zones."""

    public: tuple[str, ...]
    application: tuple[str, ...]
    data: tuple[str, ...]


def address_plan(cidr: str, zones: Sequence[str]) -> AddressPlan:
    """Half of ``cidr`` for pods, a quarter each for public and data subnets, all cut in four.

    The cut is the same however many zones there are, so a zone added at the end moves nobody.
    ``cidr`` is between /16 and /24 (the smallest subnet in AWS is a /28) and ``zones`` are four at
    most; raises ValueError otherwise.
    """
    vpc = ipaddress.IPv4Network(cidr)
    if not 16 <= vpc.prefixlen <= 24:
        raise ValueError(f"{cidr}: no plan for a /{vpc.prefixlen}, only for /16 to /24")
    if not 1 <= len(zones) <= SLOTS:
        raise ValueError(f"{len(zones)} zones; the plan has room for 1 to {SLOTS}")
    application, rest = vpc.subnets(prefixlen_diff=1)
    public, data = rest.subnets(prefixlen_diff=1)

    def cut(block: ipaddress.IPv4Network) -> tuple[str, ...]:
        return tuple(str(subnet) for subnet in block.subnets(prefixlen_diff=2))[: len(zones)]

    return AddressPlan(public=cut(public), application=cut(application), data=cut(data))

"""What the network is told: `shop:network`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from .reading import Problem, Rule, matching

# Between these the address plan works: subnets from AWS's largest VPC down to its smallest
# subnet, a /28 (see components/addresses.py).
LARGEST_PREFIX, SMALLEST_PREFIX = 16, 24
MOST_ZONES = 4

_PRIVATE = [ipaddress.IPv4Network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]

# CloudWatch Logs takes no other number of days.
LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653]

EndpointName = Literal[
    "autoscaling",
    "codebuild",
    "codedeploy-commands-secure",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticache",
    "elasticloadbalancing",
    "email",
    "events",
    "execute-api",
    "kinesis-firehose",
    "kinesis-streams",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "personalize-events",
    "personalize-runtime",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "sts",
    "xray",
]
# Without a way to the internet, nodes join and pods get credentials, images and secrets only here.
NEEDED_WITHOUT_NAT: tuple[EndpointName, ...] = (
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "secretsmanager",
    "sqs",
    "sts",
)

# ... and instances their logs, other releases, Session Manager and the end of their draining.
NEEDED_BY_INSTANCES: tuple[EndpointName, ...] = (
    "autoscaling",
    "codedeploy-commands-secure",
    "logs",
    "ssm",
    "ssmmessages",
)
# ... and the agent brings logs, metrics and traces.
NEEDED_BY_AGENT: tuple[EndpointName, ...] = ("logs", "monitoring", "xray")


def _is_private(value: str) -> bool:
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError:
        return False
    # AWS takes no other notation, such as one with a mask.
    return str(network) == value and any(network.subnet_of(private) for private in _PRIVATE)


PrivateCidr = Annotated[
    str, Rule('a private IPv4 network such as "10.20.0.0/16", host bits zero', _is_private)
]
Zone = Annotated[
    str, matching(r"[a-z]{2}(-[a-z]+)+-\d[a-z]", 'an availability zone such as "us-east-1a"')
]


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Addresses and the ways in and out.

    ``zones`` are written out: looking them up would give other answers in other accounts, and a
    preview without an account none at all. ``log_days`` is how long flow logs are kept.
    """

    cidr: PrivateCidr
    zones: tuple[Zone, ...]
    nat: Literal["none", "single", "per-az"]
    interface_endpoints: tuple[EndpointName, ...]
    log_days: LogDays

    def check_size(self) -> Iterator[Problem]:
        """The address plan must fit between AWS's largest VPC and its smallest subnet."""
        prefix = ipaddress.IPv4Network(self.cidr).prefixlen
        if not LARGEST_PREFIX <= prefix <= SMALLEST_PREFIX:
            size = "too large for a VPC" if prefix < LARGEST_PREFIX else "too small for"
            subnets = "" if prefix < LARGEST_PREFIX else f" {3 * len(self.zones)} subnets"
            yield Problem(
                key="cidr",
                value=self.cidr,
                given=f"({size}{subnets})",
                accepted=f"a network from /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}",
            )

    def check_zones(self) -> Iterator[Problem]:
        """Databases and clusters refuse a single zone."""
        if not 2 <= len(self.zones) <= MOST_ZONES or len(set(self.zones)) < len(self.zones):
            yield Problem(
                key="zones",
                value=self.zones,
                accepted=f"2 to {MOST_ZONES} different zones (EKS and RDS need two)",
            )

    def check_endpoints(self) -> Iterator[Problem]:
        """A service has one endpoint."""
        if len(set(self.interface_endpoints)) < len(self.interface_endpoints):
            yield Problem(
                key="interface_endpoints",
                value=self.interface_endpoints,
                accepted="each name once",
            )

    def check_way_out(self) -> Iterator[Problem]:
        """Pods reach AWS through NAT or through endpoints."""
        missing = [name for name in NEEDED_WITHOUT_NAT if name not in self.interface_endpoints]
        if self.nat == "none" and missing:
            yield Problem(
                key="nat",
                value=self.nat,
                given=f"without the interface_endpoints {', '.join(missing)}",
                accepted="single, per-az, or none with those endpoints",
            )

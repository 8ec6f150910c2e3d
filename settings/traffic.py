"""How requests reach what serves them: `pools`, `balancer` and `fleet` of `shop:web`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from .network import LogDays
from .reading import Problem, between, matching

Percent = Annotated[int, between(0, 100, "per cent")]


@dataclass(frozen=True, kw_only=True)
class PoolSettings:
    """What share of requests pods (``eks``) and instances (``ec2``) get, in per cent."""

    eks: Percent
    ec2: Percent

    def check_sum(self) -> Iterator[Problem]:
        """A request goes to one of the two."""
        if self.eks + self.ec2 != 100:
            yield Problem(
                key="ec2",
                value=self.ec2,
                given=f"with eks = {self.eks}",
                accepted=f"{100 - self.eks}, so that both add up to 100",
            )


@dataclass(frozen=True, kw_only=True)
class BalancerSettings:
    """The load balancer, which serves both pools."""

    deletion_protection: bool


Cron = Annotated[
    str, matching(r"[\d*/,-]+( [\d*/,A-Z-]+){4}", 'five fields such as "0 20 * * MON-FRI"')
]
TimeZone = Annotated[
    str, matching(r"UTC|[A-Z]\w+(/[A-Z][\w-]+){1,2}", 'a zone such as "Europe/London"')
]


@dataclass(frozen=True, kw_only=True)
class RestSettings:
    """When the fleet shrinks to ``size`` instances, and when it is itself again."""

    starts: Cron
    ends: Cron
    time_zone: TimeZone
    size: Annotated[int, between(0, 100)]


@dataclass(frozen=True, kw_only=True)
class FleetSettings:
    """EC2 instances that serve the shop.

    The first ``on_demand_base`` instances are on demand; of those above, ``spot_percent`` are spot.
    An instance more comes above ``requests_per_minute`` for each.
    """

    instance_types: tuple[
        Annotated[
            str, matching(r"[a-z]{1,3}\dg[a-z]{0,2}\.\w+", 'a Graviton type such as "t4g.small"')
        ],
        ...,
    ]
    min: Annotated[int, between(0, 100)]
    max: Annotated[int, between(0, 100)]
    on_demand_base: Annotated[int, between(0, 100)]
    spot_percent: Percent
    requests_per_minute: Annotated[int, between(1, 1_000_000)]
    log_days: LogDays
    rest: RestSettings | None = None

    def check_range(self) -> Iterator[Problem]:
        """The range must not be empty."""
        if self.min > self.max:
            yield Problem(
                key="min",
                value=self.min,
                given=f"with max = {self.max}",
                accepted=f"a whole number from 0 to {self.max}",
            )

    def check_types(self) -> Iterator[Problem]:
        """Spot capacity of one type runs out."""
        kinds = self.instance_types
        if not kinds or len(set(kinds)) < len(kinds) or (self.spot_percent and len(kinds) < 2):
            yield Problem(
                key="instance_types",
                value=kinds,
                given=f"with spot_percent = {self.spot_percent}",
                accepted="different types, two at least where there are spot instances",
            )

    def check_rest(self) -> Iterator[Problem]:
        """Rest is less than work."""
        if self.rest is not None and self.rest.size > self.min:
            yield Problem(
                key="rest.size",
                value=self.rest.size,
                given=f"with min = {self.min}",
                accepted=f"a whole number from 0 to {self.min}",
            )

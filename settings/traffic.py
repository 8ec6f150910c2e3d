"""How requests reach what serves them: `shop:web.pools` and `shop:web.balancer`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from .reading import Problem, between

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

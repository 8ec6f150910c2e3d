"""What the edge is told: `shop:edge`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from .network import LogDays
from .reading import Problem, Rule, between, matching
from .shop import is_domain

Domain = Annotated[str, Rule('a domain in lower case such as "shop.example.com"', is_domain)]
RuleGroup = Literal[
    "core", "known-bad-inputs", "sql-injection", "ip-reputation", "anonymous-ips", "bot-control"
]
# WAF counts requests of an address over five minutes.
Requests = Annotated[int, between(10, 2_000_000, "requests of one address in five minutes")]


@dataclass(frozen=True, kw_only=True)
class ZoneSettings:
    """The hosted zone that names go into: there already (``lookup``), or made with the stack."""

    name: Domain
    source: Literal["lookup", "create"]


@dataclass(frozen=True, kw_only=True)
class FirewallSettings:
    """What is refused before it reaches the shop; with mode ``count`` it is only counted.

    ``sign_in_requests`` is for signing in, registering and buying, ``requests`` for everything.
    """

    mode: Literal["block", "count"]
    groups: tuple[RuleGroup, ...]
    requests: Requests
    sign_in_requests: Requests
    log_days: LogDays

    def check_groups(self) -> Iterator[Problem]:
        """A group is applied once."""
        if len(set(self.groups)) < len(self.groups):
            yield Problem(key="groups", value=self.groups, accepted="each name once")

    def check_limits(self) -> Iterator[Problem]:
        """The stricter limit would never be met."""
        if self.sign_in_requests > self.requests:
            yield Problem(
                key="sign_in_requests",
                value=self.sign_in_requests,
                given=f"with requests = {self.requests}",
                accepted=f"at most {self.requests}",
            )


@dataclass(frozen=True, kw_only=True)
class EdgeSettings:
    """CloudFront and the names that lead there; without a domain it has a name of its own.

    Unless ``wait_for_deployment``, an update goes on as soon as CloudFront has taken a change.
    With a ``health_check`` Route 53 asks from around the world whether the shop answers.
    """

    domain: Domain | None
    zone: ZoneSettings | None
    price_class: Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"]
    wait_for_deployment: bool
    health_check: bool
    blocked_countries: tuple[Annotated[str, matching(r"[A-Z]{2}", 'codes such as "KP"')], ...]
    firewall: FirewallSettings

    def check_zone(self) -> Iterator[Problem]:
        """A certificate is proved, and a name found, through the zone."""
        domain, zone = self.domain, self.zone
        if domain is not None and zone is None:
            yield Problem(
                key="zone",
                value=None,
                given=f"with domain = {domain}",
                accepted=f"the zone of {domain}, with name and source",
            )
        if domain is None and zone is not None:
            yield Problem(
                key="domain",
                value=None,
                given=f"with zone.name = {zone.name}",
                accepted=f"a name in {zone.name}, or no zone",
            )

    def check_name(self) -> Iterator[Problem]:
        """The zone holds its own name and those below."""
        domain, zone = self.domain, self.zone
        if domain is None or zone is None:
            return
        if domain != zone.name and not domain.endswith(f".{zone.name}"):
            yield Problem(
                key="domain",
                value=domain,
                given=f"with zone.name = {zone.name}",
                accepted=f"{zone.name}, or a name that ends with .{zone.name}",
            )

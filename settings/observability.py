"""What observability is told: `shop:observability`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from .network import LogDays
from .reading import Problem, Rule, between, matching
from .shop import is_email

Address = Annotated[str, Rule('an e-mail address such as "oncall@example.com"', is_email)]
Place = Annotated[str, matching(r"https://[\w./-]*[\w-]", "an https address without / behind")]
Region = Annotated[str, matching(r"[a-z]{2}(-[a-z]+)+-\d", 'a region such as "us-west-2"')]


@dataclass(frozen=True, kw_only=True)
class AccountSettings:
    """Watching the account itself: one stack an account does it, and pays for it.

    ``trail`` is CloudTrail with its alarms, kept unchangeable for ``locked_days``. ``guard`` is
    GuardDuty and Security Hub, ``anomalies`` what Cost Explorer finds unusual.
    """

    trail: bool
    locked_days: Annotated[int, between(1, 3650, "days")]
    guard: bool
    anomalies: bool


@dataclass(frozen=True, kw_only=True)
class BackupSettings:
    """Copies by AWS Backup, kept for ``days``; ``copy_to`` is another region for a second one.

    With ``restore_tests`` the latest copies are restored every week, looked at, and deleted.
    """

    days: Annotated[int, between(1, 3650, "days")]
    copy_to: Region | None
    restore_tests: bool


@dataclass(frozen=True, kw_only=True)
class CanarySettings:
    """Somebody who buys every so many ``minutes``, only to see whether it works. Billed by run."""

    minutes: Annotated[int, between(1, 60, "minutes")]


@dataclass(frozen=True, kw_only=True)
class ObservabilitySettings:
    """Who is told what, and what is watched.

    ``pages`` wake somebody, ``tickets`` are for the next morning. ``runbooks`` is where their pages
    can be read, ``budget`` what a month may cost (USD), ``connections`` how many of the database's
    are nearly all. With ``objectives`` there are alarms on promises that break, with ``dashboards``
    pictures of everything: both are billed by the piece. With ``game_days`` there are experiments
    that somebody may start.
    """

    pages: tuple[Address, ...]
    tickets: tuple[Address, ...]
    runbooks: Place
    log_days: LogDays
    budget: Annotated[int, between(1, 1_000_000, "USD a month")]
    connections: Annotated[int, between(10, 16_000, "connections")]
    objectives: bool
    dashboards: bool
    account: AccountSettings
    backup: BackupSettings | None
    canary: CanarySettings | None
    game_days: bool

    def check_addresses(self) -> Iterator[Problem]:
        """A subscription is made once."""
        for key, told in (("pages", self.pages), ("tickets", self.tickets)):
            if len(set(told)) < len(told):
                yield Problem(key=key, value=told, accepted="each address once")

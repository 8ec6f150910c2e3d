"""What recommendations are told: `shop:recommendations`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from .functions import FunctionSettings
from .network import EndpointName, LogDays
from .reading import Problem, Rule, between, matching
from .traffic import TimeZone

# What a function in the VPC calls for shelves by Personalize, where there is no NAT.
NEEDED_BY_SHELVES: tuple[EndpointName, ...] = ("personalize-runtime", "ssm")
# YAML reads a bare off as false.
Serving = Annotated[
    Literal["off", "recommender", "campaign"],
    Rule('"off" (in quotes), recommender, campaign', lambda _: True),
]
# EventBridge counts weekdays otherwise than cron does, and takes a day of the month or of the week.
Cron = Annotated[
    str,
    matching(
        r"[\d*/,-]+ [\d*/,-]+ (\* [\d*/,A-Z-]+ [*A-Z][A-Z,-]*|[\d*/,-]+ [\d*/,A-Z-]+ \*)",
        'five fields such as "0 3 * * SUN", weekdays by name, without a day of the month',
    ),
]


@dataclass(frozen=True, kw_only=True)
class RouteSettings(FunctionSettings):
    """A function behind a route, which takes ``rate`` requests a second and ``burst`` at once."""

    rate: Annotated[int, between(1, 10_000, "requests a second")]
    burst: Annotated[int, between(1, 5_000, "requests at once")]


@dataclass(frozen=True, kw_only=True)
class PauseSettings:
    """When recommenders stop, which ends their bill, and when they start again."""

    starts: Cron
    ends: Cron


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """When Personalize learns from what visitors did, and when it rests; only where it serves."""

    schedule: Cron
    time_zone: TimeZone
    rest: PauseSettings | None


@dataclass(frozen=True, kw_only=True)
class RecommendationsSettings:
    """What visitors do, kept and learned from.

    ``serving`` says who fills shelves: the shop's own database ("off"), or Personalize before it,
    by recommenders or by campaigns. ``personalize_milliseconds`` is how long a shelf waits for it.
    ``record_days`` is how long visitors' events are kept.
    """

    serving: Serving
    personalize_milliseconds: Annotated[int, between(50, 2000, "milliseconds")]
    record_days: Annotated[int, between(1, 3650, "days")]
    log_level: Literal["debug", "info", "warning", "error"]
    log_days: LogDays
    events: RouteSettings
    recommend: RouteSettings
    export: FunctionSettings
    training: TrainingSettings

    def check_rest(self) -> Iterator[Problem]:
        """Only recommenders can be stopped."""
        if self.serving == "campaign" and self.training.rest is not None:
            yield Problem(
                key="training.rest",
                value=dataclasses.asdict(self.training.rest),
                given="with serving = campaign",
                accepted="null (a campaign bills until it is deleted), or serving: recommender",
            )

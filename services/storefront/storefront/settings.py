"""The storefront's settings: frozen dataclasses from the environment.

The names are those that the WebTier component declares for pods; a test compares the two lists.
Everything that is wrong is reported at once, by name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated

import msgspec

from .domain.pricing import Coupon, PricingRules, ShippingRate


class SettingsError(Exception):
    """The environment does not describe a shop; the message names every problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """What a migration is told; ``*_secret_arn`` point into Secrets Manager.

    Less than a shop is, so that the first migration need not wait for the rest of it.
    """

    database_host: str
    database_port: int
    database_name: str
    database_tls: str  # disable | require | verify-full
    database_ca_file: str  # for verify-full; empty: the system's authorities
    database_secret_arn: str  # {"username", "password"} of the least-privileged user
    database_master_secret_arn: str  # the migration job only, else empty
    log_level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(DatabaseSettings):
    """See `read` for the environment names."""

    shop_name: str
    currency: str
    pricing: PricingRules
    public_url: str  # where visitors see the shop, no trailing slash
    assets_url: str  # where browsers load static files and pictures; empty: from the shop itself
    port: int
    cookie_secure: bool
    page_cache_seconds: int
    database_pool_size: int
    cache_host: str
    cache_port: int
    cache_tls: bool
    cache_secret_arn: str  # {"auth_token"}; empty: no password
    carts_table: str
    sessions_table: str
    images_bucket: str
    events_bucket: str  # what visitors looked at, below events/; empty: nothing is read
    order_events_queue_url: str
    canary_secret_arn: str  # {"token"} of who only tries to buy; empty: nobody does
    mail_transport: str  # ses | file
    mail_from: str
    mail_directory: str  # with transport "file"
    metrics_namespace: str  # of one stack
    otlp_endpoint: str  # a collector, without /v1/traces; empty: traces are not exported
    trace_share: int  # per cent of requests whose trace is exported
    telemetry_speed: int  # minutes of metrics and alarms pass so many times as fast: to rehearse


_Minor = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]


class _Rate(msgspec.Struct, forbid_unknown_fields=True):
    price: _Minor
    free_from: _Minor | None = None


class _Rates(msgspec.Struct, forbid_unknown_fields=True):
    standard: _Rate
    express: _Rate


class _Coupon(msgspec.Struct, forbid_unknown_fields=True):
    percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    amount: _Minor = 0
    minimum: _Minor = 0

    def __post_init__(self) -> None:
        if not (self.percent or self.amount):
            raise ValueError("a coupon takes off a percent or an amount")


class _Rules(msgspec.Struct, forbid_unknown_fields=True):
    shipping: _Rates
    tax: dict[
        Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{2}|\*)$")],
        Annotated[int, msgspec.Meta(ge=0, le=10_000)],
    ] = {}
    coupons: dict[Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,40}$")], _Coupon] = {}


def pricing_rules(text: str) -> PricingRules:
    """Rules from JSON ``{"shipping": {method: {"price", "free_from"?}}, "tax": {country: basis
    points}, "coupons": {code: {"percent"?, "amount"?, "minimum"?}}}``, money in minor units; raises
    ValueError.
    """
    raw = msgspec.json.decode(text, type=_Rules)  # its errors are ValueErrors
    return PricingRules(
        shipping={
            "standard": ShippingRate(raw.shipping.standard.price, raw.shipping.standard.free_from),
            "express": ShippingRate(raw.shipping.express.price, raw.shipping.express.free_from),
        },
        tax=raw.tax,
        coupons={
            code.upper(): Coupon(coupon.percent, coupon.amount, coupon.minimum)
            for code, coupon in raw.coupons.items()
        },
    )


class _Reader:
    """Reads names and collects every problem, so that one start shows them all."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None, choices: tuple[str, ...] = ()) -> str:
        value = self.environment.get(name) or default
        if value is None:
            self.problems.append(f"{name} is missing")
            return ""
        if choices and value not in choices:
            self.problems.append(f"{name} is {value!r}; accepted: {', '.join(choices)}")
        return value

    def number(self, name: str, default: int | None, low: int, high: int) -> int:
        value = self.text(name, None if default is None else str(default))
        if value.isascii() and value.isdecimal() and low <= int(value) <= high:
            return int(value)
        if value:
            self.problems.append(f"{name} is {value!r}; accepted: {low} to {high}")
        return 0

    def port(self, name: str, default: int | None = None) -> int:
        return self.number(name, default, 1, 65_535)

    def flag(self, name: str) -> bool:
        return self.text(name, choices=("true", "false")) == "true"

    def pattern(self, name: str, pattern: str, accepted: str, default: str | None = None) -> str:
        value = self.text(name, default)
        if value and not re.fullmatch(pattern, value):
            self.problems.append(f"{name} is {value!r}; accepted: {accepted}")
        return value

    def rules(self, name: str) -> PricingRules:
        try:
            return pricing_rules(self.text(name) or "null")
        except ValueError as problem:
            self.problems.append(f"{name}: {problem}")
            return PricingRules(shipping={})


def read_database(environment: Mapping[str, str] = os.environ) -> DatabaseSettings:
    """What a migration needs; raises SettingsError naming every problem."""
    env = _Reader(environment)
    settings = _database(env)
    if env.problems:
        raise SettingsError("; ".join(env.problems))
    return settings


def _database(env: _Reader) -> DatabaseSettings:
    return DatabaseSettings(
        database_host=env.text("DATABASE_HOST"),
        database_port=env.port("DATABASE_PORT"),
        database_name=env.text("DATABASE_NAME"),
        database_tls=env.text("DATABASE_TLS", choices=("disable", "require", "verify-full")),
        database_ca_file=env.text("DATABASE_CA_FILE", ""),
        database_secret_arn=env.text("DATABASE_SECRET_ARN"),
        database_master_secret_arn=env.text("DATABASE_MASTER_SECRET_ARN", ""),
        log_level=env.text("LOG_LEVEL", "info", choices=("debug", "info", "warning", "error")),
    )


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment; raises SettingsError naming every problem."""
    env = _Reader(environment)
    settings = Settings(
        shop_name=env.text("SHOP_NAME"),
        currency=env.pattern("CURRENCY", r"[A-Z]{3}", "an ISO 4217 code such as USD"),
        pricing=env.rules("PRICING_RULES"),
        public_url=env.pattern(
            "PUBLIC_URL", r"https?://[^/?#\s]+/?", "http(s)://host, without a path"
        ).rstrip("/"),
        assets_url=env.pattern(
            "ASSETS_URL",
            r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?",
            "http(s)://host, without a path or a slash at its end",
            default="",
        ),
        port=env.port("PORT", 8080),
        cookie_secure=env.flag("COOKIE_SECURE"),
        page_cache_seconds=env.number("PAGE_CACHE_SECONDS", 5, 0, 3600),
        **asdict(_database(env)),
        database_pool_size=env.number("DATABASE_POOL_SIZE", 10, 1, 500),
        cache_host=env.text("CACHE_HOST"),
        cache_port=env.port("CACHE_PORT"),
        cache_tls=env.flag("CACHE_TLS"),
        cache_secret_arn=env.text("CACHE_SECRET_ARN", ""),
        carts_table=env.text("CARTS_TABLE"),
        sessions_table=env.text("SESSIONS_TABLE"),
        images_bucket=env.text("IMAGES_BUCKET"),
        events_bucket=env.text("EVENTS_BUCKET", ""),
        order_events_queue_url=env.text("ORDER_EVENTS_QUEUE_URL"),
        canary_secret_arn=env.text("CANARY_SECRET_ARN", ""),
        mail_transport=env.text("MAIL_TRANSPORT", choices=("ses", "file")),
        mail_from=env.text("MAIL_FROM"),
        mail_directory=env.text("MAIL_DIRECTORY", ""),
        metrics_namespace=env.pattern(
            "METRICS_NAMESPACE", r"[\w./#-]{1,255}", "a namespace of CloudWatch such as shop-prod"
        ),
        otlp_endpoint=env.pattern(
            "OTLP_ENDPOINT",
            r"https?://[^/?#\s@]+",
            "http(s)://host:port, without a path or a slash at its end",
            default="",
        ),
        trace_share=env.number("TRACE_SHARE", 0, 0, 100),
        telemetry_speed=env.number("TELEMETRY_SPEED", 1, 1, 600),
    )
    if settings.mail_transport == "file" and not settings.mail_directory:
        env.problems.append("MAIL_DIRECTORY is missing; MAIL_TRANSPORT=file needs it")
    if env.problems:
        raise SettingsError("; ".join(env.problems))
    return settings

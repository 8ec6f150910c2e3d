"""The storefront's environment: the names of its own settings, filled from the other tiers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pulumi import Input, Output

from components.balancer import TARGET_PORT
from components.data_tier import DataLinks
from components.recommendations import StoreLinks
from settings import WebSettings

PORT = TARGET_PORT


@dataclass(frozen=True, kw_only=True)
class Told:
    """``physical`` is project and stack, ``public_url`` where visitors see the shop.

    ``collector`` takes traces where settings name none, "" where there is none.
    """

    physical: str
    public_url: Input[str]
    collector: str


def environment(
    settings: WebSettings, data: DataLinks, records: StoreLinks, told: Told
) -> dict[str, Input[str]]:
    """What every pod of the storefront is told.

    PORT comes with the container's port. Secrets are named, not given: pods read them with their
    own role.
    """
    return {
        "SHOP_NAME": settings.shop.name,
        "CURRENCY": settings.shop.currency,
        "PRICING_RULES": settings.shop.pricing_rules(),
        "PUBLIC_URL": told.public_url,
        "ASSETS_URL": settings.assets_url or "",
        "COOKIE_SECURE": _flag(settings.cookie_secure),
        "PAGE_CACHE_SECONDS": str(settings.page_cache_seconds),
        **database_environment(settings, data),
        "METRICS_NAMESPACE": told.physical,
        "CANARY_SECRET_ARN": data.canary_secret_arn or "",
        "OTLP_ENDPOINT": settings.otlp_endpoint or told.collector,
        "TRACE_SHARE": str(settings.trace_share),
        "DATABASE_POOL_SIZE": str(data.database.pool_size),
        "CACHE_HOST": data.cache.host,
        "CACHE_PORT": str(data.cache.port),
        "CACHE_TLS": _flag(data.cache.tls),
        "CACHE_SECRET_ARN": "" if data.cache.secret_arn is None else data.cache.secret_arn,
        "CARTS_TABLE": data.carts.name,
        "SESSIONS_TABLE": data.sessions.name,
        "IMAGES_BUCKET": data.images.name,
        "EVENTS_BUCKET": records.name,
        "ORDER_EVENTS_QUEUE_URL": data.order_events.url,
        "MAIL_TRANSPORT": settings.mail.transport,
        "MAIL_FROM": settings.mail.sender,
        "MAIL_DIRECTORY": settings.mail.directory or "",
    }


def database_environment(settings: WebSettings, data: DataLinks) -> dict[str, Input[str]]:
    """What the migration is told, too: no more, so that it waits for no more than the database."""
    return {
        "LOG_LEVEL": settings.log_level,
        "DATABASE_HOST": data.database.host,
        "DATABASE_PORT": str(data.database.port),
        "DATABASE_NAME": data.database.name,
        "DATABASE_TLS": data.database.tls,
        "DATABASE_CA_FILE": data.database.ca_file or "",
        "DATABASE_SECRET_ARN": data.database.secret_arn,
    }


def named_by_content(prefix: str, content: Input[str]) -> Output[str]:
    """A name that changes with the content: pods roll, and a rollback finds the old one."""
    return Output.from_input(content).apply(
        lambda text: f"{prefix}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
    )


def _flag(value: bool) -> str:
    return "true" if value else "false"

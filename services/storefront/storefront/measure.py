"""What nobody counts while working, and so has to be asked for: what waits, and what was refused.

Every process asks, also those that only serve pages: whoever should have done the work may be dead.
"""

from __future__ import annotations

import logging

from .domain.errors import UnavailableError
from .metrics import MAIL_SECONDS
from .wiring import Shop

log = logging.getLogger(__name__)


async def measure(shop: Shop) -> None:
    """Set the gauges, and count mails that are late; nothing is told while the database is down."""
    metrics = shop.metrics
    for gauge in ("OutboxAge", "ImportRefused"):
        metrics.set(gauge, None)  # a number from before would hide that nobody knows
    try:
        metrics.set("OutboxAge", round(await shop.outbox.age(), 3))
        metrics.set("ImportRefused", await shop.catalogue.last_import_refused())
        late = MAIL_SECONDS / shop.settings.telemetry_speed
        metrics.count("MailsLate", await shop.fulfilment.mark_late(late))
    except UnavailableError as problem:
        log.warning("measure: %s is unavailable", problem.what)

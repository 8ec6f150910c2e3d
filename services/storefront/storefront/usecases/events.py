"""What follows an order: fulfilment, mail, and looking after events that got lost."""

from __future__ import annotations

import logging

from storefront.domain.errors import NotFoundError, UnavailableError
from storefront.ports import (
    Accounts,
    Carts,
    Event,
    Fulfilment,
    Letters,
    Mailer,
    Orders,
)

log = logging.getLogger(__name__)


class UnknownEventError(Exception):
    """An event that this version does not know; a later one may, so it is not thrown away."""


async def handle_event(
    event: Event,
    *,
    orders: Orders,
    accounts: Accounts,
    carts: Carts,
    fulfilment: Fulfilment,
    letters: Letters,
) -> bool:
    """Do what ``event`` asks for, once however often it comes; False if it was done before.

    Raises UnknownEventError, KeyError or NotFoundError for an event that makes no sense.
    """
    match event.type:
        case "order.paid":
            order, _, _ = await orders.get(str(event.payload["number"]))
            fresh = await fulfilment.fulfil(event, letters.order_confirmed(order))
            # Also when done before: a crash may have come in between, and this repeats harmlessly.
            await carts.remove_bought(
                str(event.payload["cart_id"]),
                int(event.payload["cart_version"]),
                {str(sku): int(units) for sku, units in event.payload["items"].items()},
            )
            return fresh
        case "order.fulfilled":
            order, _, _ = await orders.get(str(event.payload["number"]))
            return await fulfilment.queue_mail(event, letters.order_fulfilled(order))
        case "customer.registered":
            try:
                customer = await accounts.get(str(event.payload["customer_id"]))
            except NotFoundError:  # gone meanwhile: nobody to welcome
                return False
            return await fulfilment.queue_mail(event, letters.welcome(customer))
        case _:
            raise UnknownEventError(event.type)


async def send_mail(fulfilment: Fulfilment, mailer: Mailer, limit: int = 20) -> int:
    """Send mail that is due; returns how many went out.

    What fails comes again later by itself, and does not hold up the rest.
    """
    sent = 0
    for mail in await fulfilment.take_mail(limit):
        try:
            await mailer.send(mail)
        except UnavailableError as problem:
            log.warning("mail %s must wait: %s", mail.id, type(problem.__cause__).__name__)
        except Exception as problem:  # noqa: BLE001 - one bad mail must not stop the others
            # By type only: messages of mail systems name the recipient.
            log.error("mail %s cannot be sent: %s", mail.id, type(problem).__name__)  # noqa: TRY400
        else:
            await fulfilment.mark_sent(mail.id)
            sent += 1
    return sent

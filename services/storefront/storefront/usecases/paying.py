"""The end of a checkout: charging, settling, and finishing what crashes left behind."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
from dataclasses import dataclass

from storefront.domain.errors import (
    ConflictError,
    OutOfStockError,
    PaymentDeclinedError,
    UnavailableError,
)
from storefront.domain.orders import Order
from storefront.domain.payments import REHEARSAL
from storefront.ports import (
    AnswerLostError,
    Carts,
    ChargeStatus,
    Checkouts,
    Orders,
    Outcome,
    Payments,
    PendingOrder,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Placed:
    """A paid order as it was placed; ``replayed`` when an earlier request had placed it."""

    order: Order
    replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a checkout waits for others, in seconds.

    ``charge`` must stay below the time that a claim lasts, or others step in needlessly.
    """

    charge: float = 15.0  # for the gateway, all attempts together
    charge_attempts: int = 3
    others: float = 15.0  # for another attempt with the same key
    poll: float = 0.05
    cart: float = 1.0  # for taking what was bought out of the cart


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Till:
    """The ports that end a checkout."""

    carts: Carts
    checkouts: Checkouts
    orders: Orders
    payments: Payments
    patience: Patience

    async def pay(self, order: PendingOrder) -> Outcome | None:
        """Charge and settle; None when somebody else has ended or voided this attempt.

        Raises UnavailableError, after letting go of the order.
        """
        number, charge_key = order.number, order.charge_key
        try:
            async with asyncio.timeout(self.patience.charge):
                status = await self._charge(order)
            if status == "declined":
                settled = await self.checkouts.settle_declined(number, charge_key)
                return Outcome("declined", number, []) if settled else None
            if not await self.checkouts.settle_paid(number, charge_key):
                return None
        except ConflictError:  # the reconciler was faster, and may have died before this
            await self.checkouts.abandon(number, charge_key)
            return None
        except (AnswerLostError, TimeoutError, UnavailableError) as problem:
            with contextlib.suppress(UnavailableError):
                await self.checkouts.release(number, charge_key)
            raise UnavailableError("payments") from problem
        await self.clear(order)
        return Outcome("paid", number, [])

    async def clear(self, order: PendingOrder) -> None:
        """Take what was bought out of the cart, if that goes quickly.

        The worker does it again; here only so that the buyer finds the cart empty at once.
        """
        with contextlib.suppress(UnavailableError, TimeoutError):
            async with asyncio.timeout(self.patience.cart):
                await self.carts.remove_bought(order.cart_id, order.cart_version, order.items)

    async def _charge(self, order: PendingOrder) -> ChargeStatus:
        """Ask with the same key until there is an answer; raises AnswerLostError in the end."""
        if order.payment_token == REHEARSAL:
            return "succeeded"  # a real gateway would take real money
        for attempt in range(1, self.patience.charge_attempts + 1):
            try:
                return await self.payments.charge(
                    key=order.charge_key,
                    order_number=order.number,
                    amount=order.amount,
                    currency=order.currency,
                    token=order.payment_token,
                )
            except AnswerLostError:
                if attempt == self.patience.charge_attempts:
                    raise
        raise AnswerLostError

    async def answer(self, outcome: Outcome, *, replayed: bool) -> Placed:
        """The remembered end, told again."""
        if outcome.kind == "out_of_stock":
            raise OutOfStockError(outcome.shortages, replayed=replayed)
        if outcome.kind == "declined" or outcome.order_number is None:
            raise PaymentDeclinedError(replayed=replayed)
        order, _, _ = await self.orders.get(outcome.order_number)
        return Placed(dataclasses.replace(order, status="paid"), replayed)


async def reconcile(checkouts: Checkouts, payments: Payments, limit: int = 50) -> int:
    """End what crashes left behind: every stale order becomes paid, declined or abandoned.

    Returns how many; raises UnavailableError after trying all of them.
    """
    ended, failure = 0, None
    for order in await checkouts.take_stale(limit):
        try:
            charged = await payments.void(
                key=order.charge_key,
                order_number=order.number,
                amount=order.amount,
                currency=order.currency,
            )
            settle = {
                "succeeded": checkouts.settle_paid,
                "declined": checkouts.settle_declined,
                None: checkouts.abandon,
            }[charged]
            ended += await settle(order.number, order.charge_key)
            log.info("reconciled order %s: %s", order.number, charged or "abandoned")
        except UnavailableError as problem:  # the others may well go through
            failure = problem
    if failure:
        raise failure
    return ended

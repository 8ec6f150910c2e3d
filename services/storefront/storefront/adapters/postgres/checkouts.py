"""Checkouts in PostgreSQL, with an idempotency key's row as their memory."""

from __future__ import annotations

import secrets

import msgspec

from storefront import tracing
from storefront.domain.errors import KeyReusedError
from storefront.domain.orders import OrderLine, Shortage
from storefront.domain.payments import REHEARSAL
from storefront.metrics import Metrics
from storefront.ports import InProgress, Outcome, PendingOrder, Placement, Sold

from . import checkouts_sql as sql
from .pool import Connection, Database, Record

# How long whoever works on a pending order may take before somebody else steps in.
CLAIM_SECONDS = 20.0

# Order numbers are read out on the telephone: Crockford's letters, no I, L, O or U. 60 random bits
# say nothing about how many orders there are.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class PostgresCheckouts:
    """The port `Checkouts`; ``claim_seconds`` is how long an attempt is left alone.

    Counts here, where it is known who did it: of all who try to end an order, one succeeds.
    """

    def __init__(
        self,
        database: Database,
        *,
        claim_seconds: float = CLAIM_SECONDS,
        metrics: Metrics | None = None,
    ) -> None:
        self._database = database
        self._claim = claim_seconds
        self._metrics = metrics or Metrics()

    async def reserve(
        self, placement: Placement
    ) -> PendingOrder | Outcome | InProgress | Sold | None:
        """See `Checkouts.reserve`."""
        number = new_number()
        row = await self._reserve(number, placement)
        if row is None:
            if await self._database.fetchval(sql.IS_KNOWN, placement.scope, placement.key):
                return None
            return _sold(
                await self._database.fetchrow(sql.HOLDER, placement.cart_id, placement.cart_taken)
            )
        if placement.request.payment_token != REHEARSAL:
            self._metrics.count("CheckoutsBegun")
        if row["order_number"] is None:
            self._metrics.count("StockShort")
            return Outcome("out_of_stock", None, _shortages(row["shortages"]))
        return PendingOrder(
            number=number,
            charge_key=f"{number}-1",
            amount=placement.totals.total,
            currency=placement.currency,
            payment_token=placement.request.payment_token,
            cart_id=placement.cart_id,
            cart_version=placement.cart_version,
            items=_items(placement.lines),
            placed_at=row["placed_at"],
        )

    async def _reserve(self, number: str, placement: Placement) -> Record | None:
        request, totals, lines = placement.request, placement.totals, placement.lines
        return await self._database.fetchrow(
            sql.RESERVE,
            [line.sku for line in lines],
            [line.name for line in lines],
            [line.quantity for line in lines],
            [line.unit_price for line in lines],
            placement.scope,
            placement.key,
            placement.fingerprint,
            number,
            placement.customer_id,
            request.email,
            msgspec.json.encode(request.shipping_address).decode(),
            request.shipping_method,
            request.coupon,
            placement.currency,
            totals.subtotal,
            totals.discount,
            totals.shipping,
            totals.tax,
            totals.total,
            request.payment_token,
            placement.cart_id,
            placement.cart_version,
            self._claim,
            placement.visitor_id,
            placement.cart_taken,
        )

    async def resume(
        self, scope: str, key: str, fingerprint: bytes
    ) -> PendingOrder | Outcome | InProgress | Sold | None:
        """See `Checkouts.resume`."""
        known = await self._database.fetchrow(sql.FIND, scope, key)
        if known is None:
            return None
        if known["fingerprint"] != fingerprint:
            raise KeyReusedError
        if known["outcome"]:
            shortages = _shortages(known["shortages"])
            return Outcome(known["outcome"], known["order_number"], shortages)
        if known["status"] == "cancelled":
            return await self._revive(scope, key, known["order_number"])
        if known["at_work"]:
            return InProgress()
        row = await self._database.fetchrow(sql.TAKE_OVER, known["order_number"], self._claim)
        return _pending(row) if row else InProgress()

    async def _revive(
        self, scope: str, key: str, number: str
    ) -> PendingOrder | Outcome | InProgress | Sold:
        async with self._database.transaction() as connection:
            cart = await connection.fetchrow(sql.HOLD_AGAIN, number)
            assert cart is not None
            if not cart["free"]:
                of = cart["cart_id"], cart["cart_taken"]
                holder = await connection.fetchrow(sql.HOLDER, *of)
                return _sold(holder) if holder and holder["number"] != number else InProgress()
            if not (order_id := await _lock_abandoned(connection, scope, key, number)):
                return InProgress()  # somebody else was faster; the next look tells
            row = await connection.fetchrow(sql.REVIVE, order_id, scope, key, self._claim)
        assert row is not None
        if row["number"] is None:
            self._metrics.count("StockShort")
            return Outcome("out_of_stock", number, _shortages(row["shortages"]))
        return _pending(row)

    async def settle_paid(self, order_number: str, charge_key: str) -> bool:
        """See `Checkouts.settle_paid`."""
        row = await self._database.fetchrow(
            sql.SETTLE_PAID, order_number, charge_key, tracing.current()
        )
        if row is None:
            return False
        if row["payment_token"] != REHEARSAL:
            self._metrics.count("OrdersPaid")
            self._metrics.count("Revenue", row["total"])
        return True

    async def settle_declined(self, order_number: str, charge_key: str) -> bool:
        """See `Checkouts.settle_declined`."""
        declined = await self._give_back(order_number, charge_key, "declined")
        if declined:
            self._metrics.count("PaymentsDeclined")
        return declined

    async def abandon(self, order_number: str, charge_key: str) -> bool:
        """See `Checkouts.abandon`."""
        return await self._give_back(order_number, charge_key, None)

    async def _give_back(self, order_number: str, charge_key: str, outcome: str | None) -> bool:
        return bool(await self._database.fetchval(sql.GIVE_BACK, order_number, charge_key, outcome))

    async def release(self, order_number: str, charge_key: str) -> None:
        """See `Checkouts.release`."""
        await self._database.fetch(sql.RELEASE, order_number, charge_key)

    async def take_stale(self, limit: int) -> list[PendingOrder]:
        """See `Checkouts.take_stale`."""
        rows = await self._database.fetch(sql.TAKE_STALE, limit, self._claim)
        return sorted((_pending(row) for row in rows), key=lambda order: order.placed_at)


async def _lock_abandoned(connection: Connection, scope: str, key: str, number: str) -> int | None:
    """The id of the order if it is still cancelled and its key still open."""
    order_id: int | None = await connection.fetchval(
        "select id from orders where number = $1 and status = 'cancelled' for update", number
    )
    # A statement of its own: it must see what the one that held the lock before has written.
    is_open = await connection.fetchval(
        "select outcome is null from checkouts where scope = $1 and key = $2", scope, key
    )
    return order_id if is_open else None


def new_number() -> str:
    """An order number such as 7K3M-9QXT-2BHA."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(12))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def _sold(holder: Record | None) -> InProgress | Sold:
    """What a `HOLDER` means; where there is none any more, the next look tells."""
    if holder is None or holder["status"] == "pending_payment":
        return InProgress()
    return Sold(_pending(holder))


def _pending(row: Record) -> PendingOrder:
    return PendingOrder(
        number=row["number"],
        charge_key=row["charge_key"],
        amount=row["amount"],
        currency=row["currency"],
        payment_token=row["payment_token"],
        cart_id=row["cart_id"],
        cart_version=row["cart_version"],
        items=msgspec.json.decode(row["items"], type=dict[str, int]),
        placed_at=row["placed_at"],
    )


def _items(lines: list[OrderLine]) -> dict[str, int]:
    return {line.sku: line.quantity for line in lines}


def _shortages(text: str) -> list[Shortage]:
    return msgspec.json.decode(text, type=list[Shortage])

"""Tools of the tests around carts, checkout and the worker: goods, buyers, crashes, bookkeeping."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from storefront.adapters.postgres.accounts import PostgresAccounts
from storefront.adapters.postgres.catalogue import PostgresCatalogue
from storefront.adapters.postgres.checkouts import PostgresCheckouts
from storefront.adapters.postgres.orders import PostgresOrders
from storefront.adapters.postgres.payments import EmbeddedGateway
from storefront.adapters.postgres.pool import Database
from storefront.domain.accounts import Caller
from storefront.domain.cart import Cart, merged
from storefront.domain.errors import UnavailableError
from storefront.domain.orders import Address, CheckoutRequest
from storefront.domain.pricing import Coupon, PricingRules, ShippingRate
from storefront.usecases.checkout import Patience, Placed, place_order, reconcile

RULES = PricingRules(
    shipping={"standard": ShippingRate(490, 7500), "express": ShippingRate(1290)},
    tax={"US": 800, "*": 0},
    coupons={"TENOFF": Coupon(percent=10, minimum=5000)},
)
IMPATIENT = Patience(charge=5.0, others=5.0, poll=0.005)


class MemoryCarts:
    """The port `Carts` in memory, for tests and measurements that are not about DynamoDB."""

    def __init__(self) -> None:
        self.carts: dict[str, Cart] = {}

    async def get(self, cart_id: str) -> Cart:
        return self.carts.get(cart_id, Cart(cart_id))

    async def set_quantity(self, cart_id: str, sku: str, quantity: int) -> Cart:
        cart = await self.get(cart_id)
        items = {**cart.items, sku: quantity}
        if not quantity:
            del items[sku]
        return self._put(cart_id, items, cart.version + 1, cart.taken)

    async def merge(self, source_id: str, target_id: str) -> Cart:
        source, target = await self.get(source_id), await self.get(target_id)
        self._put(source_id, {}, source.version + 1, source.version)
        both = merged(target.items, source.items)
        return self._put(target_id, both, target.version + 1, target.taken)

    async def remove_bought(self, cart_id: str, version: int, items: Mapping[str, int]) -> None:
        cart = await self.get(cart_id)
        if cart.taken < version:
            left = {sku: n - items.get(sku, 0) for sku, n in cart.items.items()}
            left = {sku: n for sku, n in left.items() if n > 0}
            self._put(cart_id, left, cart.version + 1, version)

    def _put(self, cart_id: str, items: dict[str, int], version: int, taken: int) -> Cart:
        self.carts[cart_id] = Cart(cart_id, items, version, taken)
        return self.carts[cart_id]


def request(token: str = "tok_visa", **changes: Any) -> CheckoutRequest:
    """What a buyer in Oregon sends."""
    address = Address("Ada Field", "1 Thrush Lane", "", "Portland", "97201", "US")
    fields = {
        "email": "ada@example.com",
        "shipping_address": address,
        "shipping_method": "standard",
        "payment_token": token,
        "coupon": None,
        **changes,
    }
    return CheckoutRequest(**fields)


async def receive_goods(owner: Any, goods: Mapping[str, int], price: int = 1500) -> None:
    """Put products with so many units on the shelf."""
    category = await owner.fetchval(
        "insert into categories (slug, name) values ('goods', 'Goods')"
        " on conflict (slug) do update set name = excluded.name returning id"
    )
    for sku, units in goods.items():
        await owner.execute(
            "insert into products (sku, slug, name, description, category_id, price, currency,"
            " image_url) values ($1, lower($1), 'The ' || $1, '', $2, $3, 'USD', '')",
            sku,
            category,
            price,
        )
        await owner.execute("insert into stock (sku, available) values ($1, $2)", sku, units)


@dataclass
class Till:
    """A shop as one web process has it: real tables, carts in memory."""

    database: Database
    claim_seconds: float = 20.0
    patience: Patience = IMPATIENT
    carts: Any = field(default_factory=MemoryCarts)
    wrap: Callable[[str, Any], Any] = lambda _name, port: port

    def __post_init__(self) -> None:
        self.catalogue = PostgresCatalogue(self.database, "USD")
        self.orders = PostgresOrders(self.database)
        self.checkouts = self.wrap(
            "checkouts", PostgresCheckouts(self.database, claim_seconds=self.claim_seconds)
        )
        self.payments = self.wrap("payments", EmbeddedGateway(self.database, slow_seconds=0.2))
        self.carts = self.wrap("carts", self.carts)

    async def visitor(self, items: Mapping[str, int]) -> Caller:
        """Somebody new with this cart."""
        caller = Caller(uuid4().hex)
        for sku, quantity in items.items():
            await self.carts.set_quantity(caller.cart_id, sku, quantity)
        return caller

    async def buy(
        self, caller: Caller, key: str, token: str = "tok_visa", **changes: Any
    ) -> Placed:
        return await place_order(
            catalogue=self.catalogue,
            carts=self.carts,
            checkouts=self.checkouts,
            orders=self.orders,
            payments=self.payments,
            rules=RULES,
            currency="USD",
            caller=caller,
            key=key,
            request=request(token, **changes),
            patience=self.patience,
        )

    async def insist(self, caller: Caller, key: str, token: str = "tok_visa") -> Placed:
        """As a browser does: the same key again while the shop is briefly unable."""
        async with asyncio.timeout(60):
            while True:
                try:
                    return await self.buy(caller, key, token)
                except UnavailableError:
                    await asyncio.sleep(0.02)

    async def reconcile(self) -> None:
        """Until nothing is pending; for shops whose claims end soon."""
        async with asyncio.timeout(30):
            while await self.database.fetchval(
                "select exists (select from orders where status = 'pending_payment')"
            ):
                await reconcile(self.checkouts, self.payments)
                await asyncio.sleep(0.01)


async def customer(database: Database, name: str = "Ada Field") -> Caller:
    """Somebody who just registered."""
    made = await PostgresAccounts(database).create(f"{uuid4().hex}@example.com", name, "hash")
    return Caller(uuid4().hex, made)


async def buy(till: Till, caller: Caller, sku: str, token: str = "tok_visa") -> None:
    """Buy one unit."""
    await till.carts.set_quantity(caller.cart_id, sku, 1)
    await till.buy(caller, uuid4().hex, token)


class CrashError(BaseException):
    """The process is gone: no handler of the program may see this coming."""


class Crashing:
    """A port whose process dies before or after the ``at``-th call of one method."""

    def __init__(self, port: Any, method: str, when: str, at: int = 1) -> None:
        self._port, self._method, self._when, self._left = port, method, when, at

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if name != self._method:
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            self._left -= 1
            if self._left == 0 and self._when == "before":
                raise CrashError
            try:
                return await method(*args, **kwargs)
            finally:
                if self._left == 0:
                    raise CrashError

        return call


class Jittery:
    """A port that takes its time, more or less, before and after each call."""

    def __init__(self, port: Any, chance: random.Random, most: float, crash: float = 0.0) -> None:
        self._port, self._chance, self._most, self._crash = port, chance, most, crash

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if not asyncio.iscoroutinefunction(method):
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            await self._wait()
            answer = await method(*args, **kwargs)
            await self._wait()
            return answer

        return call

    async def _wait(self) -> None:
        if self._chance.random() < self._crash:
            raise CrashError
        await asyncio.sleep(self._chance.random() * self._most)


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 20) -> None:
    """Wait for a condition; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - it is in another process
            await asyncio.sleep(0.02)


async def place_and_die(
    shop: Any, database: Any, sku: str, quantity: int = 1
) -> tuple[str, Caller]:
    """An order paid by a web process that died before it could empty the cart."""
    till = Till(
        database,
        carts=shop.carts,
        wrap=lambda name, port: (
            Crashing(port, "remove_bought", "before") if name == "carts" else port
        ),
    )
    caller = await till.visitor({sku: quantity})
    with contextlib.suppress(CrashError):
        await till.buy(caller, "k")
    number: str = await database.fetchval(
        "select number from orders where visitor_id = $1", caller.visitor_id
    )
    return number, caller


async def check_books(owner: Any, received: Mapping[str, int]) -> None:
    """Every charge is one paid order's and the other way round, and no unit came or went."""
    unpaid = await owner.fetch(
        "select c.order_number, o.status from payments.charges c"
        " left join orders o on o.number = c.order_number and o.total = c.amount"
        "  and c.idempotency_key = o.number || '-' || o.attempt"
        " where c.status = 'succeeded' and coalesce(o.status, '') not in ('paid', 'fulfilled')"
    )
    assert not unpaid, f"charged, but not paid: {unpaid}"
    uncharged = await owner.fetch(
        "select o.number from orders o where o.status in ('paid', 'fulfilled') and 1 <> ("
        " select count(*) from payments.charges c"
        " where c.order_number = o.number and c.status = 'succeeded')"
    )
    assert not uncharged, f"paid, but not charged once: {uncharged}"
    assert not await owner.fetchval("select count(*) from orders where status = 'pending_payment'")
    shelf = await owner.fetch(
        "select s.sku, s.available, coalesce(sum(l.quantity) filter ("
        "  where o.status in ('paid', 'fulfilled')), 0) as sold from stock s"
        " left join order_lines l on l.sku = s.sku left join orders o on o.id = l.order_id"
        " where s.sku = any($1) group by s.sku, s.available",
        list(received),
    )
    assert {row["sku"]: row["available"] + row["sold"] for row in shelf} == dict(received)
    untold = await owner.fetchval(
        "select count(*) from orders o where o.status in ('paid', 'fulfilled') and 1 <> ("
        " select count(*) from outbox e where e.order_number = o.number and e.type = 'order.paid')"
        " and exists (select from order_lines l where l.order_id = o.id and l.sku = any($1))",
        list(received),
    )
    assert not untold, f"{untold} paid orders without exactly one event"

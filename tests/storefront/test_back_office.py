"""The back office on real PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from shopkit import Till, buy, customer, receive_goods
from storefront.adapters.postgres.accounts import PostgresAccounts
from storefront.adapters.postgres.administration import PostgresAdministration
from storefront.adapters.postgres.payments import EmbeddedGateway
from storefront.adapters.postgres.pool import Database
from storefront.domain.admin import OrderSearch, ShelfSearch
from storefront.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    PaymentDeclinedError,
    ShopError,
)
from storefront.usecases import administration
from storefront.usecases.administration import (
    OrderList,
    ShelfList,
    change_price,
    change_stock,
    export_orders,
    find_orders,
    find_products,
    open_order,
    shop_overview,
)


async def test_the_overview(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"ADM-1": 3, "ADM-2": 50}, price=10_000)
    till, admin = Till(database), PostgresAdministration(database)
    accounts = PostgresAccounts(database)
    caller = await customer(database)
    assert caller.customer is not None
    with pytest.raises(ForbiddenError):
        await shop_overview(accounts, admin, caller)
    await accounts.set_staff(caller.customer.email, is_staff=True)
    before = await shop_overview(accounts, admin, caller)
    for _ in range(2):
        await buy(till, caller, "ADM-1")
    with pytest.raises(PaymentDeclinedError):
        await buy(till, caller, "ADM-1", "tok_declined")
    newest = await owner.fetchval(
        "update orders set paid_at = paid_at - interval '1 day' where id = ("
        " select max(id) from orders where status = 'paid') returning number"
    )
    after = await shop_overview(accounts, admin, caller)
    assert after.today.orders - before.today.orders == 1
    assert after.today.revenue - before.today.revenue == 10_800
    assert after.week.orders - before.week.orders == 2
    assert after.to_fulfil - before.to_fulfil == 2
    assert after.to_pay == before.to_pay == 0
    assert [order.status for order in after.recent[:2]] == ["cancelled", "paid"]
    assert after.recent[1].number == newest
    low = {level.sku: level.available for level in after.low_stock}
    assert low["ADM-1"] == 1
    assert "ADM-2" not in low
    assert after.low_count >= len(after.low_stock)
    await owner.execute(
        "update orders set paid_at = paid_at - interval '20 days' where number = $1", newest
    )
    later = await shop_overview(accounts, admin, caller)
    assert later.week.orders == after.week.orders - 1
    assert later.month == after.month


async def test_orders_are_found_and_paged(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"FND": 500})
    till, admin = Till(database), PostgresAdministration(database)
    accounts, gateway = PostgresAccounts(database), EmbeddedGateway(database)
    staff = await customer(database)
    assert staff.customer is not None
    await accounts.set_staff(staff.customer.email, is_staff=True)
    numbers = []
    for n in range(28):
        buyer = await till.visitor({"FND": 1})
        placed = await till.buy(buyer, "k", email=f"{'Wren' if n % 2 else 'rook'}{n}@birds.test")
        numbers.append(placed.order.number)
    numbers.reverse()

    async def found(**asked: Any) -> OrderList:
        return await find_orders(accounts, admin, staff, OrderSearch(**asked))

    first = await found()
    assert [order.number for order in first.items] == numbers[:25]
    rest = await found(before=first.after)
    assert [order.number for order in rest.items][:3] == numbers[25:]
    assert len((await found(text="wren")).items) == 14
    assert [order.number for order in (await found(text=numbers[3].lower())).items] == [numbers[3]]
    for text in ("%", "_ren", "wren\\", "'; --", "\0", "x" * 300, "\ud800"):
        assert (await found(text=text)).items == []
    assert (await found(before="nothing")).items == []
    assert {order.status for order in (await found(status="paid", text="rook")).items} == {"paid"}
    assert (await found(status="cancelled", text="rook")).items == []
    exported = [
        order.number
        async for batch in export_orders(accounts, admin, staff, OrderSearch(text="wren"))
        for order in batch
    ]
    assert len(exported) == 14
    file, attempts = await open_order(accounts, admin, gateway, staff, numbers[0].lower())
    assert (file.order.number, file.customer, file.fulfilled_at) == (numbers[0], None, None)
    assert file.paid_at is not None
    assert [(a.status, a.amount) for a in attempts] == [("succeeded", file.order.totals.total)]
    for nonsense in ("nothing", "\0", "x" * 300):
        with pytest.raises(NotFoundError):
            await open_order(accounts, admin, gateway, staff, nonsense)


async def test_an_export_is_whole_however_long(
    database: Database, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(administration, "_EXPORT_BATCH", 4)
    await receive_goods(owner, {"EXP": 500})
    till, admin = Till(database), PostgresAdministration(database)
    accounts, staff = PostgresAccounts(database), await customer(database)
    assert staff.customer is not None
    await accounts.set_staff(staff.customer.email, is_staff=True)
    for _ in range(8):
        await till.buy(await till.visitor({"EXP": 1}), "k", email="export@birds.test")
    search = OrderSearch(text="export@")
    batches = [
        [order.number for order in batch]
        async for batch in export_orders(accounts, admin, staff, search)
    ]
    assert [len(batch) for batch in batches] == [4, 4, 0]
    assert len({number for batch in batches for number in batch}) == 8


async def test_products_are_found_and_paged(database: Database, owner: Any) -> None:
    await receive_goods(owner, {f"PRD-{n:02}": n for n in range(30)})
    admin, accounts = PostgresAdministration(database), PostgresAccounts(database)
    staff = await customer(database)
    assert staff.customer is not None
    await accounts.set_staff(staff.customer.email, is_staff=True)

    async def found(**asked: Any) -> ShelfList:
        return await find_products(accounts, admin, staff, ShelfSearch(**asked))

    first = await found(text="prd-")
    assert [item.sku for item in first.items] == [f"PRD-{n:02}" for n in range(25)]
    rest = await found(text="prd-", after=first.after)
    assert [item.sku for item in rest.items] == [f"PRD-{n:02}" for n in range(25, 30)]
    assert rest.after == ""
    assert [item.sku for item in (await found(text="the prd-07")).items] == ["PRD-07"]
    assert len((await found(text="PRD", most=3)).items) == 4
    for text in ("%", "PRD_0", "\0", "x" * 300):
        assert (await found(text=text)).items == []
    with pytest.raises(NotFoundError):
        await admin.product("PRD-99")


async def test_changing_stock_and_price(database: Database, owner: Any) -> None:
    await receive_goods(owner, {"CHG": 3})
    accounts, admin = PostgresAccounts(database), PostgresAdministration(database)
    caller = await customer(database)
    assert caller.customer is not None
    pretender = replace(caller, customer=replace(caller.customer, is_staff=True))
    for change in (
        change_stock(accounts, admin, pretender, sku="CHG", available=9, expected=3),
        change_price(accounts, admin, pretender, sku="CHG", price=9, expected=1500),
    ):
        with pytest.raises(ForbiddenError):
            await change
    await accounts.set_staff(caller.customer.email, is_staff=True)
    answers = await asyncio.gather(
        *(
            change_stock(accounts, admin, caller, sku="CHG", available=10 + n, expected=3)
            for n in range(5)
        ),
        return_exceptions=True,
    )
    assert sum(answer is None for answer in answers) == 1
    assert sum(isinstance(answer, ConflictError) for answer in answers) == 4
    assert await owner.fetchval("select available from stock where sku = 'CHG'") >= 10
    with pytest.raises(ConflictError):
        await change_price(accounts, admin, caller, sku="CHG", price=777, expected=1499)
    await change_price(accounts, admin, caller, sku="CHG", price=777, expected=1500)
    assert await owner.fetchval("select price from products where sku = 'CHG'") == 777
    for bad in (
        change_stock(accounts, admin, caller, sku="CHG", available=-1, expected=10),
        change_stock(accounts, admin, caller, sku="NONE", available=1, expected=10),
        change_price(accounts, admin, caller, sku="CHG", price=0, expected=777),
        change_price(accounts, admin, caller, sku="NONE", price=1, expected=1),
    ):
        with pytest.raises((InvalidInputError, NotFoundError)) as caught:
            await bad
        assert isinstance(caught.value, ShopError)

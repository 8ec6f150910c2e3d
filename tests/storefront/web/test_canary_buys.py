"""The canary's own script against a storefront that runs: it buys, and nothing is really sold."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import sys
from typing import Any

import boto3
import httpx
import pytest
from buy import BrokenError, buy
from storefront.domain.admin import OrderSearch, ShelfSearch
from storefront.domain.payments import REHEARSAL, TOKENS
from test_web_serve import process
from web_kit import CHECKOUT, JSON

from tests.stacks import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="module")
TOKEN = secrets.token_urlsafe(36)


@pytest.fixture(scope="module")
def environment(environment: dict[str, str]) -> dict[str, str]:
    text = json.dumps({"token": TOKEN})
    made = boto3.client("secretsmanager").create_secret(Name=f"c{TOKEN[:9]}", SecretString=text)
    return {**environment, "CANARY_SECRET_ARN": made["ARN"]}


async def shelves(shop: Any) -> dict[str, int]:
    found = await shop.administration.products(ShelfSearch(), 1000)
    return {item.sku: item.available for item in found}


async def test_a_canary_buys_for_real_and_leaves_no_trace_in_what_is_counted(
    environment: dict[str, str], shop: Any
) -> None:
    before, seen = (
        await shelves(shop),
        await shop.administration.overview(recent=5, low_stock=0, low_items=1),
    )
    async with process(environment) as (_, url):
        first = await asyncio.to_thread(buy, url, TOKEN)
        # Once more as a command, as anybody would on a laptop; boto3 is not needed for it.
        command = await asyncio.create_subprocess_exec(
            sys.executable, "-S", ROOT / "services/canary/buy.py", url,
            env={"CANARY_TOKEN": TOKEN}, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, _ = await command.communicate()
        assert command.returncode == 0
        assert list(json.loads(said)["seconds"]) == ["home", "search", "cart", "checkout", "order"]
        with pytest.raises(BrokenError, match=r"checkout: POST /api/v1/checkout answered 422"):
            await asyncio.to_thread(buy, url, REHEARSAL)  # nobody may send what is kept
        with pytest.raises(BrokenError, match="answered 422") as refused:
            await asyncio.to_thread(buy, url, TOKEN[:-1])
        assert TOKEN[:-1] not in str(refused.value)
        async with httpx.AsyncClient() as client:
            counted = (await client.get(f"{url}/metrics")).text
    for name in ("orders_paid", "revenue", "checkouts_begun"):
        assert re.search(rf"^shop_{name}_total 0$", counted, re.MULTILINE), name

    order, _, _ = await shop.orders.get(first["order"])
    assert order.status == "paid"
    assert await shop.payments.of_order(first["order"]) == []  # nobody was charged
    assert await shelves(shop) == before
    after = await shop.administration.overview(recent=5, low_stock=0, low_items=1)
    assert after == seen
    found = await shop.administration.orders(OrderSearch(text=first["order"]), 5)
    assert [o.number for o in found] == [first["order"]]
    async with shop.ranking.lesson() as lesson:
        assert lesson is None or [basket async for basket in lesson.baskets()] == []


async def test_nobody_is_a_canary_by_chance(client: Any) -> None:
    await client.put("/api/v1/cart/items/SKU-002", json={"quantity": 1})
    for token in (REHEARSAL, "", "tok_\ud800"):
        sent = {**CHECKOUT, "payment_token": token}
        answer = await client.post(
            "/api/v1/checkout", content=json.dumps(sent), headers={"idempotency-key": "k", **JSON}
        )
        assert answer.status_code in (400, 422)
    assert REHEARSAL not in TOKENS


async def test_both_sides_know_a_rehearsal_by_the_same_word() -> None:
    for file in (
        "services/functions/export/sources.py",
        "services/storefront/migrations/0010_rehearsals.sql",
    ):
        assert f"payment_token <> '{REHEARSAL}'" in (ROOT / file).read_text()

"""Shelves: what comes first and what must never come, on PostgreSQL."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from rankkit import retrain, sell, shelf
from shopkit import customer, receive_goods
from storefront.adapters.postgres.shelves import PostgresShelves
from storefront.domain.ranking import LARGEST, Baskets

GOODS = ["POT", "LID", "SPOON", "TOWEL", "LAMP", "RARE", "GONE", "SEED"]


@pytest.fixture(autouse=True)
async def goods(owner: Any) -> None:
    """Some products, one of them out of stock, and no sales."""
    await owner.execute(
        "truncate products, categories, stock, orders, order_lines, interactions, event_files,"
        " product_neighbours, product_popularity, trainings cascade"
    )
    await receive_goods(owner, dict.fromkeys(GOODS, 10) | {"GONE": 0})


def learned(baskets: Baskets, sku: str) -> list[str]:
    """The neighbours of a product, the best first."""
    return [other for item, other, _ in baskets.neighbours() if item == sku]


def test_a_pair_seen_once_is_not_above_a_pair_seen_often() -> None:
    baskets = Baskets()
    for skus, times in ((["POT", "LID"], 6), (["POT", "RARE"], 1), (["POT"], 23), (["LID"], 54)):
        for _ in range(times):
            baskets.add(skus, 0)
    # Cosine alone says 0.18 for the pair seen once and 0.14 for the other.
    assert learned(baskets, "POT") == ["LID", "RARE"]


def test_what_everybody_buys_goes_with_nothing_in_particular() -> None:
    baskets = Baskets()
    for number in range(200):
        baskets.add(["TOWEL", f"OTHER-{number}"], 0)
    for _ in range(20):
        baskets.add(["POT", "LID"], 0)
        baskets.add(["POT", "TOWEL"], 0)
    assert learned(baskets, "POT") == ["LID", "TOWEL"]


def test_old_sales_weigh_less() -> None:
    baskets = Baskets()
    for _ in range(10):
        baskets.add(["POT", "LAMP"], 720)
        baskets.add(["POT", "LID"], 0)
        baskets.add(["SEED"], 90)
    baskets.add(["SPOON"], 0)
    baskets.add(["SPOON"], 0)
    assert learned(baskets, "POT") == ["LID", "LAMP"]
    popular = dict(baskets.popularity())
    assert popular["SPOON"] > popular["SEED"]
    baskets.add(["OLD", "OLDER"], 20_000)
    assert all(score >= 1e-30 for _, _, score in baskets.neighbours())  # the column holds no less


def test_what_one_person_buys_every_day_is_popular_with_one_person() -> None:
    baskets = Baskets()
    for age in (0, 1, 2):
        baskets.add(["SEED"], age, who="ada")
    baskets.add(["SEED"], 0, 0.1, who="ada")  # looked at: said once more, and no more than that
    baskets.add(["SEED"], 0, 0.1, who="ada")
    for who in ("ada", "ben"):
        baskets.add(["POT"], 0, who=who)
    assert dict(baskets.popularity()) == pytest.approx({"SEED": 1.1, "POT": 2.0})


def test_huge_baskets_say_nothing_about_pairs_and_doubles_count_once() -> None:
    baskets = Baskets()
    baskets.add([f"X-{number}" for number in range(LARGEST + 1)], 0)
    baskets.add(["POT", "POT"], 0)
    baskets.add([], 0)
    assert list(baskets.neighbours()) == []
    popular = dict(baskets.popularity())
    assert popular["POT"] == popular["X-1"] == 1.0
    assert len(popular) == LARGEST + 2


def test_the_neighbours_are_those_of_the_formula() -> None:
    seed = random.randrange(10_000)
    print("seed", seed)  # noqa: T201
    chance = random.Random(seed)
    sold = [chance.sample(GOODS, chance.randint(1, 4)) for _ in range(60)]
    baskets = Baskets()
    for skus in sold:
        baskets.add(skus, 0)

    def weight(*skus: str) -> float:
        return sum(max(1, len(b) - 1) ** -0.5 for b in sold if set(skus) <= set(b))

    got = {(a, b): score for a, b, score in baskets.neighbours()}
    for a in GOODS:
        for b in GOODS:
            if a != b and weight(a, b):
                together = weight(a, b)
                cosine = together / (weight(a) ** 0.6 * weight(b) ** 0.4)
                assert got.pop((a, b)) == pytest.approx(cosine * together / (together + 5))
    assert not got


async def test_a_shelf_from_sales(database: Any, owner: Any) -> None:
    await sell(owner, "POT", "LID", times=3)
    await sell(owner, "POT", "GONE", times=9)
    await sell(owner, "POT", "LAMP", times=9, status="cancelled")
    await sell(owner, "SEED", times=2)
    await retrain(database, owner)
    shelves = PostgresShelves(database)
    found = await shelves.shelf("also-bought", ["POT"], [], 3)
    assert [item.sku for item in found.items[:2]] == ["LID", "SEED"]
    assert found.source == "co-purchase"
    assert (await shelves.shelf("also-bought", ["RARE"], [], 3)).source == "popular"
    assert await shelf(database, "popular", limit=3) == ["POT", "LID", "SEED"]
    assert await shelf(database, "popular", ["POT"], ["LID"], limit=1) == ["SEED"]
    rows = await database.fetch("select * from shelf_products('also-bought', '{POT}', '{}', 3)")
    assert [(row["place"], row["source"]) for row in rows] == [
        (1, "co-purchase"), (2, "popular"), (3, "popular"),
    ]  # fmt: skip


async def test_never_out_of_stock_never_excluded_never_twice(database: Any, owner: Any) -> None:
    seed = random.randrange(10_000)
    print("seed", seed)  # noqa: T201
    chance = random.Random(seed)
    for _ in range(60):
        await sell(owner, *chance.sample(GOODS, chance.randint(1, 4)))
    await retrain(database, owner)
    for _ in range(60):
        context = chance.choices([*GOODS, "NONE"], k=chance.randint(0, 4))
        excluded = chance.choices([*GOODS, "NONE"], k=chance.randint(0, 4))
        name = chance.choice(["for-you", "also-bought", "popular"])
        limit = chance.randint(0, 9)
        found = await shelf(database, name, context, excluded, limit)
        allowed = set(GOODS) - {"GONE", *context, *excluded}
        assert set(found) <= allowed
        assert len(set(found)) == len(found) == min(limit, len(allowed))
    assert await database.fetch("select * from shelf_products('popular', null, null, 1)")
    with pytest.raises(asyncpg.DataError, match="there is no shelf nonsense"):
        await shelf(database, "nonsense")


async def test_for_you_follows_a_purchase_at_once(database: Any, owner: Any) -> None:
    await sell(owner, "SEED", times=20)
    await sell(owner, "POT", "LID", times=5)
    await sell(owner, "LAMP", "TOWEL", times=5)
    await retrain(database, owner)
    shelves = PostgresShelves(database)
    ada = await customer(database)
    bought = await shelves.bought(ada.visitor_id, ada.customer.id)
    assert bought == []
    assert (await shelf(database, "for-you", bought, bought))[0] == "SEED"
    await sell(owner, "POT", visitor=ada.visitor_id, customer=ada.customer.id)
    await sell(owner, "RARE", visitor=ada.visitor_id, status="cancelled")
    bought = await shelves.bought(ada.visitor_id, ada.customer.id)
    found = await shelf(database, "for-you", bought, bought)
    assert bought == ["POT"]
    assert found[0] == "LID"
    assert "SEED" in found[1:3]  # what goes with it, and what sells, in turns
    assert "POT" not in found
    # On another device it is the customer who is known, not the visitor.
    await sell(owner, "LAMP", visitor=ada.visitor_id)
    assert await shelves.bought(uuid4().hex, ada.customer.id) == ["POT"]
    assert await shelves.bought(ada.visitor_id, None) == ["LAMP", "POT"]
    assert await shelves.bought(uuid4().hex, None) == []


async def test_a_new_order_changes_the_neighbours_at_the_next_training(
    database: Any, owner: Any
) -> None:
    await sell(owner, "POT", "LID", times=2)
    await retrain(database, owner)
    assert (await shelf(database, "also-bought", ["POT"]))[0] == "LID"
    await sell(owner, "POT", "LAMP", times=4)
    await retrain(database, owner)
    assert (await shelf(database, "also-bought", ["POT"]))[:2] == ["LAMP", "LID"]
    await owner.execute("update orders set status = 'cancelled'")
    await retrain(database, owner)
    assert await owner.fetchval("select count(*) from product_neighbours") == 0
    assert await owner.fetchval("select count(*) from product_popularity") == 0


async def test_several_products_are_a_better_context_than_one(database: Any, owner: Any) -> None:
    await sell(owner, "POT", "LID", times=6)
    await sell(owner, "POT", "SPOON", times=5)
    await sell(owner, "TOWEL", "SPOON", times=5)
    await retrain(database, owner)
    assert (await shelf(database, "also-bought", ["POT"]))[0] == "LID"
    assert (await shelf(database, "also-bought", ["POT", "TOWEL"]))[0] == "SPOON"


async def test_products_in_the_order_asked(database: Any) -> None:
    shelves = PostgresShelves(database)
    found = await shelves.products(["SEED", "NONE", "GONE", "POT"])
    assert [(item.sku, item.in_stock) for item in found] == [
        ("SEED", True), ("GONE", False), ("POT", True),
    ]  # fmt: skip
    many = await asyncio.gather(*(shelves.products([sku]) for sku in GOODS))
    assert [items[0].category for items in many] == ["goods"] * len(GOODS)

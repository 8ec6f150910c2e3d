"""Searching, browsing and recommending, on PostgreSQL."""

import itertools

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from rankkit import retrain, sell
from storefront.adapters.postgres.catalogue import PostgresCatalogue
from storefront.domain.catalogue import SORTS, CatalogueRow, Query
from storefront.domain.errors import InvalidInputError, NotFoundError
from storefront.usecases import catalogue as use

# sku, name, category, price, stock, description, attributes
GOODS = [
    ("MUG-SAGE", "Stoneware Mug", "Table", 1800, 5, "Holds tea.", {"Size": "M", "Colour": "Sage"}),
    ("MUG-SAND", "Stoneware Mug", "Table", 2400, 0, "Holds tea.", {"Colour": "Sand"}),
    ("BOWL", "Ceramic Bowl", "Table", 3200, 8, "Turned by hand.", {"Material": "Stoneware"}),
    ("NAPKIN", "Linen Napkin", "Table", 900, 40, "Washed linen.", {}),
    ("TROWEL", "Hand Trowel", "Garden", 3400, 3, "Carbon steel, ash handle.", {}),
    ("PEGS", "Ash Pegs", "Garden", 700, 100, "For linen on the line.", {}),
    ("LAMP", "Brass Desk Lamp", "Desk", 12900, 2, "Warm light for late letters.", {}),
    ("PEN", "Fountain Pen", "Desk", 8900, 9, "Café-style notes & letters.", {"Nib": "Fine"}),
]


def rows(goods=GOODS):
    return [
        CatalogueRow(
            line=line, sku=sku, slug=use_slug(name), name=name, description=description,
            category=category, category_slug=category.lower(), price=price, currency="USD",
            stock=stock, image_url=f"/images/{sku}.svg", attributes=attributes,
        )
        for line, (sku, name, category, price, stock, description, attributes)
        in enumerate(goods, 2)
    ]  # fmt: skip


def use_slug(name):
    return name.lower().replace(" ", "-")


@pytest.fixture
async def catalogue(database, owner):
    await owner.execute(
        "truncate products, categories, stock, orders, order_lines, product_neighbours,"
        " product_popularity, trainings cascade"
    )
    catalogue = PostgresCatalogue(database, "USD")
    await catalogue.import_rows(rows())
    return catalogue


async def skus(catalogue, **query):
    page = await use.search(catalogue, Query(**query))
    return [item.sku for item in page.items]


# --- categories and products ---


async def test_categories_with_their_counts(catalogue):
    found = await use.categories(catalogue)
    assert [(c.slug, c.name, c.product_count) for c in found] == [
        ("desk", "Desk", 2), ("garden", "Garden", 2), ("table", "Table", 4),
    ]  # fmt: skip
    assert (await use.category(catalogue, "desk")).name == "Desk"
    with pytest.raises(NotFoundError):
        await use.category(catalogue, "kitchen")


async def test_a_product(catalogue):
    product = await use.product(catalogue, "stoneware-mug")
    assert (product.summary.sku, product.summary.price, product.summary.currency) == (
        "MUG-SAGE", 1800, "USD",
    )  # fmt: skip
    assert (product.category_name, product.summary.category) == ("Table", "table")
    assert list(product.attributes.items()) == [("Size", "M"), ("Colour", "Sage")]
    assert (product.available, product.summary.in_stock) == (5, True)
    assert (product.reviews.count, product.reviews.average, product.summary.rating) == (
        0,
        None,
        None,
    )


@pytest.mark.parametrize("slug", ["nothing", "", "Stoneware-Mug", "a\0b", "ü", "a'b", "x" * 9999])
async def test_a_product_that_is_not_there(catalogue, slug):
    with pytest.raises(NotFoundError):
        await use.product(catalogue, slug)
    with pytest.raises(NotFoundError):
        await use.recommendations(catalogue, slug, 4)


async def test_ratings(catalogue, owner):
    await owner.execute("update products set review_count = 3, rating_sum = 13 where sku = 'BOWL'")
    product = await use.product(catalogue, "ceramic-bowl")
    assert (product.reviews.count, product.reviews.average) == (3, 4.33)
    assert (await skus(catalogue, sort="rating"))[0] == "BOWL"


async def test_lines_keep_their_order_and_leave_out_what_is_unknown(catalogue):
    lines = await catalogue.lines({"PEN": 2, "NONE": 1, "MUG-SAND": 1})
    assert [(line.sku, line.quantity, line.unit_price, line.available) for line in lines] == [
        ("PEN", 2, 8900, 9), ("MUG-SAND", 1, 2400, 0),
    ]  # fmt: skip
    assert lines[0].slug == "fountain-pen"
    assert await catalogue.lines({}) == []


# --- search ---


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mug", {"MUG-SAGE", "MUG-SAND"}),
        ("MUGS", {"MUG-SAGE", "MUG-SAND"}),
        ("stone", {"MUG-SAGE", "MUG-SAND", "BOWL"}),  # a word that is being typed
        ("cerami", {"BOWL"}),
        ("sage", {"MUG-SAGE"}),  # an attribute
        ("stoneware sage", {"MUG-SAGE"}),
        ("sage stonew", {"MUG-SAGE"}),
        ("garden", {"TROWEL", "PEGS"}),  # the category
        ("carbon steel", {"TROWEL"}),  # the description
        ("linen", {"NAPKIN", "PEGS"}),
        ('"linen napkin"', {"NAPKIN"}),
        ("linen -napkin", {"PEGS"}),
        ("lamp or pen", {"LAMP", "PEN"}),
        ("BOWL", {"BOWL"}),
        ("mug-sage", {"MUG-SAGE"}),  # the SKU
        ("cafe", set()),
        ("café", {"PEN"}),
        ("stonwear mug", {"MUG-SAGE", "MUG-SAND"}),  # misspelt
        ("fountin", {"PEN"}),
        ("xylophone", set()),
        ("the", set()),
    ],
)
async def test_what_a_search_finds(catalogue, text, found):
    assert set(await skus(catalogue, text=text)) == found


async def test_names_count_more_than_descriptions(catalogue):
    assert await skus(catalogue, text="linen") == ["NAPKIN", "PEGS"]


@pytest.mark.parametrize(
    "text",
    ["'", '"', '"open', "a:*", "& | !", "<->", "\\", "%", "_", "' or 1=1 --", "(", ")", "a\\'b:*",
     "<script>", "🫖", "-", "- -", "or", "not", "x" * 200, ":", "mug:", "mug & bowl | !pen"],
)  # fmt: skip
async def test_any_punctuation_is_text(catalogue, text):
    page = await use.search(catalogue, Query(text=text))
    assert page.total <= len(GOODS)


@effort(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40))
async def test_any_text_is_answered(catalogue, text):
    page = await use.search(catalogue, Query(text=text))
    assert page.total <= len(GOODS)


# --- filters, order, pages ---


async def test_filters(catalogue):
    assert await skus(catalogue, category="garden") == ["TROWEL", "PEGS"]
    assert await skus(catalogue, min_price=3200, max_price=3400) == ["BOWL", "TROWEL"]
    assert "MUG-SAND" not in await skus(catalogue, in_stock=True)
    assert await skus(catalogue, text="mug", in_stock=True, category="table") == ["MUG-SAGE"]
    assert await skus(catalogue, text="mug", category="desk") == []


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("relevance", [sku for sku, *_ in GOODS]),
        ("price", [good[0] for good in sorted(GOODS, key=lambda good: good[3])]),
        ("-price", [good[0] for good in sorted(GOODS, key=lambda good: -good[3])]),
        ("name", ["PEGS", "LAMP", "BOWL", "PEN", "TROWEL", "NAPKIN", "MUG-SAGE", "MUG-SAND"]),
    ],
)
async def test_orders(catalogue, sort, order):
    assert await skus(catalogue, sort=sort) == order


async def test_the_newest_come_first(catalogue):
    await catalogue.import_rows(rows([("NEW", "New Thing", "Desk", 100, 1, "", {})]))
    assert (await skus(catalogue, sort="newest"))[0] == "NEW"


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("text", ["", "stoneware or linen or ash"])
async def test_every_hit_is_on_exactly_one_page(catalogue, sort, text):
    alike = [(f"T{n}", "Linen Towel", "Table", 1500, 5, "", {}) for n in range(20)]
    await catalogue.import_rows(rows(alike))
    seen = []
    for number in itertools.count(1):
        page = await use.search(
            catalogue, Query(text=text, sort=sort, page=number, page_size=7), facets=False
        )
        seen += [item.sku for item in page.items]
        if not page.items:
            break
    assert len(seen) == len(set(seen)) == page.total >= 20


async def test_a_page_after_the_last_is_empty_and_knows_the_total(catalogue):
    page = await use.search(catalogue, Query(category="desk", page=9))
    assert (page.items, page.total, page.page, page.page_size) == ([], 2, 9, 20)


async def test_pages_without_facets_have_none(catalogue):
    page = await use.search(catalogue, Query(), facets=False)
    assert (page.categories, page.prices) == ([], [])


# --- facets ---


async def test_category_counts_show_what_another_choice_would_give(catalogue):
    page = await use.search(catalogue, Query(text="linen", category="table"))
    assert page.total == 1
    assert {(c.value, c.name, c.count) for c in page.categories} == {
        ("table", "Table", 1), ("garden", "Garden", 1),
    }  # fmt: skip
    page = await use.search(catalogue, Query(min_price=3000, in_stock=True))
    assert {c.value: c.count for c in page.categories} == {"table": 1, "garden": 1, "desk": 2}


async def test_price_bands_hold_every_hit_once_and_answer_as_they_say(catalogue):
    page = await use.search(catalogue, Query(category="table", max_price=1000))
    assert page.total == 1
    assert sum(band.count for band in page.prices) == 4  # the price range is not counted against
    assert len(page.prices) > 1
    for before, after in itertools.pairwise(page.prices):
        assert before.max is not None
        assert before.max < after.min
    for band in page.prices:
        chosen = Query(category="table", min_price=band.min, max_price=band.max)
        assert (await use.search(catalogue, chosen)).total == band.count > 0


async def test_one_price_needs_no_bands(catalogue):
    page = await use.search(catalogue, Query(text="trowel"))
    assert (page.total, page.prices) == (1, [])


# --- what is refused ---


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"text": "x" * 201}, "q"),
        ({"text": "a\0b"}, "q"),
        ({"min_price": -1}, "min_price"),
        ({"max_price": 2**31}, "max_price"),
        ({"min_price": 2, "max_price": 1}, "max_price"),
        ({"sort": "best"}, "sort"),
        ({"page": 0}, "page"),
        ({"page": 10**18}, "page"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": 101}, "page_size"),
        ({"category": "kitchen"}, "category"),
        ({"category": "a\0b"}, "category"),
        ({"category": ""}, "category"),
        ({"category": "' or true --"}, "category"),
    ],
)
async def test_what_is_out_of_range_is_refused(catalogue, query, field):
    with pytest.raises(InvalidInputError) as caught:
        await use.search(catalogue, Query(**query))
    assert [name for name, _ in caught.value.errors] == [field]


@pytest.mark.parametrize("limit", [0, -1, 51])
async def test_a_number_of_recommendations_out_of_range_is_refused(catalogue, limit):
    with pytest.raises(InvalidInputError):
        await use.recommendations(catalogue, "fountain-pen", limit)


# --- recommendations ---


async def recommended(catalogue, slug, limit=3):
    found = await use.recommendations(catalogue, slug, limit)
    return [item.sku for item in found.items], found.source


async def test_without_sales_the_same_category_is_recommended_nearest_in_price_first(catalogue):
    items, source = await recommended(catalogue, "stoneware-mug")
    assert source == "popular"
    assert items[:2] == ["NAPKIN", "BOWL"]  # not the sand one: it is out of stock
    assert items[2] not in {"MUG-SAGE", "MUG-SAND", "NAPKIN", "BOWL"}  # filled from elsewhere


async def test_what_was_bought_together_comes_first(catalogue, database, owner):
    await sell(owner, "MUG-SAGE", "LAMP", times=2)
    await sell(owner, "MUG-SAGE", "PEN", "MUG-SAND", status="fulfilled")
    await sell(owner, "MUG-SAGE", "PEGS", status="cancelled")
    await retrain(database, owner)
    items, source = await recommended(catalogue, "stoneware-mug", 4)
    assert source == "co-purchase"
    assert items == ["LAMP", "PEN", "NAPKIN", "BOWL"]
    items, source = await recommended(catalogue, "hand-trowel", 1)
    assert (items, source) == (["PEGS"], "popular")


async def test_what_sells_comes_before_its_neighbours(catalogue, database, owner):
    await sell(owner, "BOWL")
    await retrain(database, owner)
    assert (await recommended(catalogue, "linen-napkin", 2))[0] == ["BOWL", "MUG-SAGE"]


async def test_recommendations_never_run_dry(catalogue):
    items, _ = await recommended(catalogue, "brass-desk-lamp", 50)
    assert len(items) == len(set(items)) == 6  # all in stock but the lamp itself
    assert {"LAMP", "MUG-SAND"}.isdisjoint(items)


async def test_the_home_page_shows_what_sells_then_something_of_every_category(
    catalogue, database, owner
):
    await sell(owner, "PEGS", times=2)
    await sell(owner, "MUG-SAND", times=9)
    await retrain(database, owner)
    items = await use.featured(catalogue, 4)
    assert items[0].sku == "PEGS"  # the mug is out of stock
    assert {item.category for item in items} == {"table", "garden", "desk"}
    assert len({item.sku for item in items}) == 4


async def test_an_empty_shop_is_empty_everywhere(catalogue, owner):
    await owner.execute("truncate products, categories, stock cascade")
    assert await use.categories(catalogue) == []
    assert await use.featured(catalogue, 4) == []
    page = await use.search(catalogue, Query())
    assert (page.items, page.total, page.categories, page.prices) == ([], 0, [], [])

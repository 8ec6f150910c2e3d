"""Buying and signing in on the pages, without JavaScript."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from storefront.domain.errors import UnavailableError
from web_kit import ADDRESS, NASTY, page, visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")
FORM = {
    **ADDRESS, "email": "ada@example.com", "shipping_method": "standard",
    "payment_token": "tok_visa", "action": "pay",
}  # fmt: skip


def hidden(text: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, name
    return found[1]


async def add(client: httpx.AsyncClient, sku: str, quantity: int = 1) -> None:
    data = {"sku": sku, "quantity": str(quantity)}
    answer = await client.post("/cart/items", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cart?added=1")


async def pay(client: httpx.AsyncClient, **changed: str) -> httpx.Response:
    """Open the checkout, fill it in as changed, and press the button."""
    opened = (await client.get("/checkout")).text
    fields = {**FORM, "key": hidden(opened, "key"), **changed}
    if "total" not in changed:
        shown = await client.post("/checkout", data={**fields, "action": "update"})
        fields["total"] = hidden(shown.text, "total")
    return await client.post("/checkout", data=fields)


async def test_filling_and_emptying_a_cart(client: httpx.AsyncClient) -> None:
    await add(client, "SKU-002", 2)
    await add(client, "SKU-002")
    cart = await client.get("/cart")
    assert "3 items" in page(cart).text
    assert 'class="n">3<' in cart.text
    changed = await client.post("/cart/items/SKU-002", data={"quantity": "5"})
    assert changed.headers["location"] == "/cart"
    assert "$35.00" in page(await client.get("/cart")).text
    await client.post("/cart/items/SKU-002", data={"quantity": "0"})
    assert "Nothing in it yet" in page(await client.get("/cart")).text
    home = await client.get("/")
    assert "hidden" in home.text.split('id="cart"')[1].split("</a>")[0]


async def test_adding_with_the_script_stays_on_the_page(client: httpx.AsyncClient) -> None:
    data = {"sku": "SKU-002", "quantity": "2"}
    answer = await client.post("/cart/items", data=data, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()) == (200, {"count": 2, "quantity": 2})


@pytest.mark.parametrize("quantity", ["-1", "x", "100", "1.5", "", "9" * 50, "\x00"])
async def test_a_quantity_that_is_none(client: httpx.AsyncClient, quantity: str) -> None:
    page(await client.post("/cart/items", data={"sku": "SKU-002", "quantity": quantity}), 422)
    page(await client.post("/cart/items/SKU-002", data={"quantity": quantity}), 422)
    page(await client.post("/cart/items", data={"sku": "nothing", "quantity": "1"}), 404)
    page(await client.post("/cart/items", data={"sku": "a\x00b", "quantity": "1"}), 404)


async def test_buying_without_script(client: httpx.AsyncClient) -> None:
    assert (await client.get("/checkout")).headers["location"] == "/cart"
    await add(client, "SKU-020", 2)
    page(await client.get("/checkout"))
    bought = await pay(client)
    assert bought.status_code == 303, bought.text
    number = bought.headers["location"].removeprefix("/orders/").partition("?")[0]
    thanks = page(await client.get(bought.headers["location"]))
    assert "Thank you" in thanks.text
    assert number in thanks.text
    # 2 x 25.00, shipping 4.90, 20 % tax on 50.00
    assert "$64.90" in thanks.text
    page(await client.get(f"/orders/{number}"))


async def test_sending_a_form_twice_is_one_order(client: httpx.AsyncClient) -> None:
    await add(client, "SKU-020")
    opened = (await client.get("/checkout")).text
    fields = {**FORM, "key": hidden(opened, "key"), "country": "US"}
    fields["total"] = hidden(opened, "total")
    first = await client.post("/checkout", data=fields)
    second = await client.post("/checkout", data=fields)
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]


async def test_two_forms_of_one_cart_are_one_order(
    shop: Any, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late(*_: Any) -> None:
        raise UnavailableError("carts")

    await add(client, "SKU-020")
    with monkeypatch.context() as before:  # the cart could not be emptied at once
        before.setattr(shop.carts, "remove_bought", late)
        bought = await pay(client)
    order = bought.headers["location"].removesuffix("?thanks=1")
    assert "SKU-020" in (await client.get("/cart")).text
    again = await pay(client)
    assert (again.status_code, again.headers["location"]) == (303, f"{order}?again=1")
    assert "Nothing was charged again" in page(await client.get(f"{order}?again=1")).text
    assert "SKU-020" not in (await client.get("/cart")).text


async def test_every_opened_form_has_a_key_of_its_own(client: httpx.AsyncClient) -> None:
    await add(client, "SKU-020")
    keys = {hidden((await client.get("/checkout")).text, "key") for _ in range(3)}
    assert len(keys) == 3


async def test_nobody_pays_another_total_than_the_one_shown(client: httpx.AsyncClient) -> None:
    await add(client, "SKU-020")
    asked = await pay(client, total="1")
    assert "The total is now" in page(asked, 409).text
    assert hidden(asked.text, "total") != "1"


async def test_mistakes_are_named_beside_their_fields(client: httpx.AsyncClient) -> None:
    await add(client, "SKU-020")
    answer = await pay(client, email="nobody", city="", line1="a\x00b", coupon="NOSUCH", total="1")
    page(answer, 422)
    for name in ("email", "city", "line1", "coupon"):
        assert f'id="e-{name}"' in answer.text
        assert re.search(rf'aria-describedby="e-{name}[ "]', answer.text)
    assert 'value="nobody"' in answer.text


async def test_typed_text_comes_back_as_text(client: httpx.AsyncClient) -> None:
    await add(client, "SKU-020")
    nasty = '"><script>alert(1)</script>'
    fields = dict.fromkeys([*ADDRESS, "email", "coupon", "payment_token", "shipping_method"], nasty)
    answer = await client.post("/checkout", data={**fields, "action": "pay", "key": nasty})
    page(answer, 422)
    assert "<script>alert" not in answer.text
    for path in ("/login", "/register"):
        answer = await client.post(path, data={**fields, "password": nasty, "next": nasty})
        page(answer, 422)
        assert "<script>alert" not in answer.text


async def test_a_declined_card_and_then_another(client: httpx.AsyncClient) -> None:
    await add(client, "SKU-021")
    declined = await pay(client, payment_token="tok_declined")
    assert "declined" in page(declined, 402).text
    fields = {**FORM, "key": hidden(declined.text, "key"), "total": hidden(declined.text, "total")}
    assert (await client.post("/checkout", data=fields)).status_code == 303


async def test_too_little_stock_says_what_is_left(client: httpx.AsyncClient) -> None:
    await add(client, "SKU-004", 5)
    short = await pay(client)
    assert "you asked for 5, 3 left" in page(short, 409).text
    data = {"quantity": "3", "after": "/checkout"}
    fewer = await client.post("/cart/items/SKU-004", data=data)
    assert fewer.headers["location"] == "/checkout"
    fields = {**FORM, "key": hidden(short.text, "key")}
    again = await client.post("/checkout", data={**fields, "action": "update"})
    bought = await client.post("/checkout", data={**fields, "total": hidden(again.text, "total")})
    assert bought.status_code == 303


async def test_an_account_from_beginning_to_end(app: Any, client: httpx.AsyncClient) -> None:
    asked = await client.get("/account/orders")
    assert asked.headers["location"] == "/login?next=/account/orders"
    email = f"{uuid4().hex}@example.com"
    person = {"email": email, "password": "correct horse", "name": NASTY, "next": "/checkout"}
    await add(client, "SKU-022")
    made = await client.post("/register", data=person)
    assert (made.status_code, made.headers["location"]) == (303, "/checkout")
    assert (await pay(client)).status_code == 303
    account = await client.get("/account")
    assert NASTY in page(account).text
    assert "<script>alert" not in account.text
    links = page(await client.get("/account/orders")).links
    assert sum(link.startswith("/orders/") for link in links) == 1
    out = await client.post("/logout", data={"a": "b"})
    assert out.headers["location"] == "/"
    assert (await client.get("/account")).status_code == 303
    wrong = await client.post("/login", data={**person, "password": "wrong horse"})
    assert "do not match" in page(wrong, 401).text
    assert "wrong horse" not in wrong.text
    page(await client.post("/register", data=person), 409)
    for place, after in (("//evil.test", "/account"), ("/\\evil", "/account"), ("/cart", "/cart")):
        answer = await client.post("/login", data={**person, "next": place})
        assert answer.headers["location"] == after


async def test_paying_for_nothing_says_so(client: httpx.AsyncClient) -> None:
    await add(client, "SKU-023")
    opened = (await client.get("/checkout")).text
    fields = {**FORM, "key": hidden(opened, "key"), "total": hidden(opened, "total")}
    await client.post("/cart/items/SKU-023", data={"quantity": "0"})
    assert "Your cart is empty" in page(await client.post("/checkout", data=fields), 422).text


async def test_another_body_with_a_used_key_is_explained(client: httpx.AsyncClient) -> None:
    await add(client, "SKU-023")
    opened = (await client.get("/checkout")).text
    fields = {**FORM, "country": "US", "key": hidden(opened, "key")}
    fields["total"] = hidden(opened, "total")
    assert (await client.post("/checkout", data=fields)).status_code == 303
    answer = await client.post("/checkout", data={**fields, "city": "Elsewhere"})
    assert "You sent this form before" in page(answer, 422).text


async def test_signing_in_brings_the_cart_along(app: Any, client: httpx.AsyncClient) -> None:
    person = {"email": f"{uuid4().hex}@example.com", "password": "correct horse", "name": "Ada"}
    await client.post("/register", data=person)
    await add(client, "SKU-024", 2)
    async with visitor(app) as elsewhere:
        await add(elsewhere, "SKU-025")
        signed = await elsewhere.post("/login", data=person)
        assert signed.headers["location"] == "/account"
        cart = await elsewhere.get("/cart")
        assert "3 items" in page(cart).text
        assert 'class="n">3<' in (await elsewhere.get("/")).text

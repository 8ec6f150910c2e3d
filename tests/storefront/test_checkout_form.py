"""What buyers may send, and what the shop makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shopkit import RULES
from storefront.domain.cart import CartLine, PricedCart
from storefront.domain.errors import InvalidInputError
from storefront.domain.inputs import Checker, clean
from storefront.usecases.checkout import MAX_TOTAL, parse_checkout, quote

GOOD: dict[str, Any] = {
    "email": "ada@example.com",
    "shipping_address": {
        "name": "Ada Field",
        "line1": "1 Thrush Lane",
        "city": "Portland",
        "postal_code": "97201",
        "country": "US",
    },
    "shipping_method": "express",
    "payment_token": "tok_visa",
}


def changed(path: str, value: Any) -> dict[str, Any]:
    part, _, rest = path.partition(".")
    if rest:
        return {**GOOD, part: {**GOOD[part], rest: value}}
    return {**GOOD, part: value}


def errors(raw: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidInputError) as caught:
        parse_checkout(raw)
    return dict(caught.value.errors)


def test_a_good_request() -> None:
    request = parse_checkout(
        {**changed("shipping_address.country", "us"), "coupon": " tenoff ", "email": " a.b+c@d.ef "}
    )
    assert (request.coupon, request.email) == ("TENOFF", "a.b+c@d.ef")
    assert (request.shipping_address.country, request.shipping_address.line2) == ("US", "")
    assert parse_checkout({**GOOD, "coupon": ""}) == parse_checkout({**GOOD, "coupon": None})
    markup = "<script>alert('x')</script>'; drop table orders; --"
    address = parse_checkout(changed("shipping_address.name", markup)).shipping_address
    assert address.name == markup  # kept as typed: it is escaped where it is shown


def test_everything_wrong_is_named_at_once() -> None:
    assert set(errors({})) == {"email", "shipping_address", "shipping_method", "payment_token"}
    assert set(errors({**GOOD, "shipping_address": {}, "total": 1, "email": 7})) == {
        "email",
        "total",
        *(
            f"shipping_address.{name}"
            for name in ("name", "line1", "city", "postal_code", "country")
        ),
    }


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("email", "no address", "must be an e-mail"),
        ("email", "a@b.cd\x00", "not allowed"),
        ("email", "a" * 250 + "@b.cd", "at most 254"),
        ("shipping_method", "teleport", "must be one of: standard, express"),
        ("shipping_method", ["express"], "must be text"),
        ("payment_token", "tok_gold", "is not a payment token"),
        ("coupon", 5, "must be text"),
        ("coupon", "x" * 41, "at most 40"),
        ("shipping_address", "Portland", "must be an object"),
        ("shipping_address.country", "XX", "two-letter country code"),
        ("shipping_address.country", "USA", "at most 2"),
        ("shipping_address.line1", "x" * 201, "at most 200"),
        ("shipping_address.city", "   ", "is required"),
        ("shipping_address.city", "Port\nland", "not allowed"),
        ("shipping_address.name", "Ada \u202egnorw", "not allowed"),
        ("shipping_address.name", "\ud800", "not allowed"),
        ("shipping_address.price", 1, "is not a known field"),
        ("total", 1, "is not a known field"),
        ("\ud800\n", 1, "is not a known field"),
    ],
)
def test_what_is_refused(path: str, value: Any, message: str) -> None:
    found = errors(changed(path, value))
    assert len(found) == 1
    ((field, text),) = found.items()
    assert message in text
    assert field == path or not path.isprintable()


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    st.sampled_from(
        [*GOOD, "coupon", *(f"shipping_address.{n}" for n in GOOD["shipping_address"])]
    ),
    json,
)
def test_any_json_is_a_request_or_an_error(path: str, value: Any) -> None:
    raw = changed(path, value)
    try:
        stored = repr(parse_checkout(raw))
    except InvalidInputError as problem:
        stored = str(problem)
    assert stored.encode()  # fit for the database and for an answer
    assert "\x00" not in stored


@given(st.text(st.characters(codec=None)))
def test_clean_text_can_be_stored(text: str) -> None:
    if clean(text):
        assert "\x00" not in text.encode().decode()


def test_long_text_may_have_lines() -> None:
    given = Checker({"text": " One\r\n\r\ntwo\x07 "}, ["text"])
    given.text("text", 100, lines=True)
    assert given.errors == [("text", "contains characters that are not allowed")]
    given = Checker({"text": " One\r\n\r\ntwo "}, ["text"])
    assert given.text("text", 100, lines=True) == "One\n\ntwo"


def cart(price: int, quantity: int) -> PricedCart:
    return PricedCart([CartLine("A", "a", "A", "", quantity, price, 99)], "USD", 1)


def test_quotes() -> None:
    assert quote(RULES, cart(5000, 1), "standard", "US", "TENOFF").total == 4500 + 490 + 360
    assert quote(RULES, cart(2500, 3), "standard", "DE", None).total == 7500  # delivery is free
    for coupon, price in (("TENOFF", 4999), ("ELSE", 5000)):
        with pytest.raises(InvalidInputError, match="coupon"):
            quote(RULES, cart(price, 1), "standard", "US", coupon)
    with pytest.raises(InvalidInputError, match="cart"):
        quote(RULES, cart(MAX_TOTAL, 2), "standard", "US", None)

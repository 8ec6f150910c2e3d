"""Shelves: in stock, never what was bought, and in time whatever Personalize does."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
import pytest
from aiobotocore.session import get_session
from gatewaykit import EDGE_KEY, gateway_event, metrics, told, wanted
from parameterkit import UNREADABLE, refusing
from recommend.handler import wire
from scriptedpeer import Behaviour, Exchange, Peer
from shared import gateway
from shared.environment import SettingsError
from storefront.adapters.dynamodb import DynamoSessions
from storefront.domain.accounts import Customer

TOKEN = "visitor-token-of-the-browser_0123456789abcdef"
VISITOR = hashlib.sha256(TOKEN.encode()).hexdigest()
COOKIES = [f"visitor={TOKEN}"]
CUSTOMER = str(uuid4())
BUDGET = 0.3

Peers = Callable[[Behaviour | None], Peer]


@pytest.fixture(scope="module", autouse=True)
def stocked(shop: Any) -> None:
    """Thirty products: P-01 to P-30; P-05 is sold out, the visitor bought P-02, Ada P-03."""
    shop.sql("insert into categories (slug, name) values ('mugs', 'Mugs'), ('lamps', 'Lamps')")
    shop.sql(
        """
        insert into products
            (sku, slug, name, description, category_id, price, currency, image_url)
        select 'P-' || to_char(n, 'FM00'), 'product-' || n, 'Product ' || n, 'x', 1 + n % 2,
            1000 + n, 'USD', '/images/' || n || '.svg'
        from generate_series(1, 30) n
        """
    )
    shop.sql("update products set review_count = 2, rating_sum = 9 where sku = 'P-01'")
    shop.sql("insert into stock select sku, case sku when 'P-05' then 0 else 9 end from products")
    shop.sql("insert into product_popularity select sku, 100 - id from products")
    shop.sql("insert into product_neighbours values ('P-10', 'P-11', 2), ('P-10', 'P-05', 9)")
    shop.sql(
        "insert into customers (id, email, name, password_hash)"
        " values ($1, 'ada@example.com', 'Ada', 'x')",
        CUSTOMER,
    )
    for number, (visitor, customer, sku) in enumerate(
        [(VISITOR, None, "P-02"), ("0" * 64, CUSTOMER, "P-03")]
    ):
        shop.sql(
            """
            with placed as (
                insert into orders (number, status, visitor_id, customer_id, email,
                    shipping_address, shipping_method, currency, subtotal, discount, shipping,
                    tax, total, payment_token, cart_id, cart_version, claimed_until, paid_at)
                values ($1, 'paid', $2, $3, 'a@example.com', '{}', 'standard', 'USD', 1000, 0, 0,
                    0, 1000, 'tok', 'cart', 1, now(), now())
                returning id
            )
            insert into order_lines (order_id, line, sku, name, quantity, unit_price)
            select id, 1, $4, 'x', 1, 1000 from placed
            """,
            f"N{number}",
            visitor,
            customer,
            sku,
        )


@pytest.fixture
def variables(database_variables: dict[str, str], tables: dict[str, str]) -> dict[str, str]:
    return {
        **database_variables,
        "EDGE_KEY": EDGE_KEY,
        "SESSIONS_TABLE": tables["SESSIONS_TABLE"],
        "VISITOR_COOKIE": "visitor",
        "SESSION_COOKIE": "session",
        "SERVING": "off",
        "PARAMETER_PREFIX": f"/shop/{uuid4()}/",
        "PERSONALIZE_MILLISECONDS": "300",
        "LOG_LEVEL": "info",
        "METRICS_NAMESPACE": "shop-test",
    }


class Shelf:
    """The function as Lambda calls it."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.service = wire(variables)

    def __call__(self, *query: tuple[str, str], **more: Any) -> dict[str, Any]:
        more.setdefault("cookies", COOKIES)
        return gateway.serve(wanted(*query, **more), self.service.answer)


@pytest.fixture
def shelf(variables: dict[str, str]) -> Any:
    shelf = Shelf(variables)
    yield shelf
    shelf.service.shelves._database.close()


@pytest.fixture
def personalized(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a shelf that asks a peer; parameters name a recommender a shelf."""
    made: list[Shelf] = []

    def make(
        peer: Peer,
        serving: str = "recommender",
        value: str | None = None,
        budget: float = 5.0,  # enough on any machine, where it is not what is tested
        *,
        stored: bool = True,
    ) -> Shelf:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PERSONALIZE_RUNTIME", peer.url)
        for name in ("for-you", "also-bought", "popular") if stored else ():
            boto3.client("ssm").put_parameter(
                Name=variables["PARAMETER_PREFIX"] + name,
                Value=value or f"arn:aws:personalize:eu-west-1:123456789012:{serving}/{name}",
                Type="SecureString",
            )
        milliseconds = str(int(budget * 1000))
        told = {**variables, "SERVING": serving, "PERSONALIZE_MILLISECONDS": milliseconds}
        made.append(Shelf(told))
        return made[-1]

    yield make
    for shelf in made:
        shelf.service.shelves._database.close()


def proposing(*skus: str) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        items = [{"itemId": sku, "score": 0.5} for sku in skus]
        exchange.answer({"itemList": items, "recommendationId": "RID-7"})

    return behave


def skus(answer: dict[str, Any]) -> list[str]:
    assert answer["statusCode"] == 200, answer
    return [item["sku"] for item in told(answer)["items"]]


@pytest.mark.parametrize("name", ["for-you", "also-bought", "popular"])
def test_postgresql_answers_alone(shelf, name, capsys) -> None:
    answer = shelf(("shelf", name), ("sku", "P-10"), ("sku", "P-04"), ("limit", "12"))
    body = told(answer)
    assert body["shelf"] == name
    assert body["recommendation_id"] is None
    assert body["source"] == ("popular" if name == "popular" else "co-purchase")
    shown = skus(answer)
    assert len(shown) == 12
    assert not {"P-10", "P-04", "P-05", "P-02"} & set(shown)  # context, sold out, bought
    assert shown[0] == ("P-01" if name == "popular" else "P-11")
    assert all(item["in_stock"] is True for item in body["items"])
    assert metrics(capsys.readouterr().out)[-1]["Source"] == body["source"]


def test_an_item_has_what_a_list_shows(shelf) -> None:
    assert told(shelf(("shelf", "popular"), ("limit", "1")))["items"] == [
        {
            "sku": "P-01",
            "slug": "product-1",
            "name": "Product 1",
            "category": "lamps",
            "price": {"amount": 1001, "currency": "USD"},
            "image_url": "/images/1.svg",
            "in_stock": True,
            "rating": 4.5,
        }
    ]


def test_what_was_viewed_comes_back_in_order_and_in_stock(shelf) -> None:
    asked = [("sku", sku) for sku in ("P-09", "P-02", "P-05", "P-07", "GONE", "P-09")]
    answer = shelf(("shelf", "recently-viewed"), *asked)
    assert skus(answer) == ["P-09", "P-02", "P-07"]
    assert told(answer)["source"] == "recent"


def test_a_product_may_be_called_null(shelf) -> None:
    asked = [("sku", "null"), ("sku", "NULL"), ("sku", "P-10")]
    assert skus(shelf(("shelf", "also-bought"), *asked))[0] == "P-11"
    assert skus(shelf(("shelf", "recently-viewed"), *asked)) == ["P-10"]


def test_nobody_known_gets_what_sells(shelf) -> None:
    assert skus(shelf(("shelf", "for-you"), cookies=[]))[:3] == ["P-01", "P-02", "P-03"]
    assert skus(shelf(("shelf", "also-bought"), ("limit", "1"), cookies=[])) == ["P-01"]


async def test_customers_are_not_shown_what_they_bought_elsewhere(variables, shelf) -> None:
    async with get_session().create_client("dynamodb") as client:
        sessions = DynamoSessions(client, variables["SESSIONS_TABLE"])
        token = await sessions.create(Customer(CUSTOMER, "a@example.com", "Ada", is_staff=False))
    cookies = [*COOKIES, f"session={token}"]
    shown = skus(shelf(("shelf", "for-you"), ("limit", "24"), cookies=cookies))
    assert not {"P-02", "P-03", "P-05"} & set(shown)
    assert "P-03" in skus(shelf(("shelf", "for-you"), ("limit", "24")))


def test_a_shelf_does_not_need_the_sessions(variables, monkeypatch, capsys) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")  # nobody listens
    shelf = Shelf(variables)
    cookies = [*COOKIES, "session=session-token-0123456789"]
    assert "P-02" not in skus(shelf(("shelf", "for-you"), cookies=cookies))
    printed = capsys.readouterr().out
    assert any("SessionNotRead" in line for line in metrics(printed))
    assert "session-token" not in printed
    assert VISITOR not in printed
    shelf.service.shelves._database.close()


@pytest.mark.parametrize("serving", ["recommender", "campaign"])
def test_personalize_is_asked_and_checked(personalized, peer: Peers, serving) -> None:
    asked = peer(proposing("P-20", "P-05", "P-10", "P-02", "P-21", "GONE", "P-22", "P-20"))
    shelf = personalized(asked, serving)
    answer = shelf(("shelf", "also-bought"), ("sku", "P-10"), ("limit", "6"))
    body = told(answer)
    shown = skus(answer)
    assert shown[:3] == ["P-20", "P-21", "P-22"]  # in stock, not bought, not looked at, once
    assert len(set(shown)) == 6  # filled up
    assert not {"P-05", "P-02", "P-10"} & set(shown)
    assert (body["source"], body["recommendation_id"]) == ("personalize", "RID-7")
    (call,) = asked.requests
    said = call.json
    arn = f"arn:aws:personalize:eu-west-1:123456789012:{serving}/also-bought"
    assert said[f"{serving}Arn"] == arn
    assert (said["userId"], said["itemId"]) == (VISITOR, "P-10")
    assert said["numResults"] > 6
    skus(shelf(("shelf", "for-you"), ("sku", "P-10")))
    assert "itemId" not in asked.requests[-1].json


def test_sold_out_in_this_second_means_not_shown(personalized, peer: Peers, shop) -> None:
    shelf = personalized(peer(proposing("P-20", "P-21")))
    query = (("shelf", "for-you"), ("limit", "2"))
    assert skus(shelf(*query)) == ["P-20", "P-21"]
    shop.sql("update stock set available = 0 where sku = 'P-20'")
    try:
        assert skus(shelf(*query)) == ["P-21", "P-04"]  # filled up with what goes with P-02
    finally:
        shop.sql("update stock set available = 9 where sku = 'P-20'")


def _garbage(exchange: Exchange) -> None:
    exchange.raw(200, b"<html>not json", content_type="text/html")


def _broken(exchange: Exchange) -> None:
    exchange.connection.shutdown(socket.SHUT_RDWR)
    exchange.close_connection = True


def _throttled(exchange: Exchange) -> None:
    exchange.answer({"__type": "ThrottlingException", "message": "slow down"}, status=400)


def _failing(exchange: Exchange) -> None:
    exchange.answer({"message": "no"}, status=503)


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("hang", "timeout"),
        ("trickle", "timeout"),
        (_garbage, "failed"),
        (_broken, "failed"),
        (_throttled, "throttled"),
        (_failing, "failed"),
        (proposing(), "empty"),
        (proposing("P-20", "P-05", "P-02"), "few"),
    ],
)
def test_the_fallback_answers_within_the_budget(
    personalized, peer: Peers, capsys, way, reason
) -> None:
    asked = peer(way if callable(way) else None)
    if isinstance(way, str):
        asked.behaviour = getattr(asked, way)
    shelf = personalized(asked, budget=BUDGET if reason == "timeout" else 5.0)
    skus(shelf(("shelf", "recently-viewed"), ("sku", "P-01")))  # the connection is made
    capsys.readouterr()
    took = []
    for _ in range(2):
        began = time.perf_counter()
        body = told(shelf(("shelf", "for-you"), ("sku", "P-10")))
        took.append(time.perf_counter() - began)
        assert (body["source"], body["recommendation_id"]) == ("co-purchase", None)
        assert len(body["items"]) == 8
    fallback = [m for m in metrics(capsys.readouterr().out) if "Fallback" in m]
    assert [m["Reason"] for m in fallback] == [reason] * 2
    assert len(asked.requests) <= 2  # no retries
    # The better of two: what is above the budget is PostgreSQL, on a machine that may be busy.
    assert min(took) < BUDGET + 0.5


def test_after_three_failures_nobody_waits_for_a_while(personalized, peer: Peers, capsys) -> None:
    asked = peer(_failing)
    shelf = personalized(asked)
    now = [0.0]
    breaker = shelf.service.personalize._breaker
    breaker._clock = lambda: now[0]
    query = (("shelf", "for-you"),)
    for _ in range(6):
        assert len(skus(shelf(*query))) == 8
    assert len(asked.requests) == 3
    asked.behaviour = proposing("P-20", "P-21", "P-22", "P-23")
    now[0] = 9.9
    assert told(shelf(*query))["source"] == "popular"
    now[0] = 10.1
    assert told(shelf(*query))["source"] == "personalize"
    asked.behaviour = _failing
    assert told(shelf(*query))["source"] == "popular"
    assert not breaker.open  # one failure after a success is only one


def test_a_shelf_that_nothing_serves_yet_is_not_asked(personalized, peer: Peers, capsys) -> None:
    asked = peer(proposing("P-20"))
    shelf = personalized(asked, value="NONE")
    assert told(shelf(("shelf", "for-you")))["source"] == "popular"
    assert told(shelf(("shelf", "for-you"), cookies=[]))["source"] == "popular"
    assert not asked.requests


@pytest.mark.parametrize("error", UNREADABLE)
def test_what_cannot_be_decrypted_is_nothing_to_ask(
    personalized, peer: Peers, monkeypatch, error
) -> None:
    asked, store = peer(proposing("P-20")), peer(refusing(error))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", store.url)
    shelf = personalized(asked, stored=False)
    for _ in range(5):
        assert told(shelf(("shelf", "for-you")))["source"] == "popular"
    assert not asked.requests
    (read,) = store.requests  # not again for a minute
    assert read.json["WithDecryption"] is True


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ([], {"shelf"}),
        ([("shelf", "window")], {"shelf"}),
        ([("shelf", "popular"), ("shelf", "for-you")], {"shelf"}),
        ([("shelf", "popular"), ("limit", "0")], {"limit"}),
        ([("shelf", "popular"), ("limit", "25")], {"limit"}),
        ([("shelf", "popular"), ("limit", "٣")], {"limit"}),
        ([("shelf", "popular"), ("sku", "a b")], {"sku"}),
        ([("shelf", "popular"), *[("sku", f"P{n}") for n in range(21)]], {"sku"}),
        ([("shelf", "recently-viewed")], {"sku"}),
        ([("shelf", "popular"), ("user", "me"), ("limit", "x")], {"user", "limit"}),
    ],
)
def test_bad_questions_are_told_why(shelf, query, fields) -> None:
    answer = shelf(*query)
    assert answer["statusCode"] == 422
    assert {error["field"] for error in told(answer)["errors"]} == fields


def test_settings_are_checked_by_name() -> None:
    with pytest.raises(SettingsError, match=r"DATABASE_HOST.*PERSONALIZE_MILLISECONDS is '5s'"):
        wire({"PERSONALIZE_MILLISECONDS": "5s"})


def test_the_entry_point_wires_itself_from_the_environment(variables, monkeypatch) -> None:
    from recommend import handler

    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    handler.service.cache_clear()
    event = gateway_event("GET", "/api/v1/recommendations", query=[("shelf", "popular")])
    assert len(json.loads(handler.handle(event, None)["body"])["items"]) == 8
    handler.service().shelves._database.close()
    handler.service.cache_clear()


def test_who_went_past_the_firewall_gets_no_shelf(shelf: Shelf) -> None:
    for key in ("", "known-to-nobody"):
        answer = shelf(("shelf", "popular"), headers={"x-shop-edge-key": key})
        assert answer["statusCode"] == 403
        assert "items" not in told(answer)

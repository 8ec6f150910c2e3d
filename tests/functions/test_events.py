"""Taking events: what is accepted is in the record, what is not is told why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
import pytest
from aiobotocore.session import get_session
from eventkit import Door, batch, event, record_stream, recorded
from events import handler
from gatewaykit import EDGE_KEY, ORIGIN, beacon, metrics, told
from parameterkit import UNREADABLE, refusing
from scriptedpeer import Exchange, Peer
from shared import gateway
from shared.environment import SettingsError
from storefront.adapters.dynamodb import DynamoSessions
from storefront.domain.accounts import Customer
from storefront.web import cookies as storefront_cookies
from storefront.web import problems
from storefront.web.cookies import CookieJar

TOKEN = "visitor-token-of-the-browser_0123456789abcdef"
VISITOR = f"__Host-visitor={TOKEN}"


@pytest.fixture
def record(cloud: Any) -> tuple[str, str]:
    return record_stream()


@pytest.fixture
def variables(tables: dict[str, str], record: tuple[str, str]) -> dict[str, str]:
    return {
        **tables,
        "EDGE_KEY": EDGE_KEY,
        "RECORD_STREAM": record[0],
        "VISITOR_COOKIE": "__Host-visitor",
        "SESSION_COOKIE": "__Host-session",
        "PUBLIC_URL": ORIGIN,
        "SERVING": "off",
        "TRACKING_PARAMETER": "/shop/tracking",
        "LOG_LEVEL": "info",
        "METRICS_NAMESPACE": "shop-test",
    }


@pytest.fixture
def door(variables: dict[str, str]) -> Door:
    return Door(variables)


def test_what_is_accepted_is_in_the_record(door, record, capsys) -> None:
    sent = batch(
        event(type="View", sku="MUG-1"),
        event(type="Click", sku="b.2_C-3", shelf="for-you", source="personalize")
        | {"recommendation_id": "RID-4b2-item-view"},
        event(type="AddToCart"),
    )
    answer = door(beacon(sent, cookies=[VISITOR, "other=1"]))
    assert (answer["statusCode"], told(answer)) == (202, {"accepted": 3})
    assert "cookies" not in answer
    visitor = hashlib.sha256(TOKEN.encode()).hexdigest()
    stored = {line["id"]: line for line in recorded(record[1])}
    assert len(stored) == 3
    for mine in sent["events"]:
        line = stored[mine["id"]]
        assert abs(line.pop("received_at") - sent["sent_at"]) < 60_000
        assert line == {**mine, "user": visitor, "session": visitor, "customer": False}
    (line,) = metrics(capsys.readouterr().out)
    assert line["Accepted"] == 3


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("media_type", ["application/json", "text/plain; charset=utf-8"])
def test_both_kinds_of_bodies_are_read(door, encoded, media_type) -> None:
    sent = beacon(batch(), encoded=encoded, headers={"content-type": media_type})
    assert door(sent)["statusCode"] == 202


async def test_customers_are_known_by_the_storefronts_session(variables, record) -> None:
    # Letters that no hexadecimal id can have by chance.
    customer = Customer(str(uuid4()), "wilhelmina@example.com", "Wilhelmina", is_staff=False)
    async with get_session().create_client("dynamodb") as client:
        token = await DynamoSessions(client, variables["SESSIONS_TABLE"]).create(customer)
    door = Door(variables)
    cookies = [VISITOR, f"__Host-session={token}"]
    assert door(beacon(batch(), cookies=cookies))["statusCode"] == 202
    (line,) = recorded(record[1])
    assert (line["user"], line["customer"]) == (customer.id, True)
    assert line["session"] == hashlib.sha256(TOKEN.encode()).hexdigest()
    assert "wilhelmina" not in json.dumps(line).lower()
    session = door.service.sessions.customer
    assert session(token) == customer.id
    door.ahead = 30 * 24 * 3600 + 1  # DynamoDB has not removed it yet
    assert session(token) is None
    assert session("somebody-elses-token-0123456789") is None


@pytest.mark.parametrize("secure", [False, True])
def test_cookies_are_those_of_the_storefront(variables, secure) -> None:
    jar = CookieJar(secure=secure)
    names = {"VISITOR_COOKIE": jar.visitor_name, "SESSION_COOKIE": jar.session_name}
    door = Door({**variables, **names})
    for cookies in ([], [f"{jar.visitor_name}=short"], [f"{jar.visitor_name}={'x' * 129}"]):
        (made,) = door(beacon(batch(), cookies=cookies))["cookies"]
        token = made.partition("=")[2].partition(";")[0]
        assert made == jar.visitor(token)
        sent = jar.read(f"{jar.visitor_name}={token}")
        assert sent.visitor == token
        answer = door(beacon(batch(), cookies=[f"{jar.visitor_name}={token}"]))
        assert "cookies" not in answer


def test_problems_are_told_in_the_words_of_the_storefront() -> None:
    theirs = {kind: (status, title) for status, kind, title in problems.KINDS.values()}
    for status in (404, 405, 408, 413):
        problem = problems.http_problem(status)
        theirs[problem.kind] = (status, problem.title)
    theirs[problems.CRASH.kind] = (problems.CRASH.status, problems.CRASH.title)
    assert gateway.KINDS.items() <= theirs.items()


def test_the_hash_of_a_visitor_is_that_of_the_storefront() -> None:
    from shared import visitors

    for token in (TOKEN, visitors.new_token(), storefront_cookies.new_token(), ""):
        assert visitors.hashed(token) == storefront_cookies.visitor_id(token)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 202),
        ({"origin": "https://evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://SHOP.test"}, 202),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_other_sites_and_forms_are_refused(door, record, headers, status) -> None:
    answer = door(beacon(batch(), headers=headers))
    assert answer["statusCode"] == status
    assert len(recorded(record[1])) == (status == 202)


@pytest.mark.parametrize("key", ["", "known-to-nobody", "ключ", EDGE_KEY + " "])
def test_who_went_past_the_firewall_is_refused(door, record, capsys, key: str) -> None:
    answer = door(beacon(batch(), headers={"x-shop-edge-key": key}))
    assert (answer["statusCode"], told(answer)["status"]) == (403, 403)
    assert recorded(record[1]) == []
    printed = capsys.readouterr().out
    assert [line["Reason"] for line in metrics(printed)] == ["not-through-edge"]
    assert EDGE_KEY not in printed + json.dumps(answer)


def test_without_a_public_url_the_origin_is_not_compared(variables) -> None:
    door = Door({**variables, "PUBLIC_URL": ""})
    assert door(beacon(batch(), headers={"origin": "http://127.0.0.1:8080"}))["statusCode"] == 202
    assert door(beacon(batch(), headers={"sec-fetch-site": "cross-site"}))["statusCode"] == 403


def test_a_program_without_a_browser_may_send(door) -> None:
    sent = beacon(batch())
    del sent["headers"]["origin"], sent["headers"]["sec-fetch-site"]
    assert door(sent)["statusCode"] == 202


def test_a_replay_is_refused_and_nothing_is_written_twice(door, record, capsys) -> None:
    sent = beacon(batch(), cookies=[VISITOR])
    assert [door(sent)["statusCode"] for _ in range(3)] == [202, 409, 409]
    assert "retry-after" not in door(sent)["headers"]
    assert len(recorded(record[1])) == 1
    refused = [line for line in metrics(capsys.readouterr().out) if "Refused" in line]
    assert [line["Reason"] for line in refused] == ["replayed"] * 3


def test_an_expired_claim_that_is_still_there_does_not_count(door) -> None:
    one = batch()
    assert door(beacon(one))["statusCode"] == 202
    door.ahead = 3601
    later = int(one["sent_at"] + 3_600_000)
    fresh = {**one, "sent_at": later, "events": [event(at=later)]}
    assert door(beacon(fresh))["statusCode"] == 202


def _firehose(refusals: list[list[bool] | int], taken: list[bytes]) -> Callable[[Exchange], None]:
    """Answers each call by the next entry: an HTTP status, or which records are refused."""

    def behave(exchange: Exchange) -> None:
        plan = refusals.pop(0)
        if isinstance(plan, int):
            exchange.answer({"__type": "ServiceUnavailableException"}, status=plan)
            return
        records = exchange.call.json["Records"]
        assert len(plan) == len(records)
        taken.extend(r["Data"] for r, bad in zip(records, plan, strict=True) if not bad)
        results = [
            {"ErrorCode": "ServiceUnavailableException"} if bad else {"RecordId": "1"}
            for bad in plan
        ]
        exchange.answer({"FailedPutCount": sum(plan), "RequestResponses": results})

    return behave


@pytest.mark.parametrize(
    ("refusals", "status", "taken"),
    [
        ([[False, True, True], [False, False]], 202, 3),  # only what failed is sent again
        ([500, [False, False, False]], 202, 3),
        ([[False, True, True], [True, False]], 503, 2),
        ([500, 500], 503, 0),
        ([[True, True, True], 500], 503, 0),
    ],
)
def test_partial_failures(variables, peer, monkeypatch, refusals, status, taken) -> None:
    written: list[bytes] = []
    firehose: Peer = peer(_firehose(refusals, written))
    monkeypatch.setenv("AWS_ENDPOINT_URL_FIREHOSE", firehose.url)
    door = Door(variables)
    sent = beacon(batch(event(), event(), event()), cookies=[VISITOR])
    answer = door(sent)
    assert (answer["statusCode"], len(written)) == (status, taken)
    assert not refusals
    if status == 503:  # the batch was not accepted, so it may be sent again at once
        assert int(answer["headers"]["retry-after"]) > 0
        firehose.behaviour = _firehose([[False, False, False]], written)
        assert door(sent)["statusCode"] == 202


@pytest.mark.parametrize("down", ["FIREHOSE", "DYNAMODB"])
def test_what_cannot_be_kept_is_not_accepted(variables, monkeypatch, down, capsys) -> None:
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{down}", "http://127.0.0.1:9")  # nobody listens
    answer = Door(variables)(beacon(batch(), cookies=[VISITOR]))
    assert answer["statusCode"] == 503
    assert int(answer["headers"]["retry-after"]) > 0
    assert told(answer)["type"] == "/docs#problem-unavailable"
    assert TOKEN not in capsys.readouterr().out


def test_personalize_hears_of_events_in_calls_of_ten(variables, peer, monkeypatch, capsys) -> None:
    monkeypatch.setattr(handler, "TRACKING_SECONDS", 5.0)  # enough on any machine
    tracker: Peer = peer(lambda exchange: exchange.raw(200, b""))
    door = _tracked(variables, monkeypatch, tracker)
    events = [event(type="Click", recommendation_id="RID-1")] + [event() for _ in range(11)]
    assert door(beacon(batch(*events), cookies=[VISITOR]))["statusCode"] == 202
    first, second = [call.json for call in tracker.requests]
    visitor = hashlib.sha256(TOKEN.encode()).hexdigest()
    assert (first["trackingId"], first["userId"], first["sessionId"]) == (
        "tracking-1",
        visitor,
        visitor,
    )
    assert [len(call["eventList"]) for call in (first, second)] == [10, 2]
    entry = first["eventList"][0]
    assert (entry["eventId"], entry["itemId"], entry["eventType"]) == (
        events[0]["id"],
        "MUG-1",
        "Click",
    )
    assert entry["recommendationId"] == "RID-1"
    assert entry["sentAt"] == pytest.approx(events[0]["at"] / 1000, abs=0.001)
    assert [line["Tracked"] for line in metrics(capsys.readouterr().out) if "Tracked" in line] == [
        12
    ]


@pytest.mark.parametrize("way", ["hang", "trickle", "failure", "NONE"])
def test_personalize_never_fails_a_batch(variables, peer, monkeypatch, way, capsys, record) -> None:
    def fail(exchange: Exchange) -> None:
        exchange.answer({"message": "no"}, status=500)

    tracker: Peer = peer(fail)
    if way in ("hang", "trickle"):
        tracker.behaviour = getattr(tracker, way)
    door = _tracked(variables, monkeypatch, tracker, "NONE" if way == "NONE" else "tracking-1")
    statuses = [door(beacon(batch(), cookies=[VISITOR]))["statusCode"] for _ in range(5)]
    assert statuses == [202] * 5
    assert len(recorded(record[1])) == 5
    lost = [line for line in metrics(capsys.readouterr().out) if "NotTracked" in line]
    expected = [] if way == "NONE" else ["failed"] * 3 + ["breaker"] * 2
    assert [line["Reason"] for line in lost] == expected
    assert len(tracker.requests) <= (0 if way == "NONE" else 3)


@pytest.mark.parametrize("error", UNREADABLE)
def test_a_tracker_that_cannot_be_decrypted_is_none(
    variables, peer, monkeypatch, record, error
) -> None:
    tracker, store = peer(), peer(refusing(error))
    door = _tracked(variables, monkeypatch, tracker, store=store)
    assert [door(beacon(batch(), cookies=[VISITOR]))["statusCode"] for _ in range(3)] == [202] * 3
    assert len(recorded(record[1])) == 3
    assert not tracker.requests
    assert len(store.requests) == 1


def _tracked(
    variables: dict[str, str],
    monkeypatch: Any,
    tracker: Peer,
    value: str = "tracking-1",
    *,
    store: Peer | None = None,
) -> Door:
    name = f"/shop/{uuid4()}"
    boto3.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString")
    monkeypatch.setenv("AWS_ENDPOINT_URL_PERSONALIZE_EVENTS", tracker.url)
    if store is not None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", store.url)
    return Door({**variables, "SERVING": "recommender", "TRACKING_PARAMETER": name})


def test_logs_never_say_who(variables, capsys, cloud) -> None:
    broken = Door({**variables, "RECORD_STREAM": "no-such-stream"})
    session = "session-token-of-the-browser_0123456789"
    cookies = [VISITOR, f"__Host-session={session}"]
    assert broken(beacon(batch(), cookies=cookies))["statusCode"] == 503
    printed = capsys.readouterr().out
    assert json.loads(printed.splitlines()[0])["request_id"] == "JKJaXmPLvHcESHA="
    for secret in (TOKEN, session, hashlib.sha256(TOKEN.encode()).hexdigest()):
        assert secret not in printed


def test_every_missing_variable_is_named() -> None:
    with pytest.raises(SettingsError) as refused:
        Door({"SERVING": "perhaps", "PUBLIC_URL": "shop.test"})
    for name in (
        "EDGE_KEY",
        "RECORD_STREAM",
        "SEEN_TABLE",
        "VISITOR_COOKIE",
        "SERVING",
        "PUBLIC_URL",
    ):
        assert name in str(refused.value)

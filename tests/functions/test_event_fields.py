"""What a batch may say, field by field: nothing wrong gets in, and nothing right is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from eventkit import batch, event
from events import batch as batches
from gatewaykit import told
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared.gateway import RefusalError, problem

NOW = 1_795_305_599_000
ID = "0b0e7e4c-6c9d-4c44-9a77-0d2f0a3c1b5e"


def one(**fields: object) -> dict[str, Any]:
    return {"id": ID, "type": "View", "sku": "MUG-1", "at": NOW, **fields}


def whole(*events: object, **fields: object) -> dict[str, Any]:
    return {"id": ID, "sent_at": NOW, "events": list(events or (one(),)), **fields}


def refused(raw: object) -> tuple[int, dict[str, str]]:
    """Status and problems by field, as the browser is told."""
    body = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    with pytest.raises(RefusalError) as caught:
        batches.parse(body, NOW)
    answer = problem(caught.value)
    return answer["statusCode"], {
        error["field"]: error["message"] for error in told(answer).get("errors", ())
    }


OLD, AHEAD = NOW - 15 * 60_000, NOW + 60_000


@pytest.mark.parametrize("at", [OLD, AHEAD, NOW])
def test_times_at_the_edge_are_accepted(at: int) -> None:
    assert batches.check(whole(one(at=at), sent_at=at), NOW).events[0].at == at


@pytest.mark.parametrize(
    ("raw", "field", "words"),
    [
        ([], "body", "object"),
        (whole(id="1"), "id", "UUID"),
        (whole(id=ID.replace("-4c44-", "-1c44-")), "id", "version 4"),
        (whole(id=ID + "\n"), "id", "UUID"),
        (whole(sent_at="now"), "sent_at", "whole number"),
        (whole(sent_at=None), "sent_at", "whole number"),
        (whole(sent_at=OLD - 1), "sent_at", "15 minutes"),
        (whole(events=[]), "events", "1 to 20"),
        (whole(events=[one()] * 21), "events", "1 to 20"),
        (whole(events=[one()] * 2), "events", "different ids"),
        (whole(user="me"), "user", "not a known field"),
        (whole("View"), "events[0]", "object"),
        (whole(one(type="Purchase")), "events[0].type", "View, AddToCart, Click"),
        (whole(one(type=["View"])), "events[0].type", "one of"),
        (whole(one(sku="")), "events[0].sku", "1 to 64"),
        (whole(one(sku="MUG 1")), "events[0].sku", "1 to 64"),
        (whole(one(sku="a" * 65)), "events[0].sku", "1 to 64"),
        (whole(one(at=True)), "events[0].at", "whole number"),
        (whole(one(at=NOW + 0.5)), "events[0].at", "whole number"),
        (whole(one(at=OLD - 1)), "events[0].at", "15 minutes"),
        (whole(one(at=AHEAD + 1)), "events[0].at", "future"),
        (whole(one(shelf="window")), "events[0].shelf", "for-you"),
        (whole(one(source=None)), "events[0].source", "personalize"),
        (whole(one(recommendation_id="")), "events[0].recommendation_id", "id"),
        (whole(one(recommendation_id="R" * 41)), "events[0].recommendation_id", "id"),
        (whole(one(customer=True)), "events[0].customer", "not a known field"),
        (whole(one(), {**one(id=ID[:-1] + "f"), "sku": 7}), "events[1].sku", "1 to 64"),
    ],
)
def test_every_wrong_field_is_named(raw: object, field: str, words: str) -> None:
    status, errors = refused(raw)
    assert status == 422
    assert list(errors) == [field]
    assert words in errors[field]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"id": NaN}',
        b'{"id": 1, "id": 2}',
        b"[" * 10_000,
        b"9" * 5_000,
        b'{"sent_at": 1e999}' + b"}",
    ],
)
def test_what_is_no_json_is_a_bad_request(body: bytes) -> None:
    assert refused(body) == (400, {})


def test_all_problems_are_told_at_once_but_not_thousands() -> None:
    status, errors = refused(whole(one(type="Buy", sku="?"), id="x", note=1))
    assert status == 422
    assert set(errors) == {"id", "note", "events[0].type", "events[0].sku"}
    _, errors = refused({f"field{n}": n for n in range(1000)})
    assert 0 < len(errors) <= 20


def test_a_body_may_have_16_kib_and_no_byte_more() -> None:
    from gatewaykit import beacon
    from shared.gateway import read

    for encoded in (False, True):
        for size in (batches.MAX_BODY, batches.MAX_BODY + 1):
            request = read(beacon(b"x" * size, encoded=encoded))
            if size == batches.MAX_BODY:
                assert len(request.body(batches.MAX_BODY)) == size
            else:
                with pytest.raises(RefusalError) as caught:
                    request.body(batches.MAX_BODY)
                assert caught.value.status == 413
    request = read({**beacon(b"", encoded=True), "body": "no base64!"})
    with pytest.raises(RefusalError) as caught:
        request.body(batches.MAX_BODY)
    assert caught.value.status == 400


# The same cases every time, however busy the machine is.
some = settings(
    max_examples=50,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# Anything that JSON can say, and batches in which one thing was exchanged for anything.
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@some
@given(anything)
def test_any_json_is_told_what_is_wrong_with_it(raw: object) -> None:
    status, errors = refused(raw)
    assert status == 422
    assert errors


@some
@given(st.sampled_from(["id", "sent_at", "events", "extra"]), anything)
def test_one_strange_field_of_a_batch_is_found(name: str, value: object) -> None:
    status, errors = refused(whole(**{name: value}))
    assert status == 422
    assert all(field.startswith(name) for field in errors)


@some
@given(
    st.sampled_from(["id", "type", "sku", "at", "shelf", "source", "recommendation_id", "extra"]),
    anything.filter(lambda value: not isinstance(value, str)),
)
def test_one_strange_field_of_an_event_is_found(name: str, value: object) -> None:
    status, errors = refused(whole(one(**{name: value})))
    assert (status, list(errors)) == (422, [f"events[0].{name}"])


good_events = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.uuids(version=4).map(str),
            "type": st.sampled_from(batches.TYPES),
            "sku": st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True),
            "at": st.integers(OLD, AHEAD),
        },
        optional={
            "shelf": st.sampled_from(batches.SHELVES),
            "source": st.sampled_from(batches.SOURCES),
            "recommendation_id": st.from_regex(r"[A-Za-z0-9._:/+=-]{1,40}", fullmatch=True),
        },
    ),
    min_size=1,
    max_size=20,
    unique_by=lambda made: made["id"],
)


@some
@given(st.uuids(version=4).map(str), st.integers(OLD, AHEAD), good_events)
def test_every_good_batch_is_read_as_it_was_written(
    batch_id: str, sent_at: int, events: list[dict[str, Any]]
) -> None:
    raw = {"id": batch_id, "sent_at": sent_at, "events": events}
    read = batches.parse(json.dumps(raw).encode(), NOW)
    assert read.id == batch_id
    assert [
        {"id": e.id, "type": e.type, "sku": e.sku, "at": e.at, **e.told} for e in read.events
    ] == events


def test_the_kit_makes_good_batches() -> None:
    made = batch(event(), event())
    assert len(batches.check(made, made["sent_at"]).events) == 2

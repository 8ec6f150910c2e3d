"""Training data: everything that counts, once, in the schema's columns, and nobody's name."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from events import records
from events.batch import Event
from export import files, sources
from export.handler import Service, wire
from export.ledger import judge
from gatewaykit import metrics
from shared.environment import SettingsError

KINDS = ("interactions", "items", "users")
ADA = str(uuid4())
VISITOR, OTHER = "a" * 64, "b" * 64
NOW = 1_795_305_599_000
_ORDER = """
    insert into orders (number, status, visitor_id, customer_id, email, shipping_address,
        shipping_method, currency, subtotal, discount, shipping, tax, total, payment_token,
        cart_id, cart_version, claimed_until, paid_at)
    values ($1, $2, $3, $4, 'ada@example.com', '{"name": "Ada Lovelace", "city": "London"}',
        'standard', 'USD', 1000, 0, 0, 0, 1000, 'tok', 'cart', 1, now(),
        to_timestamp(1795000000))
    returning id
"""


@pytest.fixture(scope="module", autouse=True)
def stocked(shop: Any) -> None:
    """Three products; Ada bought two of them, a visitor one, and an order that was not paid."""
    shop.sql("insert into categories (slug, name) values ('mugs', 'Mugs')")
    shop.sql(
        """
        insert into products (sku, slug, name, description, category_id, price, currency,
            image_url, created_at)
        select 'P-' || n, 'p-' || n, 'Product, "the" ' || n, 'x', 1, 1000 * n + n, 'USD', '/i.svg',
            to_timestamp(1700000000 + n)
        from generate_series(1, 3) n
        """
    )
    shop.sql(
        "insert into customers (id, email, name, password_hash)"
        " values ($1, 'ada@example.com', 'Ada Lovelace', 'x')",
        ADA,
    )
    for number, status, visitor, customer, skus in [
        ("N1", "paid", "c" * 64, ADA, ["P-1", "P-2"]),
        ("N2", "fulfilled", VISITOR, None, ["P-3"]),
        ("N3", "pending_payment", OTHER, None, ["P-1"]),
        ("N4", "cancelled", OTHER, None, ["P-1"]),
    ]:
        ((order,),) = shop.sql(_ORDER, number, status, visitor, customer)
        for line, sku in enumerate(skus):
            shop.sql(
                "insert into order_lines values ($1, $2, $3, 'Product', 1, 500)", order, line, sku
            )


@pytest.fixture
def buckets(cloud: Any) -> dict[str, str]:
    names = {"RECORDS_BUCKET": f"records-{uuid4()}", "TRAINING_BUCKET": f"training-{uuid4()}"}
    for bucket in names.values():
        place = {"LocationConstraint": "eu-west-1"}
        boto3.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    return names


@pytest.fixture
def service(database_variables: dict[str, str], buckets: dict[str, str]) -> Iterator[Service]:
    service = wire({**database_variables, **buckets, "METRICS_NAMESPACE": "shop-test"})
    yield service
    service.database.close()


def line(user: str = VISITOR, **fields: Any) -> bytes:
    """A line of the record, as the function `events` writes it."""
    told = {"id": str(uuid4()), "type": "View", "sku": "P-1", "at": NOW, **fields}
    event = Event(**told)
    return records.line(
        event, user=user, visitor=VISITOR, signed_in=user == ADA, received_at=NOW + 5
    )


def put(bucket: str, key: str, *lines: bytes, zipped: bool = False) -> None:
    body = b"".join(lines)
    body = gzip.compress(body) if zipped else body
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def rows(service: Service, told: dict[str, Any], kind: str) -> list[dict[str, str]]:
    """A file's rows; checks that the header is the schema's, in its order."""
    found = boto3.client("s3").get_object(Bucket=service.training_bucket, Key=told[kind]["key"])
    text = found["Body"].read().decode()
    schema = json.loads((Path(files.__file__).parent / "schemas" / f"{kind}.json").read_text())
    assert text.splitlines()[0] == ",".join(field["name"] for field in schema["fields"])
    read = list(csv.DictReader(io.StringIO(text)))
    assert len(read) == told[kind]["rows"]
    for row in read:
        for field in schema["fields"]:
            {"string": str, "long": int, "float": float}[field["type"]](row[field["name"]])
            assert row[field["name"]]
    return read


def test_orders_and_events_become_training_data(service: Service, capsys: Any) -> None:
    bucket = service.records_bucket
    twice = line(ADA, sku="P-3", type="AddToCart")
    put(bucket, "events/2026/11/21/23/one", line(), twice)
    put(bucket, "events/2026/11/21/23/two.gz", twice, line(OTHER, type="Click"), zipped=True)
    put(bucket, "errors/2026/three", line())  # not below events/
    told = service.export("run-1")
    assert told["interactions"]["key"] == "training/run-1/interactions.csv"

    interactions = rows(service, told, "interactions")
    bought = [tuple(row.values()) for row in interactions if row["EVENT_TYPE"] == "Purchase"]
    assert bought == [
        (ADA, "P-1", "1795000000", "Purchase"),
        (ADA, "P-2", "1795000000", "Purchase"),
        (VISITOR, "P-3", "1795000000", "Purchase"),
    ]
    rest = {tuple(row.values()) for row in interactions} - set(bought)
    assert rest == {
        (VISITOR, "P-1", str(NOW // 1000), "View"),
        (ADA, "P-3", str(NOW // 1000), "AddToCart"),
        (OTHER, "P-1", str(NOW // 1000), "Click"),
    }
    assert len(interactions) == 6  # what was delivered twice counts once

    assert [tuple(row.values()) for row in rows(service, told, "items")] == [
        ("P-1", "10.01", "mugs", "1700000001"),
        ("P-2", "20.02", "mugs", "1700000002"),
        ("P-3", "30.03", "mugs", "1700000003"),
    ]
    users = {row["USER_ID"]: row["MEMBERSHIP_STATUS"] for row in rows(service, told, "users")}
    assert users == {ADA: "customer", VISITOR: "visitor", OTHER: "visitor"}
    assert told["enough"] == {"interactions": False, "purchases": False}
    assert "6 interactions (1000 needed), 3 of them purchases (1000 needed" in told["why"]
    assert "2 users with at least 2 (25 needed)" in told["why"]
    (line_of_metrics,) = metrics(capsys.readouterr().out)
    assert (line_of_metrics["ExportedInteractions"], line_of_metrics["ExportSkipped"]) == (6, 1)


def test_nobodys_name_or_address_leaves(service: Service) -> None:
    known = json.loads(line())
    leaks = [
        {**known, "id": str(uuid4()), "user": "ada@example.com"},
        {**known, "id": str(uuid4()), "user": "Ada Lovelace"},
        {**known, "id": str(uuid4()), "email": "ada@example.com"},  # is not looked at
    ]
    encoded = [json.dumps(leak).encode() + b"\n" for leak in leaks]
    put(service.records_bucket, "events/leaks", *encoded)
    told = service.export("private")
    assert told["interactions"]["rows"] == 4
    s3 = boto3.client("s3")
    for kind in KINDS:
        text = s3.get_object(Bucket=service.training_bucket, Key=told[kind]["key"])["Body"].read()
        for secret in (b"ada", b"lovelace", b"@", b"london"):
            assert secret not in text.lower()


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        json.dumps({**json.loads(line()), "type": "Purchase"}).encode(),
        json.dumps({**json.loads(line()), "at": "yesterday"}).encode(),
        json.dumps({**json.loads(line()), "at": 10**20}).encode(),
        json.dumps({**json.loads(line()), "sku": "a,b"}).encode(),
        json.dumps({**json.loads(line()), "id": 7}).encode(),
        json.dumps({**json.loads(line()), "customer": "no"}).encode(),
    ],
)
def test_lines_that_are_no_events_are_passed_over(bad: bytes) -> None:
    assert sources.event(bad) is None


def test_what_the_function_events_writes_is_read_as_it_was_meant() -> None:
    written = line(ADA, type="Click", told={"shelf": "for-you", "recommendation_id": "RID-1"})
    read = sources.event(written)
    assert read is not None
    assert (read.user, read.sku, read.at, read.type, read.signed_in) == (
        ADA,
        "P-1",
        NOW // 1000,
        "Click",
        True,
    )


def test_products_that_do_not_exist_do_not_count(service: Service) -> None:
    put(service.records_bucket, "events/one", line(sku="GONE"), b"half a li")
    assert service.export("known")["interactions"]["rows"] == 3


def test_enough_is_what_personalize_asks_for(service: Service) -> None:
    people = [f"{n:064x}" for n in range(25)]
    lines = [line(people[n % 25]) for n in range(1000)]
    put(service.records_bucket, "events/many", *lines)
    told = service.export("enough")
    assert told["enough"] == {"interactions": True, "purchases": False}
    assert "1003 interactions" in told["why"]
    assert "3 of them purchases" in told["why"]
    cases = [(1000, 999, 25), (1000, 1000, 25), (999, 999, 25), (1000, 1000, 24)]
    assert [tuple(judge(*case)[0].values()) for case in cases] == [
        (True, False),
        (True, True),
        (False, False),
        (False, False),
    ]


@pytest.mark.parametrize("run", [None, "", "a/b", "..", "x" * 101, 7])
def test_a_bad_run_is_refused_by_name(service: Service, run: object) -> None:
    with pytest.raises(ValueError, match="run must have"):
        service.export(run)


def test_a_failure_leaves_no_half_files(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    put(service.records_bucket, "events/one", line())
    s3 = boto3.client("s3")

    def fail(*args: object) -> None:
        raise RuntimeError("out of space")

    monkeypatch.setattr(files.CsvFile, "write", fail)
    with pytest.raises(RuntimeError, match="out of space"):
        service.export("broken")
    assert "Contents" not in s3.list_objects_v2(Bucket=service.training_bucket)
    assert not s3.list_multipart_uploads(Bucket=service.training_bucket).get("Uploads")


def test_a_row_has_the_columns_of_its_schema_and_no_others(service: Service) -> None:
    bucket = service.training_bucket
    with (
        pytest.raises(ValueError, match="other columns"),
        files.CsvFile(boto3.client("s3"), bucket, "x.csv", "users") as file,
    ):
        file.write({"USER_ID": ADA, "EMAIL": "ada@example.com"})


LONG = "L" * 64  # a SKU that fills files quickly


@pytest.fixture
def large_order(shop: Any) -> Iterator[Any]:
    """Makes an order of so many lines."""
    shop.sql(
        "insert into products (sku, slug, name, description, category_id, price, currency,"
        " image_url) values ($1, 'long', 'Long', 'x', 1, 100, 'USD', '/i.svg')",
        LONG,
    )
    ((order,),) = shop.sql(_ORDER, "N5", "paid", OTHER, ADA)
    lines = "insert into order_lines select $1, n, $2, 'x', 1, 5 from generate_series(1, $3) n"
    yield lambda count: shop.sql(lines, order, LONG, count)
    shop.sql("delete from order_lines where order_id = $1", order)
    shop.sql("delete from orders where id = $1", order)
    shop.sql("delete from products where sku = $1", LONG)


def test_a_large_file_is_put_together_from_parts(
    service: Service, large_order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PART", 5 * 1024 * 1024)  # the least that S3 takes
    large_order(45_000)
    told = service.export("large")
    assert told["interactions"]["rows"] == 45_003
    place = {"Bucket": service.training_bucket, "Key": told["interactions"]["key"]}
    body = boto3.client("s3").get_object(**place)["Body"].read()
    assert len(body) > files.PART
    lines = body.splitlines()
    assert len(lines) == 1 + 45_003
    assert set(lines[4:]) == {f"{ADA},{LONG},1795000000,Purchase".encode()}


def test_memory_does_not_grow_with_the_shop(service: Service, large_order: Any) -> None:
    """There is the part that is being written and what is sent of it, and no rows."""
    s3 = boto3.client("s3")
    service.export("small")  # what is loaded once is loaded

    def traced() -> tuple[int, int]:
        tracemalloc.start()
        try:
            key = service.export("traced")["interactions"]["key"]
            size = s3.head_object(Bucket=service.training_bucket, Key=key)["ContentLength"]
            return size, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    _, before = traced()
    large_order(15_000)  # 5 MB of rows
    size, after = traced()
    assert size < files.PART
    assert after - before < 2 * size + 1_000_000, f"{before} to {after} for {size} bytes"


def test_settings_are_checked_by_name() -> None:
    with pytest.raises(SettingsError, match=r"DATABASE_HOST.*RECORDS_BUCKET.*TRAINING_BUCKET"):
        wire({})

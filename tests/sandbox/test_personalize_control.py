"""The stand-in's control plane keeps the rules of the service; boto3 talks to it unchanged."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.personalize import Personalize, declared, schemas
from sandbox.personalize.control import Control, handlers
from sandbox.personalize.server import serving
from sandbox.personalize.store import Fault, PersonalizeError, Store
from tests.stacks import ROOT

SCHEMAS = ROOT / "services" / "functions" / "export" / "schemas"
ROLE = "arn:aws:iam::123456789012:role/importer"
RECIPE = "arn:aws:personalize:::recipe/aws-ecomm-recommended-for-you"


class Files:
    """S3, as far as an import asks."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        class Body:
            read = staticmethod(self.held[f"{Bucket}/{Key}"].encode)

        return {"Body": Body}


class Shop:
    """A client, and what most tests need before they can begin."""

    def __init__(self, store: Store, url: str) -> None:
        self.store = store
        self.client = connect(url)
        self.group = self.make("DatasetGroup", Name="shop", Domain="ECOMMERCE")
        text = (SCHEMAS / "interactions.json").read_text()
        self.schema = self.make("Schema", Name="shop-1", Schema=text, Domain="ECOMMERCE")

    def make(self, kind: str, **state: Any) -> str:
        return declared.make(self.client, f"AWS::Personalize::{kind}", state)

    def dataset(self, **state: Any) -> str:
        told = {
            "Name": "interactions",
            "DatasetType": "Interactions",
            "DatasetGroupArn": self.group,
            "SchemaArn": self.schema,
        }
        return self.make("Dataset", **{**told, **state})

    def load(self, dataset: str, job: str = "job") -> dict[str, Any]:
        """Import s3://bucket/file to the end; what Describe says of the job."""
        arn = self.client.create_dataset_import_job(
            jobName=job,
            datasetArn=dataset,
            dataSource={"dataLocation": "s3://bucket/file"},
            roleArn=ROLE,
        )["datasetImportJobArn"]
        seen = []
        for _ in range(3):
            told = self.client.describe_dataset_import_job(datasetImportJobArn=arn)
            seen.append(told["datasetImportJob"]["status"])
        assert seen[:2] == ["CREATE PENDING", "CREATE IN_PROGRESS"]
        job_told: dict[str, Any] = told["datasetImportJob"]
        return job_told

    def refused(self, operation: str, **parameters: Any) -> str:
        with pytest.raises(ClientError) as raised:
            getattr(self.client, operation)(**parameters)
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return str(raised.value.response["Error"]["Code"])


def connect(url: str) -> Any:
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    return boto3.client("personalize", region_name="us-east-1", endpoint_url=url, **keys)


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def shop(files: Files) -> Iterator[Shop]:
    store = Store()
    with serving(handlers(Control(store, lambda: files))) as url:
        yield Shop(store, url)


def rows(count: int, **odd: str) -> str:
    lines = ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"]
    lines += [f"u{n % 40},i{n % 30},{1_700_000_000 + n},View" for n in range(count)]
    for line, text in odd.items():
        lines[int(line[1:])] = text
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (rows(1000), None),
        (rows(999), "999 rows, at least 1000"),
        (rows(1000, _7="u1,i1,yesterday,View"), "line 8: TIMESTAMP = 'yesterday'"),
        (rows(1000, _3="u1,,1,View"), "line 4: ITEM_ID = '' (is empty)"),
        (rows(1000, _0="USER_ID,ITEM_ID,TIMESTAMP,KIND"), "no column EVENT_TYPE"),
        (rows(1000, _0="USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,IP"), "no field IP"),
    ],
)
def test_an_import_reads_the_file_with_its_schema(
    shop: Shop, files: Files, file: str, why: str | None
) -> None:
    files.held["bucket/file"] = file
    job = shop.load(shop.dataset())
    assert job["status"] == ("ACTIVE" if why is None else "CREATE FAILED")
    assert (why or "") in job.get("failureReason", "")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"namespace": "shop"}, "namespace"),
        ({"version": "2.0"}, "version"),
        ({"name": "Orders"}, "no dataset is called Orders"),
        ({"fields": [{"name": "USER_ID", "type": "string"}]}, "needs ITEM_ID of type string"),
        (
            {
                "fields": [
                    {"name": "USER_ID", "type": "string"},
                    {"name": "ITEM_ID", "type": "string"},
                    {"name": "TIMESTAMP", "type": "long"},
                ]
            },
            "needs EVENT_TYPE",
        ),
    ],
)
def test_schemas_that_personalize_would_not_take(change: dict[str, Any], why: str) -> None:
    told = {**json.loads((SCHEMAS / "interactions.json").read_text()), **change}
    with pytest.raises(PersonalizeError, match=why):
        schemas.check(json.dumps(told), "ECOMMERCE")


@pytest.mark.parametrize("name", ["interactions", "items", "users"])
def test_the_shops_own_schemas_are_taken(name: str) -> None:
    text = (SCHEMAS / f"{name}.json").read_text()
    assert schemas.check(text, "ECOMMERCE").lower() == name


def test_names_are_unique_and_of_the_models_letters(shop: Shop) -> None:
    assert shop.refused("create_dataset_group", name="shop") == "ResourceAlreadyExistsException"
    assert shop.refused("create_dataset_group", name="Shop & Co") == "InvalidInputException"
    assert shop.refused("create_dataset_group", name="s" * 64) == "InvalidInputException"
    assert shop.refused("create_dataset_group", name="b", domain="BOOKS") == "InvalidInputException"


def test_nothing_is_made_in_what_is_not_there_or_not_ready(shop: Shop) -> None:
    nowhere = shop.group.replace("/shop", "/other")
    told = {"name": "r", "datasetGroupArn": nowhere, "recipeArn": RECIPE}
    assert shop.refused("create_recommender", **told) == "ResourceNotFoundException"
    told["datasetGroupArn"] = shop.client.create_dataset_group(name="other", domain="ECOMMERCE")[
        "datasetGroupArn"
    ]
    assert shop.refused("create_recommender", **told) == "ResourceInUseException"


def test_a_group_has_one_dataset_of_a_kind_and_one_tracker(shop: Shop) -> None:
    shop.dataset()
    told = {"datasetGroupArn": shop.group, "schemaArn": shop.schema, "name": "again"}
    again = {**told, "datasetType": "INTERACTIONS"}
    assert shop.refused("create_dataset", **again) == "ResourceAlreadyExistsException"
    other = {**told, "datasetType": "Items"}
    assert shop.refused("create_dataset", **other) == "InvalidInputException"
    shop.make("EventTracker", Name="shop", DatasetGroupArn=shop.group)
    tracker = {"name": "two", "datasetGroupArn": shop.group}
    assert shop.refused("create_event_tracker", **tracker) == "LimitExceededException"


def test_what_somebody_needs_is_not_deleted(shop: Shop) -> None:
    dataset = shop.dataset()
    assert shop.refused("delete_schema", schemaArn=shop.schema) == "ResourceInUseException"
    told = {"datasetGroupArn": shop.group}
    assert shop.refused("delete_dataset_group", **told) == "ResourceInUseException"
    declared.remove(shop.client, "AWS::Personalize::Dataset", dataset)
    shop.client.delete_schema(schemaArn=shop.schema)
    declared.remove(shop.client, "AWS::Personalize::DatasetGroup", shop.group)
    assert shop.refused("describe_dataset_group", **told) == "ResourceNotFoundException"


def test_training_without_interactions_fails_and_says_why(shop: Shop) -> None:
    arn = shop.client.create_recommender(name="r", datasetGroupArn=shop.group, recipeArn=RECIPE)[
        "recommenderArn"
    ]
    for _ in range(3):
        told = shop.client.describe_recommender(recommenderArn=arn)["recommender"]
    assert told["status"] == "CREATE FAILED"
    assert "0 interactions" in told["failureReason"]
    assert shop.refused("stop_recommender", recommenderArn=arn) == "ResourceInUseException"
    assert len(shop.client.list_recommenders(datasetGroupArn=shop.group)["recommenders"]) == 1


@pytest.mark.parametrize(
    ("recipe", "purchases", "users", "why"),
    [
        ("recommended-for-you", 0, 25, ""),
        ("recommended-for-you", 0, 24, "24 users with two interactions"),
        ("popular-items-by-purchases", 999, 40, "999 Purchase events, at least 1000"),
        ("popular-items-by-purchases", 1000, 40, ""),
        ("frequently-bought-together", 999, 40, "999 Purchase events, at least 1000"),
        ("popular-items-by-views", 201, 40, "999 View events, at least 1000"),
        ("popular-items-by-views", 200, 40, ""),
    ],
)
def test_what_each_use_case_needs(recipe: str, purchases: int, users: int, why: str) -> None:
    found = [
        {"USER_ID": f"u{n % users}", "EVENT_TYPE": "Purchase" if n < purchases else "View"}
        for n in range(1200)
    ]
    said = schemas.too_little(found, schemas.LEARNS_FROM.get(f"aws-ecomm-{recipe}"))
    assert said.startswith(why)
    assert bool(said) is bool(why)


def test_lists_come_in_pages(shop: Shop) -> None:
    for number in range(3):
        shop.client.create_dataset_group(name=f"g{number}", domain="ECOMMERCE")
    pages = shop.client.get_paginator("list_dataset_groups").paginate(
        PaginationConfig={"PageSize": 2}
    )
    names = [group["name"] for page in pages for group in page["datasetGroups"]]
    assert names == ["shop", "g0", "g1", "g2"]


def test_scripted_faults_come_as_often_as_told(shop: Shop) -> None:
    shop.store.script(Fault(operation="ListSchemas", error="InvalidNextTokenException", times=2))
    assert shop.refused("list_schemas") == "InvalidNextTokenException"
    assert shop.refused("list_schemas") == "InvalidNextTokenException"
    assert shop.client.list_schemas()["schemas"]
    with pytest.raises(PersonalizeError, match="no fault"):
        shop.store.script(Fault())


def test_what_was_made_survives_a_restart_of_the_process(tmp_path: Path) -> None:
    part = Personalize(tmp_path, environment={"AWS_DEFAULT_REGION": "us-east-1"})
    with contextlib.ExitStack() as stack:
        part.start()
        stack.callback(part.stop)
        made = connect(part.url).create_dataset_group(name="shop", domain="ECOMMERCE")
        part.stop()
        part.start()
        (found,) = connect(part.url).list_dataset_groups()["datasetGroups"]
    assert found["datasetGroupArn"] == made["datasetGroupArn"]
    assert found["status"] == "CREATE PENDING"

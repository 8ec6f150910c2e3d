"""boto3 against the stand-in: recommendations out of imported data, events, and what goes wrong."""

from __future__ import annotations

import json
import random
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from boxkit import ROOT

from sandbox.aws import CREDENTIALS, Aws
from sandbox.personalize import Personalize
from sandbox.personalize.filters import compiled
from sandbox.personalize.store import PersonalizeError

SEED = 20
RECIPES = {
    "for-you": "aws-ecomm-recommended-for-you",
    "also-viewed": "aws-ecomm-customers-who-viewed-x-also-viewed",
    "popular": "aws-ecomm-popular-items-by-purchases",
}
TEA = [f"TEA-{n}" for n in range(10)]
CUPS = [f"CUP-{n}" for n in range(10)]
EXCLUDE_BOUGHT = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Purchase")'


class Stand:
    """The stand-in with imported data, and clients that know nothing of it but an address."""

    def __init__(self, aws: Aws, personalize: Personalize) -> None:
        self.aws, self.personalize = aws, personalize
        self.control = self.client("personalize")
        self.runtime = self.client("personalize-runtime")
        self.events = self.client("personalize-events")
        self.arns: dict[str, str] = {}
        self.tracking = ""

    def client(self, service: str, **settings: Any) -> Any:
        return botocore.session.Session().create_client(
            service,
            region_name="us-east-1",
            endpoint_url=self.aws.url if service == "s3" else self.personalize.url,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(**{"retries": {"total_max_attempts": 1}, **settings}),
        )

    def active(self, kind: str, arn: str) -> str:
        member = kind[0].lower() + kind[1:]
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind)[1:]
        for _ in range(10):
            told = getattr(self.control, f"describe_{name}")(**{f"{member}Arn": arn})[member]
            if told["status"] == "ACTIVE":
                return arn
        raise AssertionError(told)

    def recommend(self, name: str, **asked: Any) -> list[str]:
        answer = self.runtime.get_recommendations(recommenderArn=self.arns[name], **asked)
        assert answer["recommendationId"].startswith("RID-")
        scores = [item["score"] for item in answer["itemList"]]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
        return [item["itemId"] for item in answer["itemList"]]

    def script(self, **fault: Any) -> None:
        self._faults("POST", fault)

    def heal(self) -> None:
        self._faults("DELETE", {})

    def _faults(self, method: str, told: Any) -> None:
        request = urllib.request.Request(
            f"{self.personalize.url}/_sandbox/faults", json.dumps(told).encode(), method=method
        )
        urllib.request.urlopen(request, timeout=5).close()


def dataset(kind: str) -> str:
    """Tea people take tea, cup people take cups; only TEA-0 is bought, by tea people."""
    numbers = random.Random(SEED)
    if kind == "items":
        rows = [f"{item},4.5,{item[:3]},1700000000" for item in TEA + CUPS]
        return "\n".join(["ITEM_ID,PRICE,CATEGORY_L1,CREATION_TIMESTAMP", *rows])
    rows = []
    for user in range(60):
        taste = TEA if user % 2 else CUPS
        for number in range(20):
            item = numbers.choice(taste)
            rows.append(f"u{user},{item},{1_700_000_000 + number},View")
        if user % 2:
            rows += [f"u{user},TEA-0,{1_700_000_100 + n},Purchase" for n in range(34)]
    return "\n".join(["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE", *rows])


def prepare(stand: Stand) -> None:
    control, s3 = stand.control, stand.client("s3")
    s3.create_bucket(Bucket="training")
    group = control.create_dataset_group(name="shop", domain="ECOMMERCE")["datasetGroupArn"]
    stand.active("DatasetGroup", group)
    schemas = ROOT / "services" / "functions" / "export" / "schemas"
    for kind in ("interactions", "items"):
        text = (schemas / f"{kind}.json").read_text()
        schema = control.create_schema(name=kind, schema=text, domain="ECOMMERCE")["schemaArn"]
        arn = control.create_dataset(
            name=kind, schemaArn=schema, datasetGroupArn=group, datasetType=kind
        )["datasetArn"]
        stand.active("Dataset", arn)
        s3.put_object(Bucket="training", Key=f"{kind}.csv", Body=dataset(kind))
        job = control.create_dataset_import_job(
            jobName=kind,
            datasetArn=arn,
            dataSource={"dataLocation": f"s3://training/{kind}.csv"},
            roleArn="arn:aws:iam::123456789012:role/import",
        )["datasetImportJobArn"]
        stand.active("DatasetImportJob", job)
    for name, recipe in RECIPES.items():
        stand.arns[name] = control.create_recommender(
            name=name, datasetGroupArn=group, recipeArn=f"arn:aws:personalize:::recipe/{recipe}"
        )["recommenderArn"]
        stand.active("Recommender", stand.arns[name])
    expressions = {
        "not-bought": EXCLUDE_BOUGHT,
        "one": "INCLUDE ItemID WHERE Items.CATEGORY_L1 IN ($C)",
    }
    for name, expression in expressions.items():
        arn = control.create_filter(name=name, datasetGroupArn=group, filterExpression=expression)
        stand.arns[name] = stand.active("Filter", arn["filterArn"])
    made = control.create_event_tracker(name="shop", datasetGroupArn=group)
    stand.active("EventTracker", made["eventTrackerArn"])
    stand.tracking = made["trackingId"]


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("personalize")
    aws = Aws(folder / "aws").start()
    personalize = Personalize(folder / "personalize", environment=aws.environment).start()
    try:
        made = Stand(aws, personalize)
        prepare(made)
        yield made
    finally:
        personalize.stop()
        aws.stop()


@pytest.fixture(autouse=True)
def healed(stand: Stand) -> Iterator[None]:
    yield
    stand.heal()


def test_taste_is_that_of_the_data(stand: Stand) -> None:
    assert set(stand.recommend("for-you", userId="u3", numResults=5)) <= set(TEA)
    assert set(stand.recommend("for-you", userId="u4", numResults=5)) <= set(CUPS)
    assert set(stand.recommend("also-viewed", itemId="CUP-1", userId="u0", numResults=9)) == (
        set(CUPS) - {"CUP-1"}
    )
    assert stand.recommend("popular", userId="nobody", numResults=1) == ["TEA-0"]


def test_what_was_bought_is_not_recommended(stand: Stand) -> None:
    assert "TEA-0" not in stand.recommend("for-you", userId="u3")
    assert "TEA-0" in stand.recommend("popular", userId="u3")
    filtered = stand.recommend("popular", userId="u3", filterArn=stand.arns["not-bought"])
    assert "TEA-0" not in filtered
    cup = {"filterArn": stand.arns["one"], "filterValues": {"C": '"CUP"'}}
    assert set(stand.recommend("for-you", userId="u3", **cup)) == set(CUPS)


def test_newcomers_get_what_is_popular_until_they_do_something(stand: Stand) -> None:
    assert stand.recommend("for-you", userId="new", numResults=1) == ["TEA-0"]
    stand.events.put_events(
        trackingId=stand.tracking,
        userId="new",
        sessionId="s",
        eventList=[
            {"eventType": "View", "itemId": item, "sentAt": 1_700_000_000 + n, "eventId": item}
            for n, item in enumerate(("CUP-1", "CUP-2"))
        ],
    )
    assert stand.recommend("for-you", userId="new", numResults=1)[0] in CUPS


def test_results_are_as_many_as_asked(stand: Stand) -> None:
    assert stand.recommend("popular", userId="u1") == ["TEA-0"]  # nothing else was bought
    assert len(stand.recommend("for-you", userId="u2", numResults=7)) == 7


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "either campaignArn or recommenderArn"),
        ({"recommenderArn": "for-you"}, "needs userId"),
        ({"recommenderArn": "also-viewed", "userId": "u1"}, "needs itemId"),
        ({"recommenderArn": "for-you", "userId": "u1", "numResults": 501}, "more than 500"),
        (
            {"recommenderArn": "popular", "userId": "u1", "filterArn": "one"},
            "filterValues has no C",
        ),
    ],
)
def test_bad_questions_are_invalid(stand: Stand, asked: dict[str, Any], words: str) -> None:
    asked = {k: stand.arns.get(v, v) if k.endswith("Arn") else v for k, v in asked.items()}
    with pytest.raises(stand.runtime.exceptions.InvalidInputException, match=words):
        stand.runtime.get_recommendations(**asked)


def test_what_is_not_there_is_not_found(stand: Stand) -> None:
    gone = stand.arns["for-you"] + "-gone"
    with pytest.raises(stand.runtime.exceptions.ResourceNotFoundException):
        stand.runtime.get_recommendations(recommenderArn=gone, userId="u1")
    with pytest.raises(stand.runtime.exceptions.ResourceNotFoundException):
        stand.runtime.get_recommendations(campaignArn=stand.arns["for-you"], userId="u1")


def test_events_are_kept_over_a_restart(stand: Stand) -> None:
    event = {"eventType": "View", "itemId": "TEA-1", "sentAt": 1_700_000_001}
    stand.events.put_events(
        trackingId=stand.tracking, userId="kept", sessionId="s", eventList=[event]
    )
    stand.personalize.stop()
    stand.personalize.start()
    with urllib.request.urlopen(f"{stand.personalize.url}/_sandbox/events") as answer:
        found = [e for e in json.load(answer)["events"] if e["userId"] == "kept"]
    assert [(e["itemId"], e["eventType"], e["sentAt"]) for e in found] == [
        ("TEA-1", "View", 1_700_000_001)
    ]
    assert set(stand.recommend("for-you", userId="kept", numResults=5)) <= set(TEA)


def test_events_of_nobodys_tracker_and_too_many_are_refused(stand: Stand) -> None:
    invalid = stand.events.exceptions.InvalidInputException
    event = {"eventType": "View", "sentAt": 1_700_000_000}
    with pytest.raises(invalid, match="no tracking id"):
        stand.events.put_events(trackingId="x", sessionId="s", eventList=[event])
    with pytest.raises(invalid, match="11 events"):
        stand.events.put_events(trackingId=stand.tracking, sessionId="s", eventList=[event] * 11)


def test_scripted_throttling(stand: Stand) -> None:
    stand.script(operation="GetRecommendations", error="ThrottlingException", name="for-you")
    stand.recommend("popular", userId="u1")  # another one
    with pytest.raises(ClientError) as refused:
        stand.recommend("for-you", userId="u1")
    assert refused.value.response["Error"]["Code"] == "ThrottlingException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    stand.recommend("for-you", userId="u1")  # once


def test_boto3_tries_again_after_throttling(stand: Stand) -> None:
    stand.script(operation="GetRecommendations", error="ThrottlingException", times=1)
    patient = stand.client("personalize-runtime", retries={"total_max_attempts": 2})
    answer = patient.get_recommendations(recommenderArn=stand.arns["popular"], userId="u1")
    assert answer["itemList"]
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


def test_a_scripted_hang_is_a_timeout(stand: Stand) -> None:
    stand.script(operation="GetRecommendations", seconds=2, times=0)
    hasty = stand.client("personalize-runtime", read_timeout=0.2)
    begun = time.monotonic()
    with pytest.raises(ReadTimeoutError):
        hasty.get_recommendations(recommenderArn=stand.arns["popular"], userId="u1")
    assert time.monotonic() - begun < 1.5
    stand.heal()  # while one hangs, others are served
    assert stand.recommend("popular", userId="u1")


@pytest.mark.parametrize("status", [500, 503])
def test_scripted_server_errors(stand: Stand, status: int) -> None:
    stand.script(operation="GetRecommendations", error="InternalServerException", status=status)
    with pytest.raises(ClientError) as refused:
        stand.recommend("popular", userId="u1")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_scripted_empty_answer(stand: Stand) -> None:
    stand.script(operation="GetRecommendations", empty=True)
    assert stand.recommend("popular", userId="u1") == []
    assert stand.recommend("popular", userId="u1")


def test_scripted_faults_of_events(stand: Stand) -> None:
    stand.script(operation="PutEvents", error="ThrottlingException")
    event = {"eventType": "View", "itemId": "TEA-1", "sentAt": 1_700_000_000}
    with pytest.raises(ClientError, match="ThrottlingException"):
        stand.events.put_events(trackingId=stand.tracking, sessionId="t", eventList=[event])


@pytest.mark.parametrize(
    "expression",
    [
        "INCLUDE ItemID WHERE Items.PRICE > 3",
        'EXCLUDE ItemID WHERE Interactions.SHELF IN ("x")',
        "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ()",
    ],
)
def test_filters_the_stand_in_does_not_know(expression: str) -> None:
    with pytest.raises(PersonalizeError):
        compiled(expression, {}, {}, [])


def test_an_answer_is_quick(stand: Stand) -> None:
    stand.recommend("for-you", userId="u1")

    def once() -> float:
        begun = time.perf_counter()
        stand.recommend("for-you", userId="u1")
        return time.perf_counter() - begun

    assert min(once() for _ in range(20)) < 0.1

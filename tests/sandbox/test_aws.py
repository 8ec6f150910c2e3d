"""The AWS server: what it keeps over a kill, what it refuses, what a long poll does."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from boxkit import eventually

from sandbox.aws import Aws
from sandbox.aws.journal import Journal

KEY = {"id": {"S": "x"}}


def client(aws: Aws, service: str) -> Any:
    environment = aws.environment
    return botocore.session.Session().create_client(
        service,
        region_name=aws.region,
        endpoint_url=aws.url,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=32),
    )


def make_table(aws: Aws, name: str = "t") -> Any:
    dynamodb = client(aws, "dynamodb")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return dynamodb


def kill(aws: Aws) -> None:
    assert aws.pid is not None
    os.kill(aws.pid, signal.SIGKILL)
    eventually(lambda: not aws.ready())
    aws.stop()


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    server = Aws(tmp_path_factory.mktemp("aws") / "aws").start()
    yield server
    server.stop()


def test_items_and_objects_survive_kill(tmp_path: Path) -> None:
    server = Aws(tmp_path / "aws").start()
    dynamodb, s3 = make_table(server), client(server, "s3")
    dynamodb.put_item(TableName="t", Item={**KEY, "a": {"M": {"n": {"N": "1.5"}}}})
    dynamodb.update_item(
        TableName="t",
        Key=KEY,
        UpdateExpression="SET b = :b",
        ExpressionAttributeValues={":b": {"B": b"\x00\xff"}},
    )
    dynamodb.put_item(TableName="t", Item={"id": {"S": "gone"}})
    dynamodb.delete_item(TableName="t", Key={"id": {"S": "gone"}})
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        dynamodb.put_item(
            TableName="t",
            Item={**KEY, "c": {"S": "no"}},
            ConditionExpression="attribute_not_exists(id)",
        )
    dynamodb.batch_write_item(
        RequestItems={"t": [{"PutRequest": {"Item": {"id": {"S": f"b{n}"}}}} for n in range(3)]}
    )
    dynamodb.transact_write_items(
        TransactItems=[{"Put": {"TableName": "t", "Item": {"id": {"S": "transaction"}}}}]
    )
    s3.create_bucket(Bucket="pictures")
    s3.put_object(Bucket="pictures", Key="ä b/1.webp", Body=b"one", ContentType="image/webp")
    s3.put_object(Bucket="pictures", Key="ä b/1.webp", Body=b"two", ContentType="image/webp")
    for name in ("gone", "g<o>ne"):
        s3.put_object(Bucket="pictures", Key=name, Body=b"x")
    s3.delete_object(Bucket="pictures", Key="gone")
    s3.delete_objects(Bucket="pictures", Delete={"Objects": [{"Key": "g<o>ne"}]})
    kill(server)

    for _ in range(2):  # the second time from the compacted journal
        server = Aws(tmp_path / "aws").start()
        dynamodb, s3 = make_table(server), client(server, "s3")
        found = dynamodb.scan(TableName="t")["Items"]
        assert {item["id"]["S"] for item in found} == {"x", "b0", "b1", "b2", "transaction"}
        item = dynamodb.get_item(TableName="t", Key=KEY)["Item"]
        assert item == {**KEY, "a": {"M": {"n": {"N": "1.5"}}}, "b": {"B": b"\x00\xff"}}
        s3.create_bucket(Bucket="pictures")
        keys = [o["Key"] for o in s3.list_objects_v2(Bucket="pictures")["Contents"]]
        assert keys == ["ä b/1.webp"]
        picture = s3.get_object(Bucket="pictures", Key="ä b/1.webp")
        assert (picture["Body"].read(), picture["ContentType"]) == (b"two", "image/webp")
        kill(server)
    assert len(list((tmp_path / "aws" / "objects").iterdir())) == 1


def test_what_nobody_asks_for_again_is_kept(tmp_path: Path) -> None:
    server = Aws(tmp_path / "aws").start()
    make_table(server).put_item(TableName="t", Item=KEY)
    kill(server)
    server = Aws(tmp_path / "aws").start()  # a program without the table
    kill(server)
    server = Aws(tmp_path / "aws").start()
    assert make_table(server).get_item(TableName="t", Key=KEY)["Item"] == KEY
    server.stop()


def test_a_torn_last_line_loses_nothing_else(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write("dynamodb", "r", "t", "a", {"id": {"S": "a"}})
    journal.write("dynamodb", "r", "t", "b", {"id": {"S": "b"}})
    journal.write("dynamodb", "r", "t", "a", None)
    with (tmp_path / "journal.jsonl").open("a") as out:
        out.write('{"kind":"dynamodb","region":"r","in":"t","key":"c","sta')
    assert Journal(tmp_path).take("dynamodb", "r", "t") == {"b": {"id": {"S": "b"}}}
    assert len((tmp_path / "journal.jsonl").read_text().splitlines()) == 1


def test_the_quick_way_and_the_long_way_agree(aws: Aws) -> None:
    """Binary values take moto's own way; the same request without them takes ours."""
    dynamodb = make_table(aws, "both")
    for extra in ({}, {"z": {"B": b"z"}}):
        dynamodb.put_item(TableName="both", Item={"id": {"S": "k"}, "n": {"N": "1"}, **extra})
        updated = dynamodb.update_item(
            TableName="both",
            Key={"id": {"S": "k"}},
            UpdateExpression="SET #l = list_append(if_not_exists(#l, :none), :one) ADD n :two",
            ConditionExpression="n = :was",
            ExpressionAttributeNames={"#l": "list"},
            ExpressionAttributeValues={
                ":none": {"L": []},
                ":one": {"L": [{"S": "a"}]},
                ":two": {"N": "2"},
                ":was": {"N": "1"},
            },
            ReturnValues="ALL_NEW",
            ReturnConsumedCapacity="TOTAL",
        )
        expected = {"id": {"S": "k"}, "n": {"N": "3"}, "list": {"L": [{"S": "a"}]}, **extra}
        assert updated["Attributes"] == expected
        assert updated["ConsumedCapacity"]["TableName"] == "both"
        query = dynamodb.query(
            TableName="both",
            KeyConditionExpression="id = :id",
            ExpressionAttributeValues={":id": {"S": "k"}},
        )
        assert query["Items"] == [expected]
        assert query["Count"] == 1


def test_refusals_are_those_of_dynamodb(aws: Aws) -> None:
    dynamodb = make_table(aws, "refusals")
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.get_item(TableName="nowhere", Key=KEY)
    dynamodb.put_item(TableName="refusals", Item={**KEY, "n": {"N": "1"}})
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as refused:
        dynamodb.delete_item(
            TableName="refusals",
            Key=KEY,
            ConditionExpression="n = :n",
            ExpressionAttributeValues={":n": {"N": "2"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert refused.value.response["Item"]["n"] == {"N": "1"}
    with pytest.raises(ClientError, match="ValidationException"):
        dynamodb.update_item(TableName="refusals", Key=KEY, UpdateExpression="SET broken")


def test_concurrent_writers_lose_no_update(aws: Aws) -> None:
    dynamodb = make_table(aws, "writers")

    def add(_: int) -> None:
        dynamodb.update_item(
            TableName="writers",
            Key=KEY,
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(add, range(200)))
    assert dynamodb.get_item(TableName="writers", Key=KEY)["Item"]["n"] == {"N": "200"}


def test_a_long_poll_waits_without_holding_anybody_up(aws: Aws) -> None:
    sqs, dynamodb = client(aws, "sqs"), make_table(aws, "meanwhile")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    got: list[Any] = []

    def poll() -> None:
        got.extend(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages", []))

    waiting = threading.Thread(target=poll)
    waiting.start()
    dynamodb.put_item(TableName="meanwhile", Item=KEY)  # answers although somebody polls
    assert waiting.is_alive()
    begun = time.monotonic()
    client(aws, "sqs").send_message(QueueUrl=url, MessageBody="hello")
    waiting.join(10)
    assert [message["Body"] for message in got] == ["hello"]
    assert time.monotonic() - begun < 2
    sqs.delete_message(QueueUrl=url, ReceiptHandle=got[0]["ReceiptHandle"])
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)


def test_secrets_keep_their_arn(tmp_path: Path) -> None:
    arns = []
    for _ in range(2):
        server = Aws(tmp_path / "aws").start()
        secrets = client(server, "secretsmanager")
        arn = secrets.create_secret(Name="a/b", SecretString="s")["ARN"]
        assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "s"
        arns.append(arn)
        server.stop()
    assert arns[0] == arns[1]


def test_parameters_survive_with_their_keys(tmp_path: Path) -> None:
    server = Aws(tmp_path / "aws").start()
    ssm = client(server, "ssm")
    key = client(server, "kms").create_key()["KeyMetadata"]["Arn"]
    secret = {"Name": "/secret", "Type": "SecureString", "KeyId": key}
    for told in ({"Name": "/a", "Type": "String"}, {"Name": "/gone", "Type": "String"}, secret):
        ssm.put_parameter(**told, Value="arn:one")
    for told in ({"Name": "/a", "Type": "String"}, secret):
        ssm.put_parameter(**told, Value="arn:two", Overwrite=True)
    ssm.delete_parameter(Name="/gone")
    for end in (kill, Aws.stop):  # what came back is kept once more
        end(server)
        server.start()
        found = ssm.get_parameters(Names=["/a", "/gone", "/secret"], WithDecryption=True)
        values = [(p["Name"], p["Type"], p["Value"]) for p in found["Parameters"]]
        assert sorted(values) == [
            ("/a", "String", "arn:two"),
            ("/secret", "SecureString", "arn:two"),
        ]
        assert ssm.get_parameter(Name="/secret")["Parameter"]["Value"] != "arn:two"
        described = ssm.describe_parameters()["Parameters"]
        assert {p["Name"]: p.get("KeyId") for p in described} == {"/a": None, "/secret": key}
        with pytest.raises(ssm.exceptions.ParameterAlreadyExists):
            ssm.put_parameter(**secret, Value="NONE")
    journal = server.directory / "journal.jsonl"
    assert journal.stat().st_mode & 0o777 == 0o600
    server.stop()

"""Uses AWS with boto3 as it would in Lambda: no endpoint is named here."""

import json
import os

import boto3

table = boto3.client("dynamodb")
stream = boto3.client("firehose")


def handle(event: dict, context: object) -> dict:
    told = json.loads(event.get("body") or "{}")
    table.put_item(TableName=os.environ["TABLE"], Item={"id": {"S": told.get("id", "none")}})
    if "line" in told:
        answer = stream.put_record_batch(
            DeliveryStreamName=os.environ["STREAM"],
            Records=[{"Data": told["line"].encode()}, {"Data": b"two\n"}],
        )
        return {"failed": answer["FailedPutCount"]}
    return {"count": table.scan(TableName=os.environ["TABLE"])["Count"]}

"""What each AWS resource of the program means as calls to its API.

A function takes the registration and returns the calls to make; an answer of a call may give
outputs. All settings are those the program declares; what moto cannot hold is left out and said.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .aws import delivery

if TYPE_CHECKING:
    from graph.cloud import Registration

Outputs = dict[str, Any]


def _nothing(_: Mapping[str, Any]) -> Outputs:
    return {}


@dataclass(frozen=True, slots=True)
class Call:
    """One call: botocore's service and method, its parameters, and the outputs its answer gives.

    ``there`` is the error that says that it is there already, where that is well.
    """

    service: str
    method: str
    parameters: Mapping[str, Any]
    outputs: Callable[[Mapping[str, Any]], Outputs] = _nothing
    there: str = ""


def _tags(inputs: Mapping[str, Any], key: str = "Key", value: str = "Value") -> list[Outputs]:
    tags = inputs.get("tagsAll") or inputs.get("tags") or {}
    return [{key: str(name), value: str(text)} for name, text in tags.items()]


def _given(**parameters: Any) -> Outputs:
    return {name: value for name, value in parameters.items() if value not in (None, [], {}, "")}


def _table(r: Registration) -> list[Call]:
    i = r.inputs

    def schema(holder: Mapping[str, Any]) -> list[Outputs]:
        keys = [{"AttributeName": holder["hashKey"], "KeyType": "HASH"}]
        if holder.get("rangeKey"):
            keys.append({"AttributeName": holder["rangeKey"], "KeyType": "RANGE"})
        return keys

    def index(declared: Mapping[str, Any], hash_key: str) -> Outputs:
        return {
            "IndexName": declared["name"],
            "KeySchema": schema({"hashKey": hash_key, **declared}),
            "Projection": _given(
                ProjectionType=declared.get("projectionType", "ALL"),
                NonKeyAttributes=declared.get("nonKeyAttributes"),
            ),
        }

    name = r.outputs["name"]
    provisioned = i.get("billingMode", "PROVISIONED") != "PAY_PER_REQUEST"
    stream = (
        {"StreamEnabled": True, "StreamViewType": i.get("streamViewType", "NEW_AND_OLD_IMAGES")}
        if i.get("streamEnabled")
        else None
    )
    throughput = {
        "ReadCapacityUnits": int(i.get("readCapacity") or 1),
        "WriteCapacityUnits": int(i.get("writeCapacity") or 1),
    }
    parameters = _given(
        TableName=name,
        KeySchema=schema(i),
        AttributeDefinitions=[
            {"AttributeName": a["name"], "AttributeType": a["type"]} for a in i["attributes"]
        ],
        BillingMode="PROVISIONED" if provisioned else "PAY_PER_REQUEST",
        ProvisionedThroughput=throughput if provisioned else None,
        GlobalSecondaryIndexes=[
            index(d, d["hashKey"]) | ({"ProvisionedThroughput": throughput} if provisioned else {})
            for d in i.get("globalSecondaryIndexes") or []
        ],
        LocalSecondaryIndexes=[
            index(d, i["hashKey"]) for d in i.get("localSecondaryIndexes") or []
        ],
        StreamSpecification=stream,
        DeletionProtectionEnabled=i.get("deletionProtectionEnabled"),
        Tags=_tags(i),
    )

    def outputs(answer: Mapping[str, Any]) -> Outputs:
        table = answer["TableDescription"]
        return _given(arn=table["TableArn"], name=name, streamArn=table.get("LatestStreamArn"))

    calls = [Call("dynamodb", "create_table", parameters, outputs)]
    if (ttl := i.get("ttl")) and ttl.get("enabled", True):
        specification = {"Enabled": True, "AttributeName": ttl["attributeName"]}
        calls.append(
            Call(
                "dynamodb",
                "update_time_to_live",
                {"TableName": name, "TimeToLiveSpecification": specification},
            )
        )
    return calls


def _bucket(r: Registration) -> list[Call]:
    return [Call("s3", "create_bucket", {"Bucket": r.outputs["bucket"]})]


def _bucket_object(r: Registration) -> list[Call]:
    i = r.inputs
    parameters = _given(
        Bucket=i["bucket"],
        Key=i["key"],
        Body=_content(i),
        ContentType=i.get("contentType"),
        CacheControl=i.get("cacheControl"),
        ContentEncoding=i.get("contentEncoding"),
        Metadata=i.get("metadata"),
    )

    def outputs(answer: Mapping[str, Any]) -> Outputs:
        version = answer.get("VersionId", "null")  # as S3 calls it without versioning
        return {"etag": str(answer["ETag"]).strip('"'), "versionId": version}

    return [Call("s3", "put_object", parameters, outputs)]


def _content(inputs: Mapping[str, Any]) -> bytes:
    if (asset := inputs.get("source")) is not None:
        return Path(asset["$asset"]["path"]).read_bytes()
    if (text := inputs.get("content")) is not None:
        return str(text).encode()
    return base64.b64decode(inputs["contentBase64"])


def _bucket_versioning(r: Registration) -> list[Call]:
    status = (r.inputs.get("versioningConfiguration") or {}).get("status", "Enabled")
    parameters = {"Bucket": r.inputs["bucket"], "VersioningConfiguration": {"Status": status}}
    return [Call("s3", "put_bucket_versioning", parameters)]


def _queue(r: Registration) -> list[Call]:
    names = {
        "visibilityTimeoutSeconds": "VisibilityTimeout",
        "messageRetentionSeconds": "MessageRetentionPeriod",
        "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
        "delaySeconds": "DelaySeconds",
        "maxMessageSize": "MaximumMessageSize",
        "redrivePolicy": "RedrivePolicy",
        "fifoQueue": "FifoQueue",
        "contentBasedDeduplication": "ContentBasedDeduplication",
    }
    attributes = {
        theirs: _text(r.inputs[ours])
        for ours, theirs in names.items()
        if r.inputs.get(ours) not in (None, False)
    }
    parameters = {"QueueName": r.outputs["name"], "Attributes": attributes}

    def outputs(answer: Mapping[str, Any]) -> Outputs:
        return {"url": answer["QueueUrl"], "id": answer["QueueUrl"]}

    return [Call("sqs", "create_queue", parameters, outputs)]


def _delivery_stream(r: Registration) -> list[Call]:
    parameters = {
        "DeliveryStreamName": r.outputs["name"],
        "DeliveryStreamType": "DirectPut",
        "ExtendedS3DestinationConfiguration": delivery.destination(r.inputs),
    }

    def outputs(answer: Mapping[str, Any]) -> Outputs:
        return {"arn": answer["DeliveryStreamARN"], "id": answer["DeliveryStreamARN"]}

    return [Call("firehose", "create_delivery_stream", parameters, outputs)]


def _redrive(r: Registration) -> list[Call]:
    attributes = {"RedrivePolicy": _text(r.inputs["redrivePolicy"])}
    parameters = {"QueueUrl": r.inputs["queueUrl"], "Attributes": attributes}
    return [Call("sqs", "set_queue_attributes", parameters)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _secret(r: Registration) -> list[Call]:
    parameters = _given(
        Name=r.outputs["name"], Description=r.inputs.get("description"), Tags=_tags(r.inputs)
    )

    def outputs(answer: Mapping[str, Any]) -> Outputs:
        return {"arn": answer["ARN"], "id": answer["ARN"]}

    return [Call("secretsmanager", "create_secret", parameters, outputs)]


def _secret_version(r: Registration) -> list[Call]:
    parameters = _given(
        SecretId=r.inputs["secretId"],
        SecretString=r.inputs["secretString"],
        VersionStages=r.inputs.get("versionStages"),
    )

    def outputs(answer: Mapping[str, Any]) -> Outputs:
        return {"arn": answer["ARN"], "versionId": answer["VersionId"]}

    return [Call("secretsmanager", "put_secret_value", parameters, outputs)]


def _parameter(r: Registration) -> list[Call]:
    name = r.inputs.get("name") or r.outputs.get("name") or r.name
    parameters = _given(
        Name=name,
        Type=r.inputs.get("type", "String"),
        KeyId=r.inputs.get("keyId"),
        Value=r.inputs.get("value"),
        Description=r.inputs.get("description"),
    )
    if "value" in r.ignore_changes:  # somebody else's, once it is there
        return [Call("ssm", "put_parameter", parameters, there="ParameterAlreadyExists")]
    return [Call("ssm", "put_parameter", {**parameters, "Overwrite": True})]


def _key(r: Registration) -> list[Call]:
    # moto takes a wished-for id from this tag: the ARN the program saw stays true.
    tags = [{"TagKey": "_custom_id_", "TagValue": r.id}]
    parameters = _given(Description=r.inputs.get("description"), Tags=tags)

    def outputs(answer: Mapping[str, Any]) -> Outputs:
        return {"arn": answer["KeyMetadata"]["Arn"], "keyId": answer["KeyMetadata"]["KeyId"]}

    return [Call("kms", "create_key", parameters, outputs)]


def _key_alias(r: Registration) -> list[Call]:
    name = r.inputs.get("name") or f"alias/{r.name}"
    return [
        Call("kms", "create_alias", {"AliasName": name, "TargetKeyId": r.inputs["targetKeyId"]})
    ]


def _identity(r: Registration) -> list[Call]:
    return [Call("sesv2", "create_email_identity", {"EmailIdentity": r.inputs["emailIdentity"]})]


def _topic(r: Registration) -> list[Call]:
    name = r.inputs.get("name") or r.outputs.get("name") or r.name

    def outputs(answer: Mapping[str, Any]) -> Outputs:
        return {"arn": answer["TopicArn"], "id": answer["TopicArn"]}

    return [Call("sns", "create_topic", {"Name": name}, outputs)]


CALLS: dict[str, tuple[Callable[[Registration], list[Call]], str]] = {
    "aws:dynamodb/table:Table": (_table, ""),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": (
        _delivery_stream,
        "each record is delivered at once, not gathered",
    ),
    "aws:kms/alias:Alias": (_key_alias, ""),
    "aws:kms/key:Key": (_key, "the API only: nothing is encrypted at rest on the laptop"),
    "aws:s3/bucket:Bucket": (_bucket, ""),
    "aws:s3/bucketV2:BucketV2": (_bucket, ""),
    "aws:s3/bucketObjectv2:BucketObjectv2": (_bucket_object, ""),
    "aws:s3/bucketVersioning:BucketVersioning": (_bucket_versioning, ""),
    "aws:s3/bucketVersioningV2:BucketVersioningV2": (_bucket_versioning, ""),
    "aws:secretsmanager/secret:Secret": (_secret, ""),
    "aws:secretsmanager/secretVersion:SecretVersion": (_secret_version, ""),
    "aws:sesv2/emailIdentity:EmailIdentity": (_identity, "the API only: no mail leaves"),
    "aws:sns/topic:Topic": (_topic, ""),
    "aws:sqs/queue:Queue": (_queue, ""),
    "aws:sqs/redrivePolicy:RedrivePolicy": (_redrive, ""),
    "aws:ssm/parameter:Parameter": (_parameter, ""),
}

"""Recommendations: functions with no more than they need, one API, and records that are kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from storefront.web.cookies import CookieJar

from graph import Graph, Resource
from tests.stacks import CAMPAIGNS, NO_DOMAIN, OWN_DOMAIN, STACKS, config, graph_of

FUNCTION, ALIAS = "aws:lambda/function:Function", "aws:lambda/alias:Alias"
BUCKET, TABLE = "aws:s3/bucket:Bucket", "aws:dynamodb/table:Table"
ACCOUNT, REGION = "123456789012", "us-east-1"
PARTS = ("events", "recommend", "export")
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{stack: (stack, {}) for stack in STACKS},
    "prod without a domain": ("prod", NO_DOMAIN),
    "dev without a domain": ("dev", NO_DOMAIN),
    "dev with a zone of its own": ("dev", OWN_DOMAIN),
    "dev with campaigns": ("dev", CAMPAIGNS),
    "prod by itself": ("prod", {"shop:recommendations.serving": "off"}),
    "laptop with recommenders": ("local", {"shop:recommendations.serving": "recommender"}),
}


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> tuple[Graph, dict[str, Any]]:
    stack, changes = VARIANTS[str(request.param)]
    return graph_of(stack, changes), config(stack, changes)


def named(graph: Graph, type_: str, part: str) -> Resource:
    return graph.one(type_, f"recommendations-{part}")


def arn(graph: Graph, type_: str, name: str) -> str:
    found: str = graph.one(type_, name).outputs["arn"]
    return found


def statements(graph: Graph, part: str) -> list[dict[str, Any]]:
    document = named(graph, "aws:iam/rolePolicy:RolePolicy", part).inputs["policy"]
    found: list[dict[str, Any]] = json.loads(document)["Statement"]
    return found


def allowed(graph: Graph, part: str) -> dict[str, list[str]]:
    """Action -> resources, without what every function needs (see `running`)."""
    found: dict[str, list[str]] = {}
    for statement in statements(graph, part):
        if statement["Effect"] == "Allow" and not running(statement["Action"]):
            for action in statement["Action"]:
                found.setdefault(action, []).extend(statement["Resource"])
    return found


def running(actions: list[str]) -> bool:
    return all(action.split(":")[0] in ("logs", "xray", "kms", "ec2") for action in actions)


def test_functions_are_published_on_graviton_and_traced(
    variant: tuple[Graph, dict[str, Any]],
) -> None:
    graph, told = variant
    for part in PARTS:
        made, settings = named(graph, FUNCTION, part), told["shop:recommendations"][part]
        assert made.inputs["runtime"] == "python3.13"
        assert made.inputs["architectures"] == ["arm64"]
        assert made.inputs["handler"] == f"{part}.handler.handle"
        assert made.inputs["publish"] is True
        assert made.inputs["memorySize"] == settings["memory"]
        assert made.inputs["reservedConcurrentExecutions"] == settings["concurrency"] > 0
        assert made.inputs["tracingConfig"] == {"mode": "Active"}
        alias = named(graph, ALIAS, part).inputs
        assert (alias["name"], alias["functionName"]) == ("live", made.outputs["name"])
        assert alias["functionVersion"] == made.outputs["version"] != "$LATEST"
        files = made.inputs["code"]["$archive"]["assets"]
        assert {f"{part}/handler.py", "shared/__init__.py"} <= set(files)
        assert ("pg8000/native.py" in files) is (part != "events")
        assert not [other for other in PARTS if other != part and f"{other}/handler.py" in files]


def test_without_a_reservation_a_function_takes_what_is_left() -> None:
    graph = graph_of("dev", {"shop:recommendations.events.concurrency": None})
    assert "reservedConcurrentExecutions" not in named(graph, FUNCTION, "events").inputs


def test_logs_and_environments_are_encrypted_and_end(
    variant: tuple[Graph, dict[str, Any]],
) -> None:
    graph, told = variant
    data_key = arn(graph, "aws:kms/key:Key", "data")
    for part in PARTS:
        made = named(graph, FUNCTION, part)
        assert made.inputs["kmsKeyArn"] == data_key
        group = named(graph, "aws:cloudwatch/logGroup:LogGroup", part)
        assert made.inputs["loggingConfig"]["logGroup"] == group.outputs["name"]
        assert group.inputs["retentionInDays"] == told["shop:recommendations"]["log_days"]
        assert group.inputs["kmsKeyId"] == arn(graph, "aws:kms/key:Key", "network-logs")
        # Lambda checks the role when the function is made.
        policy = named(graph, "aws:iam/rolePolicy:RolePolicy", part)
        assert policy.urn in made.options.depends_on


def test_functions_may_do_their_own_work_and_nothing_else(
    variant: tuple[Graph, dict[str, Any]],
) -> None:
    graph, told = variant
    serving = told["shop:recommendations"]["serving"]
    parameter = "aws:ssm/parameter:Parameter"
    seen = arn(graph, TABLE, "recommendations-seen")
    sessions = arn(graph, TABLE, "data-sessions")
    login = arn(graph, "aws:secretsmanager/secret:Secret", "data-database-user")
    records = arn(graph, BUCKET, "recommendations-records")
    training = arn(graph, BUCKET, "recommendations-training")
    tell = {} if serving == "off" else {"personalize:PutEvents": ["*"]}
    theirs = f"arn:aws:personalize:{REGION}:{ACCOUNT}:{serving}/shop-{graph.stack}-*"
    ask = {} if serving == "off" else {"personalize:GetRecommendations": [theirs]}
    stream = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
    assert allowed(graph, "events") == {
        "dynamodb:GetItem": [sessions],
        **{f"dynamodb:{action}Item": [seen] for action in ("Delete", "Put", "Update")},
        "firehose:PutRecordBatch": [arn(graph, stream, "recommendations-records")],
        "ssm:GetParameter": [arn(graph, parameter, "recommendations-tracking")],
        **tell,
    }
    assert allowed(graph, "recommend") == {
        "dynamodb:GetItem": [sessions],
        "secretsmanager:GetSecretValue": [login],
        "ssm:GetParameter": [
            arn(graph, parameter, f"recommendations-{shelf}")
            for shelf in ("for-you", "also-bought", "popular")
        ],
        **ask,
    }
    dead = arn(graph, "aws:sqs/queue:Queue", "recommendations-export-dead")
    assert allowed(graph, "export") == {
        "secretsmanager:GetSecretValue": [login],
        "s3:GetObject": [f"{records}/events/*"],
        "s3:ListBucket": [records],
        **{f"s3:{a}": [f"{training}/training/*"] for a in ("AbortMultipartUpload", "PutObject")},
        "sqs:SendMessage": [dead],
    }


def test_keys_are_used_through_the_services_that_hold_the_data(
    variant: tuple[Graph, dict[str, Any]],
) -> None:
    graph, _ = variant
    data, training = (arn(graph, "aws:kms/key:Key", name) for name in ("data", "recommendations"))
    via: dict[tuple[str, str], set[str]] = {}
    for part in (*PARTS, "records"):
        for statement in statements(graph, part):
            if statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]:
                services = statement["Condition"]["StringEquals"]["kms:ViaService"]
                (key,) = statement["Resource"]
                via[part, key] = {service.split(".")[0] for service in services}
            else:
                assert not any(action.startswith("kms:") for action in statement["Action"])
    assert via == {
        ("events", data): {"lambda", "dynamodb", "ssm"},
        ("recommend", data): {"lambda", "dynamodb", "secretsmanager", "ssm"},
        ("export", data): {"lambda", "s3", "secretsmanager", "sqs"},
        ("export", training): {"s3"},
        ("records", data): {"s3"},
    }


def test_only_who_needs_the_database_is_in_the_vpc(variant: tuple[Graph, dict[str, Any]]) -> None:
    graph, _ = variant
    group = named(graph, "aws:ec2/securityGroup:SecurityGroup", "functions").id
    application = {
        s.id for s in graph.of_type("aws:ec2/subnet:Subnet") if "-application-" in s.name
    }
    for part in PARTS:
        told = named(graph, FUNCTION, part).inputs
        interfaces = [s for s in statements(graph, part) if "ec2:" in str(s["Action"])]
        env = told["environment"]["variables"]
        if part == "events":
            assert "vpcConfig" not in told
            assert interfaces == []
            assert not [name for name in env if name.startswith("DATABASE")]
            continue
        assert told["vpcConfig"]["securityGroupIds"] == [group]
        assert set(told["vpcConfig"]["subnetIds"]) == application
        (deny,) = [s for s in interfaces if s["Effect"] == "Deny"]
        assert deny["Condition"] == {
            "ArnLike": {"lambda:SourceFunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:*"}
        }
        made = {action for s in interfaces if s["Effect"] == "Allow" for action in s["Action"]}
        assert made == set(deny["Action"])


def test_only_what_nobody_waits_for_has_dead_letters(
    variant: tuple[Graph, dict[str, Any]],
) -> None:
    graph, _ = variant
    queue = named(graph, "aws:sqs/queue:Queue", "export-dead")
    target = {"targetArn": queue.outputs["arn"]}
    assert named(graph, FUNCTION, "export").inputs["deadLetterConfig"] == target
    for part in ("events", "recommend"):
        assert "deadLetterConfig" not in named(graph, FUNCTION, part).inputs


def test_functions_are_told_what_the_storefront_is(variant: tuple[Graph, dict[str, Any]]) -> None:
    graph, told = variant
    jar = CookieJar(secure=told["shop:web"]["cookie_secure"])
    domain = told["shop:edge"]["domain"]
    address = f"https://{domain}" if domain else told["shop:web"].get("public_url", "")
    prefix = f"/shop-{graph.stack}/recommendations/"
    database = graph.one("aws:rds/instance:Instance", "data-database").outputs
    visitors = {
        "LOG_LEVEL": told["shop:recommendations"]["log_level"],
        "METRICS_NAMESPACE": f"shop-{graph.stack}",
        "SERVING": told["shop:recommendations"]["serving"],
        "VISITOR_COOKIE": jar.visitor_name,
        "SESSION_COOKIE": jar.session_name,
        "SESSIONS_TABLE": graph.one(TABLE, "data-sessions").outputs["name"],
    }
    connect = {
        "DATABASE_HOST": database["address"],
        "DATABASE_PORT": str(database["port"]),
        "DATABASE_NAME": "shop",
        "DATABASE_TLS": told["shop:data"]["database"]["tls"],
        "DATABASE_CA_FILE": "rds-ca.pem" if "ca_file" in told["shop:data"]["database"] else "",
        "DATABASE_SECRET_ARN": arn(graph, "aws:secretsmanager/secret:Secret", "data-database-user"),
    }
    told_to = {part: named(graph, FUNCTION, part).inputs["environment"] for part in PARTS}
    env = {part: dict(given["variables"]) for part, given in told_to.items()}
    stream = graph.one("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream")
    keys = {env[part].pop("EDGE_KEY") for part in ("events", "recommend")}
    assert len(keys) == 1
    assert env["events"] == {
        **visitors,
        "PUBLIC_URL": address,
        "RECORD_STREAM": stream.outputs["name"],
        "SEEN_TABLE": named(graph, TABLE, "seen").outputs["name"],
        "TRACKING_PARAMETER": f"{prefix}tracking",
    }
    assert env["recommend"] == {
        **visitors,
        **connect,
        "PARAMETER_PREFIX": prefix,
        "PERSONALIZE_MILLISECONDS": "300",
    }
    assert env["export"] == {
        **connect,
        "LOG_LEVEL": visitors["LOG_LEVEL"],
        "METRICS_NAMESPACE": visitors["METRICS_NAMESPACE"],
        "RECORDS_BUCKET": named(graph, BUCKET, "records").id,
        "TRAINING_BUCKET": named(graph, BUCKET, "training").id,
    }
    if connect["DATABASE_CA_FILE"]:
        for part in ("recommend", "export"):
            assert "rds-ca.pem" in named(graph, FUNCTION, part).inputs["code"]["$archive"]["assets"]


def test_what_training_writes_is_left_alone(variant: tuple[Graph, dict[str, Any]]) -> None:
    graph, _ = variant
    for part in ("for-you", "also-bought", "popular", "tracking"):
        made = named(graph, "aws:ssm/parameter:Parameter", part)
        assert made.inputs["name"] == f"/shop-{graph.stack}/recommendations/{part}"
        assert made.inputs["value"] == "NONE"
        assert made.inputs["type"] == "SecureString"
        assert made.inputs["keyId"] == arn(graph, "aws:kms/key:Key", "data")
        assert made.options.ignore_changes == ("value",)


def test_records_are_delivered_encrypted_by_the_hour(
    variant: tuple[Graph, dict[str, Any]],
) -> None:
    graph, told = variant
    stream = graph.one("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream")
    key, bucket = arn(graph, "aws:kms/key:Key", "data"), named(graph, BUCKET, "records")
    s3 = stream.inputs["extendedS3Configuration"]
    assert stream.inputs["serverSideEncryption"]["keyArn"] == key == s3["kmsKeyArn"]
    assert s3["bucketArn"] == bucket.outputs["arn"]
    assert s3["prefix"] == "events/!{timestamp:yyyy/MM/dd/HH}/"
    assert s3["errorOutputPrefix"].startswith("errors/!{firehose:error-output-type}/")
    assert (s3["bufferingInterval"], s3["bufferingSize"]) == (60, 5)
    assert s3["compressionFormat"] == "UNCOMPRESSED"
    assert s3["cloudwatchLoggingOptions"]["enabled"] is True
    writes = {
        action: s["Resource"]
        for s in statements(graph, "records")
        for action in s["Action"]
        if action in ("s3:PutObject", "logs:PutLogEvents")
    }
    objects = [f"{bucket.outputs['arn']}/{folder}/*" for folder in ("events", "errors")]
    assert writes["s3:PutObject"] == objects
    days = told["shop:recommendations"]["record_days"]
    lifecycle = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    (rule,) = named(graph, lifecycle, "records").inputs["rules"]
    assert rule["expiration"] == {"days": days}


def test_training_data_is_for_personalize_of_this_account(
    variant: tuple[Graph, dict[str, Any]],
) -> None:
    graph, _ = variant
    bucket = arn(graph, BUCKET, "recommendations-training")
    document = named(graph, "aws:s3/bucketPolicy:BucketPolicy", "training").inputs["policy"]
    (read,) = [s for s in json.loads(document)["Statement"] if s["Effect"] == "Allow"]
    assert read["Principal"] == {"Service": "personalize.amazonaws.com"}
    assert read["Action"] == ["s3:GetObject", "s3:ListBucket"]
    assert read["Resource"] == [bucket, f"{bucket}/*"]
    assert read["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    # Personalize can decrypt what it is trained with, and nothing of the shop's.
    for name, expected in (("recommendations", 1), ("data", 0), ("network-logs", 0)):
        text = graph.one("aws:kms/key:Key", name).inputs["policy"]
        assert text.count("personalize.amazonaws.com") == expected
    encryption = "ServerSideEncryptionConfiguration"
    type_ = f"aws:s3/bucket{encryption}:Bucket{encryption}"
    (rule,) = named(graph, type_, "training").inputs["rules"]
    key = rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"]
    assert key == arn(graph, "aws:kms/key:Key", "recommendations")

"""A small world for state machines: AWS on a laptop, the stand-in, and a declared stack."""

from __future__ import annotations

import csv
import fnmatch
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from graph import Graph
from sandbox.aws import ACCOUNT, CREDENTIALS, Aws
from sandbox.personalize import control, declared
from sandbox.personalize.server import serving
from sandbox.personalize.store import Fault, Store
from sandbox.states import Calls, Execution, Machine
from tests.stacks import graph_of

CLOUD_CONTROL = "aws:cloudcontrol/resource:Resource"
MACHINE = "aws:sfn/stateMachine:StateMachine"
PERSONALIZE = f"arn:aws:personalize:us-east-1:{ACCOUNT}"
SHELVES = ("for-you", "also-bought", "popular")
Row = dict[str, Any]


def declared_graph(serving: str, **changes: Any) -> Graph:
    """A dev stack that serves so."""
    told = {"serving": serving, "training.rest": None, **changes}
    return graph_of("dev", {f"shop:recommendations.{key}": value for key, value in told.items()})


def files(interactions: int = 1260) -> dict[str, list[Row]]:
    """Training data as the export writes it: 60 visitors, 40 products; mostly purchases."""
    kinds = ("View", "AddToCart", "Click", *["Purchase"] * 15)
    return {
        "interactions": [
            {
                "USER_ID": f"u{n % 60}",
                "ITEM_ID": f"i{n * 7 % 40}",
                "TIMESTAMP": 1_700_000_000 + n,
                "EVENT_TYPE": kinds[n % len(kinds)],
            }
            for n in range(interactions)
        ],
        "items": [
            {
                "ITEM_ID": f"i{n}",
                "PRICE": n + 0.99,
                "CATEGORY_L1": "garden",
                "CREATION_TIMESTAMP": 1_600_000_000,
            }
            for n in range(40)
        ],
        "users": [{"USER_ID": f"u{n}", "MEMBERSHIP_STATUS": "visitor"} for n in range(60)],
    }


class Exported:
    """Lambda's side: answers as the export does, with ``rows`` as files in S3."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3, self._bucket = s3, bucket
        self.rows = files()
        self.enough = True
        self.error = ""

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        if self.error:
            told = json.dumps({"errorType": self.error, "errorMessage": "no"}).encode()
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": io.BytesIO(told)}
        bought = sum(row["EVENT_TYPE"] == "Purchase" for row in self.rows["interactions"])
        enough = {"interactions": self.enough, "purchases": self.enough and bought >= 1000}
        answer: dict[str, Any] = {"enough": enough, "why": "" if self.enough else "7 rows"}
        for kind, rows in self.rows.items():
            text = io.StringIO()
            writer = csv.DictWriter(text, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
            key = f"training/{json.loads(Payload)['run']}/{kind}.csv"
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=text.getvalue().encode())
            answer[kind] = {"key": key, "rows": len(rows)}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}


class World:
    """What stands around state machines; use `close` at the end."""

    def __init__(self, aws: Aws, graph: Graph) -> None:
        self._aws, self.graph = aws, graph
        self.store = Store()
        self._serving = serving(
            control.handlers(control.Control(self.store, lambda: self.client("s3")))
        )
        self._url = self._serving.__enter__()
        self._clients: dict[str, Any] = {}
        self.resources: list[tuple[str, str]] = []
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        bucket = graph.one("aws:s3/bucket:Bucket", "recommendations-training").outputs["bucket"]
        self.client("s3").create_bucket(Bucket=bucket)
        self.export = self._clients["lambda"] = Exported(self.client("s3"), bucket)
        for parameter in graph.of_type("aws:ssm/parameter:Parameter"):
            if parameter.name.startswith("recommendations-"):
                told = {name: parameter.inputs[name] for name in ("name", "type", "keyId", "value")}
                told = {name[0].upper() + name[1:]: value for name, value in told.items()}
                self.client("ssm").put_parameter(**told, Overwrite=True)
        queue = graph.one("aws:sqs/queue:Queue", "recommendations-failures").outputs
        self.queue = self.client("sqs").create_queue(QueueName=queue["name"])["QueueUrl"]
        self.failures()  # of a test before this one

    def close(self) -> None:
        self._serving.__exit__(None, None, None)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                region_name="us-east-1",
                endpoint_url=self._url if service == "personalize" else self._aws.url,
                aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self._clients[service]

    def up(self) -> list[tuple[str, str]]:
        """Make what Cloud Control would, in the order of its dependencies; (type, ARN)."""
        waiting = {r.urn: r for r in self.graph.of_type(CLOUD_CONTROL)}
        made = []
        while waiting:
            urn = next(u for u, r in waiting.items() if not r.dependencies & waiting.keys())
            resource = waiting.pop(urn)
            type_, state = resource.inputs["typeName"], json.loads(resource.inputs["desiredState"])
            arn = declared.make(self.client("personalize"), type_, state)
            assert arn == resource.id  # the recording cloud and the service agree
            made.append((type_, arn))
        return made

    def down(self, made: list[tuple[str, str]]) -> None:
        for type_, arn in reversed(made):
            declared.remove(self.client("personalize"), type_, arn)

    def run(self, part: str, before: Callable[[str, Mapping[str, Any]], None] | None = None) -> Any:
        """One execution of a declared machine, in its declared role; nothing really waits."""
        machine = self.graph.one(MACHINE, f"recommendations-{part}")
        statements = self.allowed(part)
        calls = Calls(self.client)

        def task(resource: str, parameters: Mapping[str, Any]) -> Any:
            action, on = wanted(resource, parameters)
            needed = [(action, on)]
            if action == "ssm:PutParameter":  # which encrypts in the role's name
                assert parameters["Type"] == "SecureString"
                needed.append(("kms:Encrypt", parameters["KeyId"]))
            for one in needed:
                assert any(permits(statement, *one) for statement in statements), one
            self.calls.append((action, parameters))
            answer = calls(resource, parameters)
            if before is not None:
                before(action, parameters)
            return answer

        return Machine(part, machine.inputs["definition"], task, lambda _seconds: None).run()

    def allowed(self, part: str) -> list[dict[str, Any]]:
        policy = self.graph.one("aws:iam/rolePolicy:RolePolicy", f"recommendations-{part}")
        statements: list[dict[str, Any]] = json.loads(policy.inputs["policy"])["Statement"]
        return statements

    def published(self) -> dict[str, str]:
        names = (*SHELVES, "tracking")
        ssm, path = self.client("ssm"), "/shop-dev/recommendations/"
        found = ssm.get_parameters_by_path(Path=path, WithDecryption=True)["Parameters"]
        described = ssm.describe_parameters(ParameterFilters=[{"Key": "Path", "Values": [path]}])
        key = self.graph.one("aws:kms/key:Key", "data").outputs["arn"]
        assert {(p["Type"], p["KeyId"]) for p in described["Parameters"]} == {("SecureString", key)}
        values = {Path(p["Name"]).name: str(p["Value"]) for p in found}
        return {name: values[name] for name in names}

    def failures(self) -> list[dict[str, Any]]:
        """What was reported, once each."""
        sqs, found = self.client("sqs"), []
        told = {"QueueUrl": self.queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0}
        while messages := sqs.receive_message(**told).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def fault(self, **told: Any) -> None:
        self.store.script(Fault(**told))

    def actions(self) -> list[str]:
        return [action for action, _ in self.calls]


def wanted(resource: str, parameters: Mapping[str, Any]) -> tuple[str, str]:
    """The IAM action of a task, and the ARN it is about."""
    service, _, verb = resource.removeprefix("arn:aws:states:::").rpartition(":")
    action = f"{service.removeprefix('aws-sdk:')}:{verb[0].upper()}{verb[1:]}"
    told = dict(parameters)
    match action:
        case "lambda:Invoke":
            action, on = "lambda:InvokeFunction", told["FunctionName"]
        case "sqs:SendMessage":
            on = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{told['QueueUrl'].rpartition('/')[2]}"
        case "ssm:PutParameter":
            on = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter{told['Name']}"
        case "personalize:CreateDatasetImportJob":
            on = f"{PERSONALIZE}:dataset-import-job/{told['JobName']}"
        case "personalize:CreateSolutionVersion":
            on = told["SolutionArn"]
        case _ if verb.startswith("create"):
            on = f"{PERSONALIZE}:{verb.removeprefix('create').lower()}/{told['Name']}"
        case _:  # an ARN of its own, named after what the action is about
            on = next(v for k, v in told.items() if action.endswith(k.removesuffix("Arn")))
    return action, on


def permits(statement: Mapping[str, Any], action: str, on: str) -> bool:
    return action in statement["Action"] and any(
        fnmatch.fnmatchcase(on, pattern) for pattern in statement["Resource"]
    )


__all__ = ["Execution", "World", "declared_graph", "files"]

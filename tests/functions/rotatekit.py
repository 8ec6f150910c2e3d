"""Secrets Manager and ElastiCache as a rotation meets them."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from tlsfront import TlsFront

from sandbox.part import HOST
from sandbox.valkey import Valkey

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class Context:
    """What Lambda tells of an invocation."""

    aws_request_id = "a-request"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Half a minute."""
        return 30_000


class Secret:
    """A secret as the program makes it, and what Secrets Manager does to it."""

    def __init__(self, **fields: str) -> None:
        self.client = boto3.client("secretsmanager")
        self.arn: str = self.client.create_secret(Name=f"rotated-{uuid4()}")["ARN"]
        self.first: str = self.client.put_secret_value(
            SecretId=self.arn,
            SecretString=json.dumps(fields),
            VersionStages=["AWSCURRENT", "initial"],
        )["VersionId"]

    def begin(self) -> str:
        """A pending version that holds nothing yet: what RotateSecret leaves; returns its id."""
        version = str(uuid4())
        for done in self.client.describe_secret(SecretId=self.arn)["VersionIdsToStages"]:
            # moto takes it for a rotation under way when the last one's label is still there.
            if {"AWSPENDING", "AWSCURRENT"} <= self.labels(done):
                self.client.update_secret_version_stage(
                    SecretId=self.arn, VersionStage="AWSPENDING", RemoveFromVersionId=done
                )
        # moto looks for the function only after that.
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            self.client.rotate_secret(
                SecretId=self.arn,
                ClientRequestToken=version,
                RotationLambdaARN="arn:aws:lambda:eu-west-1:123456789012:function:ours",
            )
        assert self.labels(version) == {"AWSPENDING"}
        return version

    def event(self, step: str, version: str) -> dict[str, str]:
        """What the function is called with."""
        return {"SecretId": self.arn, "ClientRequestToken": version, "Step": step}

    def labels(self, version: str) -> set[str]:
        """Of a version."""
        told = self.client.describe_secret(SecretId=self.arn)["VersionIdsToStages"]
        return set(told.get(version, ()))

    def fields(self, label: str = "AWSCURRENT") -> dict[str, str]:
        """What a version holds."""
        answer = self.client.get_secret_value(SecretId=self.arn, VersionStage=label)
        found: dict[str, str] = json.loads(answer["SecretString"])
        return found


class ElastiCache:
    """Answers a real client's requests, and changes a real Valkey's default user.

    As ElastiCache does: a change takes a while, in which the group is "modifying", and two tokens
    work at a time.
    """

    def __init__(self, valkey: Valkey, front: TlsFront, group: str) -> None:
        self._valkey, self._group = valkey, group
        self._password = valkey.password
        self.port = front.port
        self.tls = ssl.create_default_context(cafile=str(front.ca_file))
        self.tokens = [uuid4().hex]
        self.refuses = False
        self.changes = 0
        self._next = ""
        self._looks = 0  # until the change is there
        self._learn()
        self.client = boto3.client("elasticache")
        events = self.client.meta.events
        events.register("before-send.elasticache.ModifyReplicationGroup", self._modify)
        events.register("before-send.elasticache.DescribeReplicationGroups", self._describe)

    def _modify(self, request: Any, **_: object) -> AWSResponse:
        told = self._read(request)
        assert told["AuthTokenUpdateStrategy"] == "ROTATE"
        assert told["ApplyImmediately"] == "true"
        if self.refuses or self._next:
            what = "InvalidParameterValue" if self.refuses else "InvalidReplicationGroupState"
            said = f"<Message>{told['AuthToken']} is no good</Message>"
            return _answer(400, f"<Error><Code>{what}</Code>{said}</Error>")
        self._next, self._looks = told["AuthToken"], 3
        self.changes += 1
        return _answer(200, "<ModifyReplicationGroupResult/>")

    def _describe(self, request: Any, **_: object) -> AWSResponse:
        self._read(request)
        if self._next:
            self._looks -= 1
            if self._looks == 0:
                self.tokens = [*self.tokens[-1:], self._next]
                self._next = ""
                self._learn()
        # Not "modifying" at once.
        status = "modifying" if self._next and self._looks < 2 else "available"
        group = f"<ReplicationGroup><Status>{status}</Status></ReplicationGroup>"
        return _answer(
            200,
            "<DescribeReplicationGroupsResult><ReplicationGroups>"
            f"{group}</ReplicationGroups></DescribeReplicationGroupsResult>",
        )

    def _read(self, request: Any) -> Mapping[str, str]:
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        told = {name: values[0] for name, values in parse_qs(body).items()}
        assert told["ReplicationGroupId"] == self._group
        return told

    def _learn(self) -> None:
        rules = " ".join(f">{token}" for token in self.tokens)
        with socket.create_connection((HOST, self._valkey.port), 2) as link:
            link.sendall(f"AUTH {self._password}\r\n".encode())
            link.sendall(f"ACL SETUSER default resetpass {rules}\r\n".encode())
            with link.makefile("rb") as answers:
                assert [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+OK\r\n"]
        self._password = self.tokens[-1]


class _Raw:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Any:
        yield self._content


def _answer(status: int, body: str) -> AWSResponse:
    name = "Response" if status == 200 else "ErrorResponse"
    raw = _Raw(f"<{name}>{body}</{name}>".encode())
    return AWSResponse("https://elasticache.test", status, {}, raw)

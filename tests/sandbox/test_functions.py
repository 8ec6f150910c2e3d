"""Functions as processes of their own: what they see, how they fail, who ends them."""

from __future__ import annotations

import gzip
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from boxkit import SERVERLESS, Box, boxed, eventually

from sandbox.aws import CREDENTIALS
from sandbox.aws.prefixes import folder
from sandbox.functions.archive import ArchiveError, unpack
from sandbox.state import started_at


@cache
def made(service: str, address: str) -> Any:
    return botocore.session.Session().create_client(
        service,
        region_name="us-east-1",
        endpoint_url=f"http://{address}",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
    )


def client(box: Box, service: str) -> Any:
    part = {"lambda": "functions", "personalize-events": "personalize"}.get(service, "aws")
    return made(service, next(p for p in box.run_file()["parts"] if p["name"] == part)["address"])


def invoke(box: Box, name: str, event: Any = None, **options: Any) -> tuple[Any, str]:
    """What a function answers, and how it failed."""
    answer = client(box, "lambda").invoke(
        FunctionName=name, Payload=json.dumps(event or {}), **options
    )
    return json.loads(answer["Payload"].read()), answer.get("FunctionError", "")


def log_of(box: Box, label: str) -> str:
    return next((box.state / "logs").glob(f"{label}-*.log")).read_text()


def test_every_function_is_served_or_refused_by_name(serverless: Box) -> None:
    resources = serverless.status()["resources"]
    functions = {r["name"]: r for r in resources if r["type"] == "aws:lambda/function:Function"}
    served = {name for name, r in functions.items() if r["state"] == "served"}
    assert served == {"echo", "brittle", "single", "calls", "incomplete"}
    assert "nodejs22.x" in functions["other"]["detail"]
    assert "AWS_REGION" in functions["reserved"]["detail"]
    assert "handlers/nothing.py, which is not there" in functions["absent"]["detail"]
    assert {r["state"] for r in resources if "apigatewayv2" in r["type"]} == {"served"}
    assert {r["state"] for r in resources if "alias" in r["type"]} == {"served"}


def test_a_function_sees_its_declaration_and_nothing_of_the_project(serverless: Box) -> None:
    told, failed = invoke(serverless, "echo", {"tell": "environment"})
    env = told["env"]
    assert not failed
    assert env["AWS_LAMBDA_FUNCTION_NAME"].startswith("echo-")
    assert env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert env["PUBLIC_URL"] == serverless.url
    assert env["AWS_ENDPOINT_URL"].endswith(serverless.part("aws")["address"])
    assert env["AWS_ENDPOINT_URL_LAMBDA"].endswith(serverless.part("functions")["address"])
    personalize = f"http://{serverless.part('personalize')['address']}"
    for service in ("PERSONALIZE", "PERSONALIZE_RUNTIME", "PERSONALIZE_EVENTS"):
        assert env[f"AWS_ENDPOINT_URL_{service}"] == personalize
    assert env["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert not {"PYTHONPATH", "VIRTUAL_ENV", "USER", "SANDBOX_DETACHED"} & set(env)
    assert told["cwd"] == told["path"][0] == env["LAMBDA_TASK_ROOT"]
    assert str(SERVERLESS.parents[2]) not in "".join(told["path"])
    assert invoke(serverless, "echo", {"tell": "modules"})[0] == {
        "modules": ["boto3", "botocore", "echo"]
    }


def test_an_invocation_knows_its_arn_and_its_time(serverless: Box) -> None:
    told, _ = invoke(serverless, "echo", {"tell": "context"}, Qualifier="live")
    assert told["arn"].endswith(":live")
    assert 15_000 < told["left"] <= 20_000
    again, _ = invoke(serverless, told["arn"], {"tell": "context"})
    assert again["pid"] == told["pid"]  # kept for the next request


def test_what_is_not_in_the_archive_is_missing(serverless: Box) -> None:
    told, failed = invoke(serverless, "incomplete")
    assert failed == "Unhandled"
    assert told["errorType"] == "Runtime.ImportModuleError"
    assert "No module named 'shared'" in told["errorMessage"]
    assert "No module named 'shared'" in log_of(serverless, "incomplete")


@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        ("raise", "RuntimeError", "on purpose"),
        ("unserialisable", "Runtime.MarshalError", "object is not JSON serializable"),
        ("crash", "Runtime.ExitError", "exit status 3"),
        ("exit", "Runtime.ExitError", "exit status 1"),
        ("abort", "Runtime.ExitError", "signal: abrt"),
        ("hang", "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
        ("spin", "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
    ],
)
def test_failures_have_the_words_of_lambda(
    serverless: Box, how: str, kind: str, words: str
) -> None:
    before, _ = invoke(serverless, "brittle", {"how": "well"})
    told, failed = invoke(serverless, "brittle", {"how": how})
    assert (failed, told["errorType"]) == ("Unhandled", kind)
    assert words in told["errorMessage"]
    assert words in log_of(serverless, "brittle")
    assert how != "hang" or "hanging\n" in log_of(serverless, "brittle")
    after, failed = invoke(serverless, "brittle", {"how": "well"})
    assert not failed
    survives = how in ("raise", "unserialisable")
    assert (after["pid"] == before["pid"]) is survives
    assert (started_at(before["pid"]) is not None) is survives


def test_reserved_concurrency_is_kept(serverless: Box) -> None:
    def one(_: int) -> str:
        try:
            return invoke(serverless, "single")[1] or "well"
        except ClientError as problem:
            return str(problem.response["Error"]["Code"])

    with ThreadPoolExecutor(3) as pool:
        found = sorted(pool.map(one, range(3)))
    assert found == ["TooManyRequestsException", "TooManyRequestsException", "well"]


def test_two_at_once_have_a_process_each(serverless: Box) -> None:
    def one(_: int) -> int:
        return int(invoke(serverless, "echo", {"tell": "context"})[0]["pid"])

    with ThreadPoolExecutor(8) as pool:
        pids = set(pool.map(one, range(20)))
    assert 1 <= len(pids) <= 2


def test_unknown_names_and_broken_events_are_refused(serverless: Box) -> None:
    lambdas = client(serverless, "lambda")
    with pytest.raises(lambdas.exceptions.ResourceNotFoundException, match="there are: brittle"):
        lambdas.invoke(FunctionName="nobody")
    with pytest.raises(lambdas.exceptions.ResourceNotFoundException):
        lambdas.invoke(FunctionName="echo", Qualifier="blue")
    with pytest.raises(lambdas.exceptions.InvalidRequestContentException):
        lambdas.invoke(FunctionName="echo", Payload=b"{")


def test_an_event_nobody_waits_for_is_run(serverless: Box) -> None:
    lambdas = client(serverless, "lambda")
    told = {"body": json.dumps({"id": "fire and forget"})}
    answer = lambdas.invoke(FunctionName="calls", InvocationType="Event", Payload=json.dumps(told))
    assert answer["StatusCode"] == 202
    dynamodb = client(serverless, "dynamodb")
    (table,) = dynamodb.list_tables()["TableNames"]
    key = {"id": {"S": "fire and forget"}}
    eventually(lambda: "Item" in dynamodb.get_item(TableName=table, Key=key))


def test_the_command_line_invokes(serverless: Box) -> None:
    done = serverless.call("invoke", "brittle", '{"how": "well"}')
    assert "pid" in json.loads(done.stdout)
    failed = serverless.call("invoke", "brittle", '{"how": "raise"}', check=False)
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["errorMessage"] == "on purpose"
    unknown = serverless.call("invoke", "nobody", check=False)
    assert "there are: brittle, calls" in unknown.stderr


def test_state_machines_are_executed(serverless: Box) -> None:
    done = serverless.call("execute", "asks", '{"how": "well"}')
    assert json.loads(done.stdout)["pid"] > 0
    failed = serverless.call("execute", "asks", '{"how": "raise"}', check=False)
    assert failed.returncode == 1
    assert "FAILED: RuntimeError" in failed.stderr
    unknown = serverless.call("execute", "odd", check=False)
    assert "there are: asks" in unknown.stderr
    resources = {r["name"]: r for r in serverless.status()["resources"] if "sfn" in r["type"]}
    assert resources["asks"]["state"] == "served"
    assert resources["odd"]["state"] == "refused"
    assert "Teleport" in resources["odd"]["detail"]


def tracking(box: Box) -> str:
    """The tracking id that the program was told."""
    found = client(box, "ssm").get_parameter(Name="/tracker")["Parameter"]["Value"]
    return str(json.loads(found)["TrackingId"])


def put_event(box: Box) -> None:
    event = {"eventType": "View", "itemId": "x", "sentAt": 1_700_000_000}
    client(box, "personalize-events").put_events(
        trackingId=tracking(box), sessionId="s", eventList=[event]
    )


def test_killed_servers_and_restarts(tmp_path: Path) -> None:
    with boxed(tmp_path / "state", SERVERLESS) as box:
        box.up("--empty")
        told = {"body": json.dumps({"id": "x", "line": "one\n"})}
        assert invoke(box, "calls", told) == ({"failed": 0}, "")
        assert_delivered(box)
        for name in ("/declared", "/learned"):
            client(box, "ssm").put_parameter(Name=name, Value="learned", Overwrite=True)
        put_event(box)
        known = tracking(box)

        pid = invoke(box, "echo", {"tell": "context"})[0]["pid"]
        with ThreadPoolExecutor(1) as pool:
            busy = pool.submit(invoke, box, "single")
            eventually(lambda: list((box.state / "logs").glob("single-*.log")))
            box.kill("functions")
            with pytest.raises(HTTPClientError):
                busy.result()
        eventually(lambda: started_at(pid) is None)  # it took its functions with it
        assert invoke(box, "echo", {"tell": "context"})[0]["pid"] != pid

        box.call("down")
        box.up("--empty")
        assert_delivered(box)
        put_event(box)
        assert tracking(box) == known  # what is there is not made again
        names = ["/declared", "/learned"]
        found = client(box, "ssm").get_parameters(Names=names, WithDecryption=True)["Parameters"]
        assert {p["Name"]: (p["Type"], p["Value"]) for p in found} == {
            "/declared": ("String", "declared"),  # what the program says
            "/learned": ("SecureString", "learned"),  # the program ignores changes of this one
        }


def assert_delivered(box: Box) -> None:
    s3 = client(box, "s3")
    (bucket,) = (b["Name"] for b in s3.list_buckets()["Buckets"])
    (found,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert re.fullmatch(r"events/20\d\d/\d\d/\d\d/records-.*\.gz", found["Key"])
    body = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
    assert gzip.decompress(body) == b"one\ntwo\n"


def test_archives_of_folders_and_texts(tmp_path: Path) -> None:
    (tmp_path / "source" / "inner").mkdir(parents=True)
    (tmp_path / "source" / "inner" / "a.py").write_text("A = 1\n")
    inner = {"$archive": {"path": "source"}}
    code = {"$archive": {"assets": {"lib": inner, "b.py": {"$asset": {"text": "B = 2\n"}}}}}
    unpack(code, tmp_path, tmp_path / "code")
    assert (tmp_path / "code" / "lib" / "inner" / "a.py").read_text() == "A = 1\n"
    assert (tmp_path / "code" / "b.py").read_text() == "B = 2\n"
    unpack({"$archive": {"path": "source"}}, tmp_path, tmp_path / "code")
    assert not (tmp_path / "code" / "b.py").exists()
    for broken, words in (
        ({"assets": {"../x": {"$asset": {"text": ""}}}}, "leads out"),
        ({"path": "nowhere"}, "neither a folder nor a zip"),
        ({"uri": "https://example.com"}, "no archive of uri"),
    ):
        with pytest.raises(ArchiveError, match=words):
            unpack({"$archive": broken}, tmp_path, tmp_path / "code")


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("", "2026/03/04/05/"),
        ("events", "events2026/03/04/05/"),
        ("events/", "events/2026/03/04/05/"),
        ("e/!{timestamp:yyyy/MM/dd/HH}/", "e/2026/03/04/05/"),
        ("e/dt=!{timestamp:yyyy-MM-dd}", "e/dt=2026-03-04/"),
        ("e/!{timestamp:'year='yyyy}/", "e/year=2026/"),
    ],
)
def test_prefixes_are_those_of_firehose(prefix: str, found: str) -> None:
    assert folder(prefix, datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)) == found


@pytest.mark.parametrize("prefix", ["!{timestamp:EEE}/", "!{partitionKeyFromQuery:sku}/"])
def test_prefixes_nobody_knows_are_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="does not know"):
        folder(prefix, datetime.now(UTC))


def test_a_warm_function_answers_quickly(serverless: Box) -> None:
    lambdas = client(serverless, "lambda")

    def once() -> float:
        begun = time.perf_counter()
        lambdas.invoke(FunctionName="echo", Payload=b'{"tell": "modules"}')
        return time.perf_counter() - begun

    once()
    assert min(once() for _ in range(20)) < 0.1

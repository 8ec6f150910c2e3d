"""A process that is killed between accepting and writing: nothing acknowledged is ever missing."""

from __future__ import annotations

import base64
import json
import os
import queue
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from eventkit import Door, batch, event, record_stream, recorded
from gatewaykit import EDGE_KEY, ORIGIN, beacon
from scriptedpeer import Behaviour, Exchange, Peer

ROOT = Path(__file__).resolve().parents[2]
SEED = 20261121  # of when processes are killed


@pytest.fixture
def record(cloud: Any) -> tuple[str, str]:
    return record_stream()


@pytest.fixture
def variables(tables: dict[str, str], record: tuple[str, str]) -> dict[str, str]:
    return {
        **tables,
        "EDGE_KEY": EDGE_KEY,
        "RECORD_STREAM": record[0],
        "VISITOR_COOKIE": "visitor",
        "SESSION_COOKIE": "session",
        "PUBLIC_URL": ORIGIN,
        "SERVING": "off",
        "TRACKING_PARAMETER": "/shop/tracking",
        "LOG_LEVEL": "info",
        "METRICS_NAMESPACE": "shop-test",
    }


class Worker:
    """The function in a process of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("serve_events.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**os.environ, **environment, "PYTHONPATH": str(ROOT / "services/functions")},
        )
        self.answers: queue.Queue[int | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if '"answer"' in line:
                self.answers.put(json.loads(line)["answer"])
        self.answers.put(None)

    def send(self, request: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """Signal 9: no handler, no exit hook, no flush."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@contextmanager
def running(environment: dict[str, str]) -> Iterator[Worker]:
    worker = Worker(environment)
    try:
        yield worker
    finally:
        if worker.process.returncode is None:
            worker.kill()


def _written_but_not_answered(peer: Peer, stream: str) -> Behaviour:
    """Firehose takes the records, and its answer never arrives."""

    def behave(exchange: Exchange) -> None:
        records = [{"Data": base64.b64decode(r["Data"])} for r in exchange.call.json["Records"]]
        firehose = boto3.client("firehose", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        firehose.put_record_batch(DeliveryStreamName=stream, Records=records)
        peer.arrived.set()
        peer.hang(exchange)

    return behave


@pytest.mark.parametrize("written", [False, True])
def test_a_batch_whose_writer_was_killed_may_be_sent_again(
    variables: dict[str, str],
    record: tuple[str, str],
    peer: Callable[[Behaviour | None], Peer],
    written: bool,
) -> None:
    stream, bucket = record
    firehose = peer(None)
    if written:
        firehose.tell_arrival = False
        firehose.behaviour = _written_but_not_answered(firehose, stream)
    sent = batch(event(), event())
    request = beacon(sent, cookies=["visitor=visitor-token-0123456789"])
    with running({**variables, "AWS_ENDPOINT_URL_FIREHOSE": firehose.url}) as worker:
        worker.send(request)
        assert firehose.arrived.wait(30), "the function never wrote"
        worker.kill()
    assert worker.answers.get(timeout=5) is None, "accepted without being durable"
    assert len(recorded(bucket)) == (2 if written else 0)

    door = Door(variables)
    early = door(request)
    assert early["statusCode"] == 409
    assert 1 <= int(early["headers"]["retry-after"]) <= 15
    door.ahead = int(early["headers"]["retry-after"])
    assert door(request)["statusCode"] == 202
    stored = [line["id"] for line in recorded(bucket)]
    assert set(stored) == {made["id"] for made in sent["events"]}
    assert len(stored) == (4 if written else 2)  # readers tell doubles by the event's id
    replay = door(request)
    assert (replay["statusCode"], "retry-after" in replay["headers"]) == (409, False)


def test_whatever_was_acknowledged_before_a_kill_is_there(
    variables: dict[str, str], record: tuple[str, str]
) -> None:
    dice = random.Random(SEED)
    acknowledged: list[str] = []
    sent: dict[str, dict[str, Any]] = {}
    for _ in range(2):
        with running(variables) as worker:
            batches = [batch(event(), event()) for _ in range(40)]
            for one in batches:
                sent[one["id"]] = one
                worker.send(beacon(one, cookies=["visitor=visitor-token-0123456789"]))
            answered = [worker.answers.get(timeout=30) for _ in range(dice.randint(3, 15))]
            threading.Event().wait(dice.random() * 0.02)  # anywhere within a request
            worker.kill()
            while (status := worker.answers.get(timeout=5)) is not None:
                answered.append(status)
        assert len(answered) < 40, "killed too late to prove anything"
        told = zip(batches, answered, strict=False)
        acknowledged += [one["id"] for one, status in told if status == 202]
    stored = {line["id"] for line in recorded(record[1])}
    missing = [
        made["id"]
        for batch_id in acknowledged
        for made in sent[batch_id]["events"]
        if made["id"] not in stored
    ]
    assert acknowledged
    assert not missing, f"seed {SEED}"
    # And what was not acknowledged is not lost to a retry once its lease is over.
    door = Door(variables)
    door.ahead = 16
    again = {
        one["id"]: door(beacon(one, cookies=["visitor=visitor-token-0123456789"]))["statusCode"]
        for one in sent.values()
    }
    assert all(again[batch_id] == 409 for batch_id in acknowledged)
    unheard = [status for batch_id, status in again.items() if batch_id not in acknowledged]
    assert set(unheard) <= {202, 409}
    assert unheard.count(409) <= 2  # a kill may hit one that was done and not yet told
    stored = {line["id"] for line in recorded(record[1])}
    assert stored == {made["id"] for one in sent.values() for made in one["events"]}

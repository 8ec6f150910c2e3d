"""Faults for a running sandbox, and what its alarms say to them.

    with visitors(box), scaled(box, "web", 0):
        eventually_alarm(box, "no-hosts")
    eventually_alarm(box, "no-hosts", "OK")

Start the box with ``box.up("--speed", "60")``: then a declared minute is a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg
from boxkit import Box, eventually


def shown(box: Box, path: str) -> Any:
    """JSON of the page that watches: ``/alarms.json``, ``/signals.json``, ``/traces.json``."""
    address = next(p["address"] for p in box.run_file()["parts"] if p["name"] == "telemetry")
    with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
        return json.load(answer)


def alarm(box: Box, name_part: str) -> dict[str, Any]:
    """The one alarm with this in its name; ``browse-page`` is the composite, not its windows."""
    found = [a for a in shown(box, "/alarms.json")["alarms"] if name_part in a["alarm"]]
    exact = [a for a in found if a["alarm"].endswith(f"-{name_part}")]
    (chosen,) = exact or found
    return dict(chosen)


def alarm_state(box: Box, name_part: str) -> str:
    """OK, ALARM, INSUFFICIENT_DATA or NOT_MEASURED."""
    return str(alarm(box, name_part)["state"])


def eventually_alarm(
    box: Box, name_part: str, state: str = "ALARM", seconds: float = 40.0
) -> dict[str, Any]:
    """Wait until an alarm is in a state; the alarm then. Fails with what it was instead."""
    last: dict[str, Any] = {}

    def there() -> bool:
        nonlocal last
        last = alarm(box, name_part)
        return bool(last["state"] == state)

    try:
        eventually(there, seconds)
    except AssertionError as problem:
        raise AssertionError(f"not {state} within {seconds} s: {last}") from problem
    return last


@contextlib.contextmanager
def visitors(
    box: Box, paths: Sequence[str] = ("/",), pause: float = 0.02
) -> Iterator[dict[int, int]]:
    """Somebody looks at pages all the time; yields how often each status was seen (0: none).

    ``{n}`` in a path becomes another number each time: such a page is in nobody's memory.
    """
    over, seen = threading.Event(), dict[int, int]()

    def look() -> None:
        place = 0
        while not over.wait(pause):
            place += 1
            path = paths[place % len(paths)].replace("{n}", str(place))
            try:
                with urllib.request.urlopen(box.url + path, timeout=30) as got:
                    status = int(got.status)
            except urllib.error.HTTPError as refused:
                status = refused.code
            except OSError:
                status = 0
            seen[status] = seen.get(status, 0) + 1

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def scaled(box: Box, deployment: str, replicas: int) -> Iterator[None]:
    """Another number of pods (worker dead: 0), then as many as before."""
    parts = box.run_file()["parts"]
    before = [p for p in parts if p["name"] == deployment or p["name"][:-2] == deployment]
    box.call("scale", deployment, str(replicas), "--waits", "0")
    try:
        yield
    finally:
        box.call("scale", deployment, str(len(before)), "--waits", "0")


def tree(pid: int) -> list[int]:
    """A process and all below it, parents first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def part_of(box: Box, name: str) -> dict[str, Any]:
    """As `Box.part`, without a command."""
    return next(dict(part) for part in box.run_file()["parts"] if part["name"] == name)


@contextlib.contextmanager
def frozen(box: Box, part: str) -> Iterator[None]:
    """A part that accepts and never answers (SIGSTOP): postgres, valkey, aws, worker, web-1 ..."""
    pids = tree(int(part_of(box, part)["pid"]))
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def slow_table(box: Box, table: str, seconds: float = 0.6, every: float = 0.7) -> Iterator[None]:
    """Whoever reads a table waits for ``seconds``, again and again: latency goes up."""
    over = threading.Event()

    async def lock() -> None:
        link = await connect(box)
        try:
            # Whoever repairs this ends the session, which each of the three may tell.
            gone = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
            with contextlib.suppress(*gone):
                while not over.is_set():
                    async with link.transaction():
                        await link.execute(f"lock table {table} in access exclusive mode")
                        await asyncio.sleep(seconds)
                    await asyncio.sleep(max(every - seconds, 0))
        finally:
            link.terminate()

    thread = threading.Thread(target=asyncio.run, args=(lock(),))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


async def connect(box: Box) -> asyncpg.Connection[asyncpg.Record]:
    """The shop's database, as its superuser."""
    return await asyncpg.connect(
        host="127.0.0.1",
        port=int(part_of(box, "postgres")["address"].rpartition(":")[2]),
        user="rdsadmin",
        password=(box.state / "postgres" / "superuser").read_text(),
        database=str(environment(box)["DATABASE_NAME"]),
        ssl=False,
    )


def environment(box: Box) -> Mapping[str, str]:
    """What the pods see."""
    told: Mapping[str, str] = box.run_file()["environment"]
    return told


def message(box: Box, body: str, wait: float = 0.0) -> None:
    """Put something into the queue of orders, such as what no worker can read."""
    import botocore.session

    told = environment(box)
    client = botocore.session.Session().create_client(
        "sqs",
        region_name=told["AWS_REGION"],
        endpoint_url=told["AWS_ENDPOINT_URL"],
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
    )
    client.send_message(QueueUrl=told["ORDER_EVENTS_QUEUE_URL"], MessageBody=body)
    time.sleep(wait)

"""People who use the shop while it is in trouble, alarms that are waited for, and repairs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import botocore.session
import httpx
from boxkit import Box, eventually
from faultkit import connect, environment, part_of, shown, tree

HEADER = "sku,name,description,category,price,currency,stock,image_url\n"
MUG = "MUG-1,Stoneware mug,A mug for tea.,Table,18.50,USD,1000000,\n"
ADDRESS = {"name": "Ada", "line1": "1 Mill Lane", "city": "Springfield", "postal_code": "12345"}
Act = Callable[[httpx.Client, int], None]


def imported(box: Box, folder: Path, text: str = HEADER + MUG) -> int:
    """Import a catalogue as a merchant does; the command's status."""
    file = folder / "catalogue.csv"
    file.write_text(text)
    command = ("run", "--", "python", "-m", "storefront", "import-catalogue", str(file))
    return box.call(*command, check=False).returncode


def states(box: Box) -> dict[str, str]:
    """How each alarm stands, by its name without the tier's."""
    return {
        alarm["alarm"].removeprefix("observability-"): alarm["state"]
        for alarm in shown(box, "/alarms.json")["alarms"]
    }


def wait_for(box: Box, state: str, *names: str, seconds: float = 60.0) -> None:
    """Until all of these alarms are in a state; fails with how they stand."""
    found: dict[str, str] = {}

    def there() -> bool:
        nonlocal found
        told = states(box)
        found = {name: told[name] for name in names}
        time.sleep(0.3)  # asking must not be what keeps the machine busy
        return set(found.values()) == {state}

    try:
        eventually(there, seconds)
    except AssertionError as problem:
        raise AssertionError(f"not all {state} within {seconds} s: {found}") from problem


def browser_of(box: Box) -> httpx.Client:
    """Somebody with cookies; without the certificates of the world, which take time to read."""
    return httpx.Client(base_url=box.url, timeout=30, verify=False)


@contextlib.contextmanager
def crowd(box: Box, act: Act, people: int = 12) -> Iterator[None]:
    """So many people who do something again and again, whatever becomes of it."""
    over, dice = threading.Event(), random.Random(7)

    def live(place: int, wait: float) -> None:
        over.wait(wait)
        with browser_of(box) as browser:
            turn = place * 1_000_000
            while not over.is_set():
                turn += 1
                with contextlib.suppress(httpx.HTTPError):
                    act(browser, turn)

    threads = [
        threading.Thread(target=live, args=(place, dice.random())) for place in range(people)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def buy(browser: httpx.Client, token: str = "tok_visa") -> httpx.Response:
    """One mug."""
    browser.put("/api/v1/cart/items/MUG-1", json={"quantity": 1}).raise_for_status()
    return browser.post(
        "/api/v1/checkout",
        headers={"Idempotency-Key": str(uuid.uuid4())},
        json={
            "email": "ada@example.com",
            "shipping_address": {**ADDRESS, "country": "US"},
            "shipping_method": "standard",
            "payment_token": token,
        },
    )


def reboot(box: Box, part: str) -> None:
    """End a part with all of its processes; who looks after it starts it again."""

    before = part_of(box, part)
    for pid in tree(int(before["pid"])):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def back() -> bool:
        now = part_of(box, part)
        return bool(now["restarts"] > before["restarts"] and now["state"] == "ready")

    eventually(back, 60)


def sql(box: Box, text: str) -> list[asyncpg.Record]:
    """Rows of a statement of the database's superuser."""

    async def ask() -> list[asyncpg.Record]:
        link = await connect(box)
        try:
            return list(await link.fetch(text))
        finally:
            await link.close()

    return asyncio.run(ask())


def end_blockers(box: Box) -> None:
    """End the sessions that others wait for, as soon as there is one."""
    ended = """
        select pg_terminate_backend(pid) from (
            select distinct unnest(pg_blocking_pids(pid)) as pid
            from pg_stat_activity where wait_event_type = 'Lock'
        ) blocking
    """
    eventually(lambda: sql(box, ended))


def client(box: Box, service: str) -> Any:
    """AWS, as pods see it."""
    told = environment(box)
    return botocore.session.Session().create_client(
        service,
        region_name=told["AWS_REGION"],
        endpoint_url=told["AWS_ENDPOINT_URL"],
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
    )

"""The drill: lose the database under load, bring it back, and count the orders that are missing."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import pytest
from boxkit import ROOT, Box, boxed, eventually

from sandbox import backups
from sandbox.backups import Backup
from sandbox.postgres import Postgres
from sandbox.process import PartError

SHIP_SECONDS = 2
ADDRESS = {
    "name": "Ada Shopper",
    "line1": "1 Mill Lane",
    "city": "Springfield",
    "postal_code": "12345",
    "country": "US",
}
CATALOGUE = """sku,name,description,category,price,currency,stock,image_url
MUG-1,Stoneware mug,A mug for tea.,Table,18.50,USD,100000,https://example.com/mug.jpg
"""


def buy(http: httpx.Client) -> httpx.Response:
    http.put("/api/v1/cart/items/MUG-1", json={"quantity": 1}).raise_for_status()
    return http.post(
        "/api/v1/checkout",
        headers={"Idempotency-Key": str(uuid.uuid4())},
        json={
            "email": "ada@example.com",
            "shipping_address": ADDRESS,
            "shipping_method": "standard",
            "payment_token": "tok_visa",
        },
    ).raise_for_status()


@dataclass
class Load:
    """Visitors who buy one mug after the other, and what they were told, when."""

    url: str
    begun: dict[str, float] = field(default_factory=dict)  # order number -> Unix time
    acknowledged: dict[str, float] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    def _shop(self) -> None:
        with httpx.Client(base_url=self.url, timeout=10) as http:
            while not self._over.is_set():
                begun = time.time()
                try:
                    number = buy(http).json()["number"]
                except httpx.HTTPError:
                    return
                self.begun[number], self.acknowledged[number] = begun, time.time()

    @contextmanager
    def running(self, visitors: int) -> Iterator[None]:
        threads = [threading.Thread(target=self._shop) for _ in range(visitors)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def wait_for_more(self, count: int) -> None:
        wanted = len(self.acknowledged) + count
        eventually(lambda: len(self.acknowledged) >= wanted, 60)


def database(box: Box) -> Postgres:
    port = int(box.part("postgres")["address"].rpartition(":")[2])
    return Postgres(box.state / "postgres", port)


def ask(server: Postgres, sql: str, name: str = "shop") -> list[str]:
    async def fetch() -> list[str]:
        link = await asyncpg.connect(server.dsn(name))
        try:
            return [row[0] for row in await link.fetch(sql)]
        finally:
            await link.close()

    return asyncio.run(fetch())


def paid(server: Postgres) -> set[str]:
    """Orders of the restored database, served by nothing but itself."""
    with_log = Postgres(server.directory).start()
    try:
        sql = "select number from orders where status in ('paid', 'fulfilled')"
        return set(ask(with_log, sql))
    finally:
        with_log.stop()


def kill_a_backup_half_way(box: Box) -> None:
    words = [sys.executable, "-m", "sandbox", "--state", str(box.state), "backup"]
    process = subprocess.Popen(words, cwd=ROOT)
    eventually(lambda: any((box.state / "backups" / "unfinished" / "data").glob("PG_VERSION")))
    process.kill()
    process.wait()


def lose_the_database(box: Box, server: Postgres) -> None:
    """As if the machine were gone: nobody gets to say good-bye, and the data with it."""
    told = box.run_file()
    box.note()
    os.kill(box.supervisor(), signal.SIGSTOP)  # it would start the next one at once
    postmaster = next(part["pid"] for part in told["parts"] if part["name"] == "postgres")
    os.kill(postmaster, signal.SIGKILL)
    shutil.rmtree(server.data)
    os.kill(told["processes"][0][0], signal.SIGKILL)  # the guard would stop things in order
    os.kill(box.supervisor(), signal.SIGKILL)


def test_orders_that_were_shipped_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_SHIP_SECONDS", str(SHIP_SECONDS))
    with boxed(tmp_path / "state", ROOT) as box:
        box.up("--empty")
        file = tmp_path / "catalogue.csv"
        file.write_text(CATALOGUE)
        box.call("run", "--", "python", "-m", "storefront", "import-catalogue", str(file))
        server, load = database(box), Load(box.url)
        with load.running(visitors=3):
            load.wait_for_more(5)
            assert "the shop is up" in box.call("restore", check=False).stderr
            kill_a_backup_half_way(box)
            assert backups.found(server.backups) == []
            box.call("backup")
            load.wait_for_more(20)
            middle = dt.datetime.now(dt.UTC)
            load.wait_for_more(20)
            shipped = len(list(server.shipped.glob("*.gz")))
            eventually(lambda: len(list(server.shipped.glob("*.gz"))) > shipped)  # by itself
            before = set(load.acknowledged)
            last = ask(server, "select pg_walfile_name(pg_switch_wal())")[0]
            eventually((server.shipped / f"{last}.gz").exists)
            load.wait_for_more(10)
            lost = time.time()
            lose_the_database(box, server)
        said = box.call("restore").stdout
        until = dt.datetime.fromisoformat(re.findall(r"up to (\S+)", said)[0]).timestamp()
        there = paid(server)
        missing = load.acknowledged.keys() - there
        print(  # noqa: T201 - what the drill is for
            f"\n{len(load.acknowledged)} orders acknowledged, {len(before)} before the last segment"
            f" was shipped: {len(before - there)} missing; after it: {len(missing)} missing, of the"
            f" last {lost - until:.2f} s (at most {SHIP_SECONDS} s, and what shipping takes)"
        )
        assert before <= there
        assert {number for number, at in load.acknowledged.items() if at < until} <= there
        assert lost - until < SHIP_SECONDS + 10

        box.call("restore", "--to", middle.isoformat())
        there, then = paid(server), middle.timestamp()
        assert {number for number, at in load.acknowledged.items() if at < then} <= there
        assert not {number for number, at in load.begun.items() if at > then} & there


def test_the_latest_copies_stay_with_the_log_that_they_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "KEPT", 1)
    with pytest.raises(PartError, match="the database is not up"):
        backups.backup(tmp_path)
    server = Postgres(tmp_path / "it's 5 %" / "postgres", durable=False).start()
    try:
        server.backups.mkdir()
        old = backups.take(server)
        ask(server, "select pg_switch_wal()::text", "postgres")
        kept = backups.take(server)
        ask(server, "select pg_switch_wal()::text", "postgres")
        eventually((server.shipped / f"{kept.first}.gz").exists)
        assert backups.found(server.backups) == [kept]
        assert not old.folder.exists()
        assert min(file.name[:24] for file in server.shipped.glob("*.gz")) == kept.first
    finally:
        server.stop()
    shutil.rmtree(server.data)
    with pytest.raises(PartError, match="`make restore` brings them back"):
        server.start()


def test_a_time_without_a_backup_is_refused(tmp_path: Path) -> None:
    day = dt.timedelta(days=1)
    now = dt.datetime.now(dt.UTC)
    made = [Backup(tmp_path, now - day * age, tmp_path, "") for age in (3, 2, 1)]
    assert backups.chosen(made, None) is made[2]
    assert backups.chosen(made, now - day * 1.5) is made[1]
    for wrong, known, why in (
        (now - day * 4, made, "the oldest backup goes back to"),
        (now + day, made, "still to come"),
        (None, [], "there is no backup"),
    ):
        with pytest.raises(PartError, match=why):
            backups.chosen(known, wrong)

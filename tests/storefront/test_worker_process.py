"""Mail that is owed, and the worker as a process: probes, kill -9 and draining."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiobotocore.session import get_session
from shopkit import check_books, place_and_die, receive_goods, until
from storefront.adapters.postgres.fulfilment import PostgresFulfilment
from storefront.domain.errors import UnavailableError
from storefront.health import health_server
from storefront.measure import measure
from storefront.metrics import Metrics, reporting
from storefront.ports import Event, Mail
from storefront.settings import Settings
from storefront.usecases.events import send_mail
from storefront.wiring import Shop, open_shop


async def test_bad_mail_waits_and_good_mail_goes(database: Any, owner: Any) -> None:
    await owner.execute("update mails set sent_at = now()")
    fulfilment = PostgresFulfilment(database, retry_seconds=0.05)
    for n in range(3):
        event = Event(str(uuid4()), "x", {}, None)  # type: ignore[arg-type]
        assert await fulfilment.queue_mail(event, Mail(f"m{n}", "a@b.de", "s", "t", "h"))
        assert not await fulfilment.queue_mail(event, Mail(f"m{n}", "a@b.de", "s", "t", "h"))

    class Choosy:
        def __init__(self) -> None:
            self.seen: list[str] = []
            self.refuses = {"m0": UnavailableError("mail"), "m1": ValueError("no such mailbox")}

        async def send(self, mail: Mail) -> None:
            self.seen.append(mail.id)
            if mail.id in self.refuses:
                raise self.refuses[mail.id]

    mailer = Choosy()
    assert await send_mail(fulfilment, mailer) == 1
    assert mailer.seen == ["m0", "m1", "m2"]
    del mailer.refuses["m0"]

    async def sent() -> bool:
        await send_mail(fulfilment, mailer)
        return bool(await owner.fetchval("select sent_at is not null from mails where id = 'm0'"))

    await until(sent)
    assert mailer.seen.count("m2") == 1
    attempts = await owner.fetchval("select attempts from mails where id = 'm1'")
    assert attempts >= 2  # and each time later
    await owner.execute("update mails set sent_at = now()")


async def test_a_mail_is_taken_by_one_worker(database: Any, owner: Any) -> None:
    fulfilment = PostgresFulfilment(database)
    ids = [f"many-{n}" for n in range(40)]
    for mail_id in ids:
        event = Event(str(uuid4()), "x", {}, None)  # type: ignore[arg-type]
        await fulfilment.queue_mail(event, Mail(mail_id, "a@b.de", "s", "t", "h"))
    taken = await asyncio.gather(*(fulfilment.take_mail(7) for _ in range(12)))
    assert sorted(mail.id for some in taken for mail in some) == sorted(ids)
    await owner.execute("update mails set sent_at = now()")


async def test_the_health_endpoint() -> None:
    ready = False

    async def ask(port: int, line: str) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(line.encode() + b"\r\nHost: x\r\n\r\n")
        answer = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()
        return answer.split(" ", 2)[1] if answer else ""

    async with health_server(0, lambda: ready, host="127.0.0.1") as port:
        assert await ask(port, "GET /healthz HTTP/1.1") == "200"
        assert await ask(port, "GET /readyz HTTP/1.1") == "503"
        ready = True
        assert await ask(port, "GET /readyz?x=1 HTTP/1.1") == "200"
        assert await ask(port, "HEAD /readyz HTTP/1.1") == "200"
        assert await ask(port, "GET /else HTTP/1.1") == "404"
        assert await ask(port, "nonsense") in {"", "404"}
        assert await ask(port, "GET /" + "x" * 20_000 + " HTTP/1.1") == ""


@dataclass
class Process:
    """`python -m storefront worker` as a pod runs it."""

    environment: dict[str, str]

    async def start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "storefront", "worker",
            env={**os.environ, **self.environment},
            cwd=Path(__file__).parents[2] / "services" / "storefront",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip


async def test_the_process_survives_kill_9_and_drains_on_sigterm(
    environment: dict[str, str], shop: Shop, database: Any, owner: Any
) -> None:
    await owner.execute("delete from outbox where sent_at is null")
    await receive_goods(owner, {"PROC": 100})
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    async with get_session().create_client("sqs") as sqs:  # what the killed one held comes soon
        await sqs.set_queue_attributes(
            QueueUrl=environment["ORDER_EVENTS_QUEUE_URL"], Attributes={"VisibilityTimeout": "2"}
        )
    process = Process({**environment, "PORT": port})
    numbers = [(await place_and_die(shop, database, "PROC"))[0] for _ in range(6)]
    fulfilled = "select count(*) from orders where status = 'fulfilled' and number = any($1)"

    first = await process.start()
    try:
        await until(lambda: database.fetchval(fulfilled, numbers), 30)
    finally:
        first.send_signal(signal.SIGKILL)
        await first.communicate()
    numbers += [(await place_and_die(shop, database, "PROC"))[0] for _ in range(6)]
    second = await process.start()
    try:
        await until(
            lambda: database.fetchval(
                "select bool_and(m.sent_at is not null) and count(*) = $2 from mails m, orders o"
                " where o.number = any($1) and m.id = o.number || '-confirmed'",
                numbers,
                len(numbers),
            ),
            60,
        )
    finally:
        second.send_signal(signal.SIGTERM)
        output, _ = await asyncio.wait_for(second.communicate(), 8)  # sooner than a receive
    assert second.returncode == 0
    assert b"worker stopped" in output
    assert b"ada@example.com" not in output  # logs hold no personal data
    await check_books(owner, {"PROC": 100})
    files = {path.name for path in Path(environment["MAIL_DIRECTORY"]).iterdir()}  # noqa: ASYNC240
    assert {f"{number}-confirmed.eml" for number in numbers} <= files
    assert not [name for name in files if name.endswith(".part")]


async def test_the_numbers_are_for_this_machine(monkeypatch: Any) -> None:
    async def ask(port: int) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()
        return answer

    async with health_server(0, lambda: True, metrics=lambda: "n 1\n", host="127.0.0.1") as port:
        assert (await ask(port)).endswith("\r\n\r\nn 1\n")
        monkeypatch.setattr("storefront.health.is_loopback", lambda host: host != "127.0.0.1")
        assert " 404 " in await ask(port)


async def test_numbers_are_told_in_time_while_what_is_asked_hangs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "storefront.metrics")
    asked = asyncio.Event()

    async def hang() -> None:
        asked.set()
        await asyncio.Event().wait()

    async def told() -> bool:
        return len(caplog.records) > 5

    async with reporting(Metrics("test"), hang, every=0.02):
        await asked.wait()
        await until(told, 5)


async def test_late_mail_counts_once_whoever_counts(
    settings: Settings, shop: Shop, database: Any, owner: Any
) -> None:
    await owner.execute("delete from outbox")
    await owner.execute("update mails set sent_at = now() where sent_at is null")
    fulfilment = PostgresFulfilment(database)
    for name in ("late", "in-time"):
        event = Event(str(uuid4()), "x", {}, None)  # type: ignore[arg-type]
        await fulfilment.queue_mail(event, Mail(name, "a@b.de", "s", "t", "h"))
    await owner.execute("update mails set created_at = now() - interval '1 hour' where id = 'late'")
    await owner.execute(
        "insert into outbox (type, payload, happened_at) "
        " values ('x', '{}', now() - interval '90 s')"
    )
    async with open_shop(settings) as other:
        shops = (shop, other)
        for _ in range(3):
            await asyncio.gather(*(measure(one) for one in shops))
        told = [list(one.metrics.take())[-1] for one in shops]
    assert sum(int(str(numbers["MailsLate"])) for numbers in told) == 1
    for numbers in told:
        assert 90 <= float(str(numbers["OutboxAge"])) < 150
    await owner.execute("delete from outbox")
    await owner.execute("update mails set sent_at = now() where sent_at is null")

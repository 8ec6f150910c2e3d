"""The worker on real servers: everything once, whatever comes twice, late or never."""

from __future__ import annotations

import asyncio
import email
import email.policy
import html
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiobotocore.session import get_session
from shopkit import CrashError, Crashing, check_books, place_and_die, receive_goods, until
from storefront.adapters.mail import FileMailer
from storefront.adapters.postgres.fulfilment import PostgresFulfilment
from storefront.adapters.sqs import SqsQueue
from storefront.ports import Delivery, Event
from storefront.settings import Settings
from storefront.usecases.events import handle_event
from storefront.wiring import Shop
from storefront.worker import Rhythm, Worker

QUICK = Rhythm(
    relay=0.02, receive=1, mail=0.02, reconcile=0.05, requeue=0.1, requeue_after=0.5, drain=5.0
)


@pytest.fixture
async def sqs(settings: Settings) -> AsyncIterator[Any]:
    async with get_session().create_client("sqs") as client:
        yield client


@pytest.fixture
async def queues(sqs: Any) -> tuple[str, str]:
    """A queue that gives up after two tries, and its dead-letter queue."""
    name = uuid4().hex[:12]
    dead = (await sqs.create_queue(QueueName=f"{name}-dead"))["QueueUrl"]
    attributes = await sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    arn = attributes["Attributes"]["QueueArn"]
    made = await sqs.create_queue(
        QueueName=name,
        Attributes={
            "VisibilityTimeout": "1",
            "RedrivePolicy": f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": "2"}}',
        },
    )
    return made["QueueUrl"], dead


@pytest.fixture
def worker(shop: Shop, sqs: Any, queues: tuple[str, str], tmp_path: Path) -> Worker:
    mine = replace(
        shop,
        queue=SqsQueue(sqs, queues[0]),
        mailer=FileMailer(tmp_path / "mail", "Fieldfare <shop@fieldfare.test>"),
    )
    return Worker(mine, QUICK)


async def finish(worker: Worker, database: Any) -> None:
    """Run the worker until nothing is left to do."""

    async def done() -> bool:
        return not await database.fetchval(
            "select exists (select from orders where status in ('paid', 'pending_payment'))"
            " or exists (select from outbox where sent_at is null)"
            " or exists (select from outbox e where e.event_id not in"
            "  (select event_id from handled_events))"
            " or exists (select from mails where sent_at is null)"
        )

    stopping = asyncio.Event()
    running = asyncio.create_task(worker.run(stopping))
    try:
        await until(done)
    finally:
        stopping.set()
        await running


async def test_from_payment_to_mail(
    worker: Worker, database: Any, owner: Any, tmp_path: Path
) -> None:
    await receive_goods(owner, {"WAY": 10}, price=2500)
    number, caller = await place_and_die(worker.shop, database, "WAY", 2)
    await worker.shop.carts.set_quantity(caller.cart_id, "WAY", 3)  # one more, since
    await finish(worker, database)
    assert (
        await owner.fetchval("select status from orders where number = $1", number) == "fulfilled"
    )
    assert (await worker.shop.carts.get(caller.cart_id)).items == {"WAY": 1}
    await check_books(owner, {"WAY": 10})
    files = {path.name for path in (tmp_path / "mail").iterdir()}
    assert files == {f"{number}-confirmed.eml", f"{number}-fulfilled.eml"}
    mail = email.message_from_bytes(
        (tmp_path / "mail" / f"{number}-confirmed.eml").read_bytes(), policy=email.policy.default
    )
    assert mail["To"] == "ada@example.com"
    assert number in mail["Subject"]
    text = mail.get_body(("plain",)).get_content()
    assert "$58.90" in text  # 2 x 25.00, 4.90 delivery, 4.00 tax
    assert "1 Thrush Lane" in text
    assert f"http://shop.test/orders/{number}" in html.unescape(
        mail.get_body(("html",)).get_content()
    )


async def test_a_new_customer_is_welcomed(worker: Worker, database: Any, tmp_path: Path) -> None:
    customer = await worker.shop.accounts.create("new@example.com", "<b>Nell</b>", "hash")
    await finish(worker, database)
    mail = email.message_from_bytes(
        (tmp_path / "mail" / f"{customer.id}-welcome.eml").read_bytes(),
        policy=email.policy.default,
    )
    assert "Welcome, <b>Nell</b>." in mail.get_body(("plain",)).get_content()
    assert "&lt;b&gt;Nell&lt;" in mail.get_body(("html",)).get_content()


class Memory:
    """A queue in memory: the events are what matters."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def send(self, events: Sequence[Event]) -> None:
        self.events.extend(events)

    async def receive(self, wait_seconds: int) -> list[Delivery]:
        return []

    async def acknowledge(self, delivery: Delivery) -> None: ...


async def handle(shop: Any, event: Event) -> bool:
    return await handle_event(
        event,
        orders=shop.orders,
        accounts=shop.accounts,
        carts=shop.carts,
        fulfilment=shop.fulfilment,
        letters=shop.letters,
    )


@pytest.mark.parametrize("seed", range(5))
async def test_events_in_any_order_and_number_have_one_effect(
    seed: int, shop: Shop, database: Any, owner: Any
) -> None:
    chance = random.Random(seed)
    sku = f"MANY-{seed}"
    await receive_goods(owner, {sku: 100})
    placed = [await place_and_die(shop, database, sku, chance.randint(1, 9)) for _ in range(8)]
    queue = Memory()
    done: dict[str, int] = {}
    ten = asyncio.Semaphore(10)  # at a time, as the queue hands them out: a connection for each
    for _ in range(2):  # the second round: what the first has told of
        queue.events.clear()
        while await shop.outbox.relay(queue, 3):
            pass
        deliveries = [event for event in queue.events for _ in range(chance.randint(1, 5))]
        chance.shuffle(deliveries)

        async def deliver(event: Event) -> None:
            await asyncio.sleep(chance.random() * 0.02)
            async with ten:
                fresh = await handle(shop, event)
            done[event.id] = done.get(event.id, 0) + fresh

        await asyncio.gather(*(deliver(event) for event in deliveries))
    assert set(done.values()) == {1}
    assert len(done) == 16
    for number, caller in placed:
        mails = await owner.fetch(
            "select id from mails where id like $1 || '%' order by id", number
        )
        assert [row["id"] for row in mails] == [f"{number}-confirmed", f"{number}-fulfilled"]
        assert (await shop.carts.get(caller.cart_id)).items == {}
    await check_books(owner, {sku: 100})


@pytest.mark.parametrize(
    ("port", "method", "when"),
    [
        ("fulfilment", "fulfil", "before"),
        ("fulfilment", "fulfil", "after"),
        ("carts", "remove_bought", "before"),
        ("carts", "remove_bought", "after"),
        ("queue", "acknowledge", "before"),
        ("queue", "send", "before"),
        ("queue", "send", "after"),
        ("mailer", "send", "before"),
        ("mailer", "send", "after"),
        ("fulfilment", "mark_sent", "before"),
    ],
)
async def test_a_worker_that_dies_is_followed_by_one_that_finishes(
    port: str, method: str, when: str, worker: Worker, database: Any, owner: Any, tmp_path: Path
) -> None:
    sku = f"D-{uuid4().hex[:8]}"
    await receive_goods(owner, {sku: 10})
    number, caller = await place_and_die(worker.shop, database, sku, 2)
    shop = replace(worker.shop, fulfilment=PostgresFulfilment(database, retry_seconds=0.1))
    dying = Worker(replace(shop, **{port: Crashing(getattr(shop, port), method, when)}), QUICK)

    async def work() -> None:
        async with asyncio.timeout(20):
            while True:
                await dying.relay()
                await dying.consume()
                await dying.mail()

    with pytest.raises(CrashError):
        await work()
    following = Worker(shop, QUICK)
    await finish(following, database)
    assert (
        await owner.fetchval("select status from orders where number = $1", number) == "fulfilled"
    )

    async def cart_is_empty() -> bool:  # the queue delivers again what was not acknowledged
        await following.consume()
        return not (await shop.carts.get(caller.cart_id)).items

    await until(cart_is_empty)
    assert len(list((tmp_path / "mail").glob(f"{number}-*.eml"))) == 2
    await check_books(owner, {sku: 10})


async def test_events_that_the_queue_lost_are_sent_again(
    worker: Worker, sqs: Any, queues: tuple[str, str], database: Any, owner: Any
) -> None:
    await receive_goods(owner, {"LOST": 10})
    number, _ = await place_and_die(worker.shop, database, "LOST")
    await worker.relay()
    await sqs.purge_queue(QueueUrl=queues[0])
    await worker.requeue()  # too early: the queue may still deliver it
    assert not await owner.fetchval(
        "select count(*) from outbox where sent_at is null and order_number = $1", number
    )
    await finish(worker, database)
    assert (
        await owner.fetchval("select status from orders where number = $1", number) == "fulfilled"
    )


async def test_poison_does_not_hold_up_the_rest(
    worker: Worker, sqs: Any, queues: tuple[str, str], database: Any, owner: Any
) -> None:
    await receive_goods(owner, {"POISON": 10})
    when = '"happened_at": "2026-01-01T00:00:00Z"'
    poison = [
        "no json",
        "[]",
        f'{{"id": "x", "type": "order.paid", "payload": {{}}, {when}}}',
        f'{{"id": "{uuid4()}", "type": "order.paid", "payload": {{"number": "NONE"}}, {when}}}',
        f'{{"id": "{uuid4()}", "type": "unheard.of", "payload": {{}}, {when}}}',
    ]
    for body in poison:
        await sqs.send_message(QueueUrl=queues[0], MessageBody=body)
    number, _ = await place_and_die(worker.shop, database, "POISON")
    await finish(worker, database)
    assert (
        await owner.fetchval("select status from orders where number = $1", number) == "fulfilled"
    )

    async def set_aside() -> bool:
        await worker.consume()
        attributes = await sqs.get_queue_attributes(
            QueueUrl=queues[1], AttributeNames=["ApproximateNumberOfMessages"]
        )
        return bool(attributes["Attributes"]["ApproximateNumberOfMessages"] == str(len(poison)))

    await until(set_aside, 40)


async def test_old_rows_are_forgotten(shop: Shop, database: Any, owner: Any) -> None:
    await receive_goods(owner, {"OLD": 10})
    number, _ = await place_and_die(shop, database, "OLD")
    queue = Memory()
    await shop.outbox.relay(queue, 100)
    assert await shop.outbox.tidy(30) == 0
    for table, column in (
        ("outbox", "sent_at"), ("checkouts", "created_at"), ("mails", "sent_at"),
        ("handled_events", "handled_at"),
    ):  # fmt: skip
        await owner.execute(f"update {table} set {column} = {column} - interval '31 days'")
    assert await shop.outbox.tidy(30) > 1
    assert await owner.fetchval("select count(*) from checkouts") == 0
    assert await owner.fetchval("select count(*) from orders where number = $1", number) == 1
    await owner.execute("update orders set status = 'fulfilled' where status = 'paid'")

"""Nothing personal or secret in any signal: a whole purchase, then every line is searched."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tracekit import Collector, collecting
from web_kit import page

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[3] / "services" / "storefront"
EMAIL, PASSWORD = "canary.eve@example.org", "Canary-Pass-81"
CANARIES = {
    "e-mail": EMAIL,
    "local part": "canary.eve",
    "password": PASSWORD,
    "name": "Evangeline Canaria",
    "street": "47 Canary Wharf Mews",
    "city": "Canarytown",
    "postal code": "CN4 7RY",
    "search": "canarysearch",
    "mistyped path": "canarypath",
    "idempotency key": "canary-key",
    "query": "canaryquery",
    "referer": "canaryreferer",
    "user agent": "canaryagent",
    "card": "tok_",
}
_STATUS = "http.response.status_code"
ADDRESS = {
    "name": CANARIES["name"],
    "line1": CANARIES["street"],
    "city": CANARIES["city"],
    "postal_code": CANARIES["postal code"],
    "country": "GB",
}


@asynccontextmanager
async def running(command: str, environment: dict[str, str], said: list[str]) -> AsyncIterator[str]:
    """A process that is ready; everything it ever wrote is in ``said`` afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "storefront", command, cwd=ROOT,
        env={**os.environ, **environment, "PORT": port, "LOG_LEVEL": "debug"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, limit=2**22,
    )  # fmt: skip
    reading = asyncio.create_task(process.communicate())
    try:
        url = f"http://127.0.0.1:{port}"
        async with asyncio.timeout(30), httpx.AsyncClient() as client:
            while True:
                try:
                    if (await client.get(f"{url}/readyz")).status_code == 200:
                        break
                except httpx.TransportError:
                    assert process.returncode is None
                await asyncio.sleep(0.05)
        yield url
        process.send_signal(signal.SIGTERM)
        output, _ = await asyncio.wait_for(asyncio.shield(reading), 20)
        assert process.returncode == 0, output
        said.append(output.decode())
    finally:
        if process.returncode is None:
            process.kill()
            output, _ = await reading
            sys.stdout.write(output.decode())  # shown when the test fails


async def purchase(client: httpx.AsyncClient) -> list[str]:
    """Search, register, sign in, fail in many ways, buy; returns cookies and order numbers."""
    secret: list[str] = []
    assert (await client.get(f"/search?q={CANARIES['search']}+{EMAIL}")).status_code == 200
    for path in (f"/{CANARIES['mistyped path']}/{EMAIL}", f"/p/{CANARIES['mistyped path']}"):
        assert (await client.get(path)).status_code == 404
    given = {"email": EMAIL, "password": PASSWORD, "name": CANARIES["name"]}
    made = await client.post("/api/v1/auth/register", json=given)
    assert made.status_code == 201, made.text
    for password in (PASSWORD + "x", PASSWORD):
        await client.post("/login", data={"email": EMAIL, "password": password})
    assert (await client.get(f"/account?{CANARIES['query']}={EMAIL}")).status_code == 200
    for token in ("tok_declined", "tok_visa"):
        answer = await client.put("/api/v1/cart/items/SKU-002", json={"quantity": 2})
        assert answer.status_code == 200, answer.text
        body = {
            "email": EMAIL,
            "shipping_address": ADDRESS,
            "shipping_method": "standard",
            "payment_token": token,
        }
        key = {"Idempotency-Key": f"{CANARIES['idempotency key']}-{uuid4().hex}"}
        answer = await client.post("/api/v1/checkout", json=body, headers=key)
    assert answer.status_code == 201, answer.text
    order = f"/orders/{answer.json()['number']}"
    page(await client.get(order))
    secret += [value for name, value in client.cookies.items() if name != "cart_items"]
    assert len(secret) >= 2  # who visits, and who is signed in
    return secret


async def mailed(worker: str) -> None:
    """Wait until the worker has sent what one customer and one order ask for."""
    async with asyncio.timeout(30), httpx.AsyncClient() as client:
        while True:
            text = (await client.get(f"{worker}/metrics")).text
            sent = next(
                line for line in text.splitlines() if line.startswith("shop_mails_sent_total")
            )
            if int(sent.split()[-1]) >= 3:
                return
            await asyncio.sleep(0.05)


async def test_no_canary_gets_into_a_signal(environment: dict[str, str], shop: Any) -> None:
    said: list[str] = []
    traced = {**environment, "TRACE_SHARE": "100"}
    agent = {"user-agent": CANARIES["user agent"], "referer": f"/?{CANARIES['referer']}"}
    async with (
        collecting() as collector,
        running("worker", traced | {"OTLP_ENDPOINT": collector.url}, said) as worker,
        running("web", traced | {"OTLP_ENDPOINT": collector.url}, said) as web,
        httpx.AsyncClient(base_url=web, headers={**agent, "origin": "http://shop.test"}) as client,
    ):
        secrets = await purchase(client)
        await mailed(worker)
        async with httpx.AsyncClient() as near:
            said += [(await near.get(f"{url}/metrics")).text for url in (web, worker)]
    metrics = told(said)
    assert metrics["OrdersPaid"] == 1  # the signals are there, and count each thing once
    assert metrics["PaymentsDeclined"] == 1
    assert metrics["CheckoutsBegun"] == 2
    assert metrics["CartsChanged"] == 2
    assert metrics["MailsSent"] == 3
    assert metrics["Revenue"] > 0
    one_order_is_one_trace(collector, said)
    text = "\n".join([*said, collector.text]).casefold()
    assert "post /api/v1/checkout" in text
    passwords = [value for name, value in environment.items() if "PASSWORD" in name]
    found = [
        name
        for name, value in [
            *CANARIES.items(), *(("cookie", value) for value in secrets + passwords)
        ]
        if value.casefold() in text
    ]  # fmt: skip
    assert not found


def one_order_is_one_trace(collector: Collector, said: list[str]) -> None:
    """From the checkout over outbox and queue to the second mail, each the child of the last."""
    (paid,) = (
        span for _, span in collector.spans
        if span.name == "POST /api/v1/checkout" and numbers(span)[_STATUS] == 201
    )  # fmt: skip
    trace = [(who, span) for who, span in collector.spans if span.trace_id == paid.trace_id]
    trace.sort(key=lambda one: one[1].start_time_unix_nano)
    assert [(who, span.name) for who, span in trace] == [
        ("storefront-web", "POST /api/v1/checkout"),
        ("storefront-worker", "send order.paid"),
        ("storefront-worker", "process order.paid"),
        ("storefront-worker", "send order.fulfilled"),
        ("storefront-worker", "process order.fulfilled"),
    ]
    for (_, parent), (_, child) in pairwise(trace):
        assert child.parent_span_id == parent.span_id
        assert child.end_time_unix_nano > child.start_time_unix_nano
    names = {span.name for _, span in collector.spans}
    assert {"POST /api/v1/auth/register", "process customer.registered", "unmatched"} <= names
    assert not [name for name in names if "canary" in name or "/thing-" in name]
    # Lines of the same request carry the same ids.
    logged = [json.loads(line) for text in said for line in text.splitlines() if line[0] == "{"]
    ids = {(line.get("route"), line.get("trace_id")) for line in logged if line.get("request_id")}
    assert ("POST /api/v1/checkout", paid.trace_id.hex()) in ids
    probes = {"GET /healthz", "GET /readyz", "GET /metrics"}
    assert all(trace_id for route, trace_id in ids if route not in probes)


def numbers(span: Any) -> dict[str, int]:
    return {one.key: one.value.int_value for one in span.attributes}


def told(said: list[str]) -> dict[str, float]:
    """The sums of all metrics among the lines; every line of the processes is JSON."""
    sums: dict[str, float] = {}
    for line in "".join(text for text in said if not text.startswith("#")).splitlines():
        fields = json.loads(line)
        for directive in fields.get("_aws", {}).get("CloudWatchMetrics", []):
            assert directive["Namespace"] == "shop-test"
            for metric in directive["Metrics"]:
                value = fields[metric["Name"]]
                sums[metric["Name"]] = sums.get(metric["Name"], 0) + value
    return sums

"""Buys something as a visitor would: looks for it, takes it, pays, and reads the order again.

Standard library only. With the token of a rehearsal nothing is really sold. On the laptop, against
the shop of `make up`: ``CANARY_TOKEN=tok_visa python services/canary/buy.py http://127.0.0.1:8080``.
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

SECONDS = 15.0  # for each step; what takes longer is broken to whoever waits
# Takes mail and delivers it to nobody, without harm to the shop's reputation as a sender.
MAILBOX = "success@simulator.amazonses.com"
ADDRESS = {
    "name": "Canary",
    "line1": "1 Mine Shaft",
    "city": "Seattle",
    "postal_code": "98101",
    "country": "US",
}
# Of what is in stock the cheapest, so that no order meets a limit.
CHOICE = "/api/v1/products?in_stock=true&sort=price&page_size=1"


class BrokenError(Exception):
    """A step did not do what it is for; the message holds no token and no answer's text."""


class Visit:
    """A browser of its own at ``url``, with its cookies; ``steps`` are what took how long (s)."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._open = urllib.request.build_opener(jar).open
        self.steps: dict[str, float] = {}

    def page(self, step: str, path: str) -> None:
        """Look at a page; raises BrokenError unless it comes as HTML."""
        status, kind, _ = self._ask(step, urllib.request.Request(self._url + path))
        if status != 200 or not kind.startswith("text/html"):
            raise BrokenError(f"{step}: GET {path} answered {status} {kind}")

    def call(
        self,
        step: str,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        wanted: int = 200,
        **headers: str,
    ) -> Any:
        """Call the JSON API; raises BrokenError for any status but the ``wanted``."""
        request = urllib.request.Request(
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", **headers},
        )
        status, _, answer = self._ask(step, request)
        if status != wanted:
            raise BrokenError(f"{step}: {method} {path} answered {status}, not {wanted}")
        try:
            return json.loads(answer)
        except ValueError:
            raise BrokenError(f"{step}: {method} {path} did not answer JSON") from None

    def _ask(self, step: str, request: urllib.request.Request) -> tuple[int, str, bytes]:
        request.add_header("User-Agent", "shop-canary/1")  # the firewall refuses who has none
        began = time.monotonic()
        try:
            with self._open(request, timeout=SECONDS) as answer:
                told = answer.status, answer.headers.get("Content-Type", ""), answer.read()
        except urllib.error.HTTPError as refusal:
            told = refusal.code, refusal.headers.get("Content-Type", ""), b""
        except OSError as problem:
            path = request.full_url.removeprefix(self._url)
            raise BrokenError(f"{step}: {path}: {type(problem).__name__}") from None
        self.steps[step] = round(time.monotonic() - began, 3)
        return told


def buy(url: str, token: str) -> dict[str, Any]:
    """Buy the cheapest thing at the shop of ``url``; the order's number, and seconds a step.

    Raises BrokenError that names the step.
    """
    visit = Visit(url)
    visit.page("home", "/")
    found = visit.call("search", "GET", CHOICE)["items"]
    if not found:
        raise BrokenError("search: nothing is in stock")
    sku = found[0]["sku"]
    cart = visit.call("cart", "PUT", f"/api/v1/cart/items/{sku}", {"quantity": 1})
    if [line["sku"] for line in cart["items"]] != [sku]:
        raise BrokenError("cart: holds something else than what was put into it")
    wanted = {
        "email": MAILBOX,
        "shipping_address": ADDRESS,
        "shipping_method": "standard",
        "payment_token": token,
    }
    key = {"Idempotency-Key": str(uuid.uuid4())}
    order = visit.call("checkout", "POST", "/api/v1/checkout", wanted, wanted=201, **key)
    number = order["number"]
    kept = visit.call("order", "GET", f"/api/v1/orders/{number}")
    if kept["number"] != number or kept["status"] not in ("paid", "fulfilled"):
        raise BrokenError(f"order: {number} is {kept['status']}")
    return {"order": number, "seconds": visit.steps}


if __name__ == "__main__":
    if len(sys.argv) != 2 or "CANARY_TOKEN" not in os.environ:
        sys.exit("usage: CANARY_TOKEN=... python services/canary/buy.py URL")
    try:
        print(json.dumps(buy(sys.argv[1], os.environ["CANARY_TOKEN"])))
    except BrokenError as problem:
        sys.exit(str(problem))

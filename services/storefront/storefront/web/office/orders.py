"""Orders for staff: found, opened, and taken along as a file."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import StreamingResponse

from storefront.domain.accounts import Caller
from storefront.domain.admin import OrderSearch
from storefront.domain.orders import Order, OrderStatus
from storefront.domain.pricing import SHIPPING_LABELS
from storefront.usecases import administration
from storefront.web.inputs import typed
from storefront.web.pages.countries import COUNTRY_NAMES
from storefront.web.reply import Reply
from storefront.web.site import Site, cookies_of
from storefront.web.words import moment

STATES: dict[OrderStatus, str] = {
    "pending_payment": "Waiting for payment",
    "paid": "To be sent",
    "fulfilled": "Sent",
    "cancelled": "Cancelled",
}
_COLUMNS = (
    "number", "status", "placed_at", "email", "name", "country", "shipping_method", "units",
    "subtotal", "discount", "shipping", "tax", "total", "currency", "coupon",
)  # fmt: skip


def row(order: Order) -> dict[str, Any]:
    """An order in a list."""
    return {
        "number": order.number,
        "status": order.status,
        "state": STATES[order.status],
        "moment": moment(order.placed_at),
        "email": order.email,
        "units": sum(line.quantity for line in order.lines),
        "total": order.totals.total,
    }


def _asked(request: Request) -> OrderSearch:
    """What is looked for; a status that does not exist is left out."""
    given = typed(request.scope)
    status = next((known for known in STATES if known == given.get("status")), None)
    return OrderSearch(text=given.get("q", ""), status=status, before=given.get("before", ""))


async def list_orders(site: Site, request: Request, caller: Caller) -> Reply:
    """A page of the orders that fit, newest first."""
    asked, shop = _asked(request), site.shop
    found = await administration.find_orders(shop.accounts, shop.administration, caller, asked)
    chosen = {"q": asked.text, "status": asked.status or ""}
    given = {name: value for name, value in chosen.items() if value}
    page = site.templates.page(
        "office_orders.html",
        await site.navigation(),
        tab="orders",
        text=asked.text,
        status=asked.status or "",
        states=list(STATES.items()),
        orders=[row(order) for order in found.items],
        export=_address("/admin/orders.csv", given),
        first=_address("/admin/orders", given) if asked.before else "",
        next=_address("/admin/orders", {**given, "before": found.after}) if found.after else "",
    )
    return site.show(page, cookies_of(request.scope), shared=False)


def _address(path: str, given: dict[str, str]) -> str:
    return f"{path}?{urlencode(given)}" if given else path


async def show_order(site: Site, request: Request, caller: Caller) -> Reply:
    """Everything about an order; raises NotFoundError."""
    shop = site.shop
    file, attempts = await administration.open_order(
        shop.accounts, shop.administration, shop.payments, caller, request.path_params["number"]
    )
    order = file.order
    times = (("Placed", order.placed_at), ("Paid", file.paid_at), ("Sent", file.fulfilled_at))
    page = site.templates.page(
        "office_order.html",
        await site.navigation(),
        tab="orders",
        order=order,
        state=STATES[order.status],
        totals=order.totals,
        total=order.totals.total,
        customer=file.customer,
        times=[(name, moment(when)) for name, when in times if when],
        attempts=attempts,
        shipping=SHIPPING_LABELS[order.shipping_method],
        country=COUNTRY_NAMES.get(order.shipping_address.country, order.shipping_address.country),
    )
    return site.show(page, cookies_of(request.scope), shared=False)


async def export_orders(site: Site, request: Request, caller: Caller) -> StreamingResponse:
    """The orders that fit as CSV, however many there are; amounts as decimals."""
    shop = site.shop
    batches = administration.export_orders(
        shop.accounts, shop.administration, caller, _asked(request)
    )
    # The first batch is read before the answer begins, so that a failure can still be told.
    first: list[Order] = await anext(batches, [])
    name = f"orders-{dt.datetime.now(dt.UTC):%Y-%m-%d}.csv"
    return StreamingResponse(
        _lines(first, batches),
        headers={
            "content-type": "text/csv; charset=utf-8",
            "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "private, no-store",
            "vary": "Cookie",
        },
    )


async def _lines(first: list[Order], batches: AsyncIterator[list[Order]]) -> AsyncIterator[str]:
    yield _csv([list(_COLUMNS), *map(_record, first)])
    async for batch in batches:
        yield _csv([_record(order) for order in batch])


def _csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _record(order: Order) -> list[str]:
    totals = order.totals
    amounts = (totals.subtotal, totals.discount, totals.shipping, totals.tax, totals.total)
    return [
        order.number,
        order.status,
        order.placed_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        _harmless(order.email),
        _harmless(order.shipping_address.name),
        order.shipping_address.country,
        order.shipping_method,
        str(sum(line.quantity for line in order.lines)),
        *(f"{amount // 100}.{amount % 100:02}" for amount in amounts),
        order.currency,
        _harmless(order.coupon or ""),
    ]


def _harmless(text: str) -> str:
    """What buyers typed, so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

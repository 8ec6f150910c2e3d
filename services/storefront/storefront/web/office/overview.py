"""The shop at a glance."""

from __future__ import annotations

from starlette.requests import Request

from storefront.domain.accounts import Caller
from storefront.usecases import administration
from storefront.web.reply import Reply
from storefront.web.site import Site, cookies_of

from .orders import row


async def show_overview(site: Site, request: Request, caller: Caller) -> Reply:
    """Sales, what waits, what runs low, and the newest orders."""
    shop = site.shop
    seen = await administration.shop_overview(shop.accounts, shop.administration, caller)
    page = site.templates.page(
        "office_overview.html",
        await site.navigation(),
        tab="overview",
        sales=[("Today", seen.today), ("Last 7 days", seen.week), ("Last 30 days", seen.month)],
        to_fulfil=seen.to_fulfil,
        to_pay=seen.to_pay,
        low_stock=seen.low_stock,
        low_count=seen.low_count,
        low=administration.LOW_STOCK,
        orders=[row(order) for order in seen.recent],
    )
    return site.show(page, cookies_of(request.scope), shared=False)

"""Reviews for staff: read as they come, and removed where they must not stand."""

from __future__ import annotations

import re

from starlette.requests import Request

from storefront.domain.accounts import Caller
from storefront.domain.errors import NotFoundError
from storefront.usecases import administration
from storefront.web.inputs import form, typed
from storefront.web.pages.reviews import view
from storefront.web.reply import Reply, see_other
from storefront.web.site import Site, cookies_of

_ID = re.compile(r"[1-9]\d{0,17}", re.ASCII)


async def list_reviews(site: Site, request: Request, caller: Caller) -> Reply:
    """The newest reviews of all products."""
    given, shop = typed(request.scope), site.shop
    asked = given.get("before", "")
    before = int(asked) if _ID.fullmatch(asked) else None
    found, after = await administration.newest_reviews(
        shop.accounts, shop.administration, caller, before
    )
    page = site.templates.page(
        "office_reviews.html",
        await site.navigation(),
        tab="reviews",
        found=[
            {"id": f.id, "slug": f.slug, "product": f.product, "review": view(f.review)}
            for f in found
        ],
        removed=bool(given.get("removed")),
        first="/admin/reviews" if before else "",
        next=f"/admin/reviews?before={after}" if after else "",
        seconds=site.settings.page_cache_seconds,
    )
    return site.show(page, cookies_of(request.scope), shared=False)


async def remove_review(site: Site, request: Request, caller: Caller) -> Reply:
    """Remove a review; raises NotFoundError for what cannot be one's number."""
    form(request)
    number, shop = request.path_params["id"], site.shop
    if not _ID.fullmatch(number):
        raise NotFoundError("There is no such review.")
    await administration.remove_review(shop.accounts, shop.administration, caller, int(number))
    return see_other("/admin/reviews?removed=1")

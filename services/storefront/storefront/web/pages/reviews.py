"""What buyers say: on pages that are the same for everyone, and the personal page to write on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request

from storefront.domain import errors as refused
from storefront.domain.reviews import Review, ReviewPage
from storefront.usecases import reviews
from storefront.web.inputs import form, slug_of, typed
from storefront.web.problems import describe
from storefront.web.render import Page
from storefront.web.reply import Reply, see_other
from storefront.web.site import Site, Visitor, cookies_of
from storefront.web.words import day, paragraphs

_FIELDS = ("rating", "title", "text")
_WORDS = ("Poor", "Fair", "Good", "Very good", "Excellent")


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A review as templates show it."""

    author: str
    rating: int
    title: str
    paragraphs: list[str]
    day: str
    written_at: str  # ISO 8601


def view(review: Review) -> ReviewView:
    """A review for a template."""
    return ReviewView(
        review.author,
        review.rating,
        review.title,
        paragraphs(review.text),
        day(review.written_at),
        review.written_at.isoformat(timespec="seconds"),
    )


def sums(page: ReviewPage) -> dict[str, Any]:
    """Average, count, and how often five stars to one were given."""
    return {
        "count": page.count,
        "average": page.average,
        "stars": [(n, page.distribution[n - 1]) for n in range(5, 0, -1)],
    }


async def all_reviews(site: Site, request: Request) -> Page:
    """All reviews of a product, page by page: the same for everyone; raises NotFoundError."""
    slug = slug_of(request, "slug")
    asked = typed(request.scope).get("page", "1")
    number = int(asked) if re.fullmatch(r"[1-9]\d{0,3}", asked, re.ASCII) else 1
    item = await site.shop.catalogue.product(slug)
    found = await reviews.product_reviews(site.shop.reviews, slug, number)
    return site.templates.page(
        "reviews.html",
        await site.categories(),
        current=item.summary.category,
        product=item.summary,
        category_name=item.category_name,
        sums=sums(found),
        reviews=[view(review) for review in found.items],
        previous=f"/p/{slug}/reviews?page={number - 1}" if number > 1 else "",
        next=f"/p/{slug}/reviews?page={number + 1}"
        if number * found.page_size < found.count
        else "",
    )


async def show_review(site: Site, request: Request) -> Reply:
    """The form for who bought the product; everybody else is told why there is none."""
    return await _page(site, request, await site.visitor(request), {})


async def send_review(site: Site, request: Request) -> Reply:
    """Store the review, then show it; a refusal loses nothing of what was typed."""
    fields = form(request)
    slug = slug_of(request, "slug")
    visitor = await site.visitor(request)
    rating = fields.get("rating", "")
    raw: dict[str, object] = {name: fields.get(name, "") for name in _FIELDS}
    raw["rating"] = int(rating) if re.fullmatch(r"[0-9]", rating, re.ASCII) else rating or None
    try:
        await reviews.write_review(site.shop.reviews, visitor.caller, slug, raw)
    except (refused.UnavailableError, refused.NotFoundError):
        raise
    except refused.ShopError as problem:
        return await _page(site, request, visitor, fields, problem)
    return see_other(f"/p/{slug}/review?thanks=1")


async def _page(
    site: Site,
    request: Request,
    visitor: Visitor,
    fields: dict[str, str],
    problem: refused.ShopError | None = None,
) -> Reply:
    slug = slug_of(request, "slug")
    item = await site.shop.catalogue.product(slug)
    state, own = await _state(site, visitor, slug)
    if isinstance(problem, refused.NotSignedInError) and state == "signed_out":
        state = "form"  # signed out while writing: the text must not be lost
    told = describe(problem) if problem else None
    errors = dict(told.errors) if told else {}
    page = site.templates.page(
        "review.html",
        await site.navigation(),
        current=item.summary.category,
        product=item.summary,
        state=state,
        own=view(own) if own else None,
        thanks=bool(typed(request.scope).get("thanks")),
        values={name: fields.get(name, "") for name in _FIELDS},
        errors=errors,
        problem="Please look at the marked fields." if errors else told.detail if told else "",
        sign_in=isinstance(problem, refused.NotSignedInError),
        words=list(enumerate(_WORDS, 1)),
        max_title=reviews.MAX_TITLE,
        max_text=reviews.MAX_TEXT,
    )
    sent, cookies = cookies_of(request.scope), list[str]()
    if sent.session and visitor.caller.customer is None:  # a session that has ended
        sent, cookies = replace(sent, session=""), [site.jar.session("")]
    reply = site.show(page, sent, shared=False, status=told.status if told else 200)
    return reply.cookies(cookies)


async def _state(site: Site, visitor: Visitor, slug: str) -> tuple[str, Review | None]:
    """Which face the page has, and the visitor's own review if there is one."""
    if visitor.caller.customer is None:
        return "signed_out", None
    standing = await reviews.standing(site.shop.reviews, visitor.caller, slug)
    if standing.review:
        return "reviewed", standing.review
    return "form" if standing.bought else "not_bought", None

"""Signing in, registering, and the customer's own pages."""

from __future__ import annotations

import re

from starlette.requests import Request

from storefront.domain import errors as refused
from storefront.usecases import orders
from storefront.web import signing
from storefront.web.inputs import form, typed
from storefront.web.problems import describe
from storefront.web.reply import Reply, see_other
from storefront.web.site import Site, cookies_of
from storefront.web.words import day

_OWN_PATH = re.compile(r"/(?:[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*)?\Z")


def _after(wanted: str) -> str:
    """Where to go after signing in: a page of ours, never somebody else's."""
    return wanted if _OWN_PATH.match(wanted) else "/account"


async def show_account(site: Site, request: Request) -> Reply:
    """Who is signed in and their latest orders; others sign in first."""
    return await _own_orders(site, request, "account.html", latest=3)


async def show_orders(site: Site, request: Request) -> Reply:
    """All of the customer's orders."""
    return await _own_orders(site, request, "orders.html", latest=None)


async def _own_orders(site: Site, request: Request, template: str, latest: int | None) -> Reply:
    visitor = await site.visitor(request)
    if visitor.caller.customer is None:
        reply = see_other(f"/login?next={request.url.path}")
        # A session that has ended must not make the header say "Account".
        return reply.cookies([site.jar.session("")] if cookies_of(request.scope).session else [])
    found = await orders.order_history(site.shop.orders, visitor.caller)
    page = site.templates.page(
        template,
        await site.navigation(),
        customer=visitor.caller.customer,
        orders=[
            {
                "number": order.number,
                "status": order.status,
                "total": order.totals.total,
                "day": day(order.placed_at),
                "units": sum(line.quantity for line in order.lines),
                "names": ", ".join(line.name for line in order.lines[:3]),
            }
            for order in found[:latest]
        ],
        count=len(found),
        shelf=site.templates.for_you(await site.shelves.for_you(visitor.caller)),
    )
    return site.show(page, cookies_of(request.scope), shared=False)


async def show_login(site: Site, request: Request) -> Reply:
    """The sign-in form."""
    return await _form(site, request, "login.html", {}, typed(request.scope).get("next", ""))


async def show_register(site: Site, request: Request) -> Reply:
    """The registration form."""
    return await _form(site, request, "register.html", {}, typed(request.scope).get("next", ""))


async def send_login(site: Site, request: Request) -> Reply:
    """Sign in and go on to where the visitor came from."""
    fields = form(request)
    try:
        signed = await signing.sign_in(
            site, request, email=fields.get("email", ""), password=fields.get("password", "")
        )
    except refused.UnavailableError:
        raise
    except refused.ShopError as problem:
        return await _form(
            site, request, "login.html", fields, fields.get("next", ""), problem=problem
        )
    return see_other(_after(fields.get("next", ""))).cookies(signed.cookies)


async def send_register(site: Site, request: Request) -> Reply:
    """Register, sign in and go on to where the visitor came from."""
    fields = form(request)
    try:
        signed = await signing.register(
            site,
            request,
            email=fields.get("email", ""),
            password=fields.get("password", ""),
            name=fields.get("name", ""),
        )
    except refused.UnavailableError:
        raise
    except refused.ShopError as problem:
        return await _form(
            site, request, "register.html", fields, fields.get("next", ""), problem=problem
        )
    return see_other(_after(fields.get("next", ""))).cookies(signed.cookies)


async def send_logout(site: Site, request: Request) -> Reply:
    """Sign out and go home."""
    form(request)
    return see_other("/").cookies(await signing.sign_out(site, request))


async def _form(
    site: Site,
    request: Request,
    template: str,
    fields: dict[str, str],
    after: str,
    *,
    problem: refused.ShopError | None = None,
) -> Reply:
    """The form again, with what was typed (never the password) and what is wrong with it."""
    told = describe(problem) if problem else None
    errors = dict(told.errors) if told else {}
    page = site.templates.page(
        template,
        await site.navigation(),
        email=fields.get("email", ""),
        name=fields.get("name", ""),
        after=_after(after) if after else "",
        errors=errors,
        problem="Please look at the marked fields." if errors else told.detail if told else "",
    )
    reply = site.show(
        page, cookies_of(request.scope), shared=False, status=told.status if told else 200
    )
    reply.headers.extend(told.headers if told else [])
    return reply

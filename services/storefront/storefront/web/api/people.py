"""Registering, signing in and out, for programs."""

from __future__ import annotations

from starlette.requests import Request

from storefront.domain.errors import NotSignedInError
from storefront.web.inputs import json_body, require_json
from storefront.web.reply import Reply, as_json, nothing
from storefront.web.signing import register as register_customer
from storefront.web.signing import sign_in, sign_out
from storefront.web.site import Site

from .schemas import Credentials, Registration
from .views import customer_out


async def register(site: Site, request: Request) -> Reply:
    """Register a customer and sign them in."""
    require_json(request)
    wanted = json_body(request, Registration)
    signed = await register_customer(
        site, request, email=wanted.email, password=wanted.password, name=wanted.name
    )
    return as_json(customer_out(signed.customer), 201).cookies(signed.cookies)


async def login(site: Site, request: Request) -> Reply:
    """Sign in; what is in the visitor's cart joins the customer's."""
    require_json(request)
    given = json_body(request, Credentials)
    signed = await sign_in(site, request, email=given.email, password=given.password)
    return as_json(customer_out(signed.customer)).cookies(signed.cookies)


async def logout(site: Site, request: Request) -> Reply:
    """End the session; signing out twice is no error."""
    require_json(request)
    return nothing().cookies(await sign_out(site, request))


async def me(site: Site, request: Request) -> Reply:
    """Who is signed in."""
    visitor = await site.visitor(request)
    if visitor.caller.customer is None:
        raise NotSignedInError("Nobody is signed in.")
    return as_json(customer_out(visitor.caller.customer))

"""What is said about the shop rather than sold: API documents, privacy, robots, site map, icon."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

import msgspec
from starlette.requests import Request

from storefront.web.api.openapi import document
from storefront.web.headers import public
from storefront.web.problems import KINDS
from storefront.web.reply import Reply, shared_json
from storefront.web.site import Site, cookies_of

_HOUR = public(3600)
_KINDS_OF_VALUE = {"integer": "whole number", "string": "text", "boolean": "true or false"}


async def openapi(site: Site, request: Request) -> Reply:
    """The OpenAPI document."""
    del request
    return shared_json(document(site.settings.shop_name, site.settings.public_url), _HOUR)


async def docs(site: Site, request: Request) -> Reply:
    """The OpenAPI document for people."""
    api = document(site.settings.shop_name, site.settings.public_url)
    calls = [
        {
            **call,
            "method": method.upper(),
            "path": path,
            "parameters": [{**p, "accepts": _accepts(p)} for p in call["parameters"]],
        }
        for path, methods in api["paths"].items()
        for method, call in methods.items()
    ]
    schemas = [
        {
            "name": name,
            "text": schema.get("description", ""),
            "json": msgspec.json.format(
                msgspec.json.encode({k: v for k, v in schema.items() if k != "description"}),
                indent=2,
            ).decode(),
        }
        for name, schema in api["components"]["schemas"].items()
    ]
    problems = [
        {"status": status, "kind": kind, "title": title} for status, kind, title in KINDS.values()
    ]
    page = site.templates.page(
        "docs.html",
        await site.navigation(),
        info=api["info"],
        calls=calls,
        schemas=schemas,
        problems=problems,
    )
    return site.show(page, cookies_of(request.scope), shared=True)


def _accepts(parameter: dict[str, Any]) -> str:
    """What a parameter takes, in words."""
    schema: dict[str, Any] = parameter["schema"]
    schema = {**schema, **next(iter(schema.get("anyOf", [{}])))}
    words = [parameter.get("description") or schema.get("description", "")]
    words.append(" · ".join(schema.get("enum", [])) or _KINDS_OF_VALUE[schema["type"]])
    if "minimum" in schema:
        words.append(f"{schema['minimum']:,} to {schema['maximum']:,}")
    if "maxLength" in schema:
        words.append(f"at most {schema['maxLength']} characters")
    if schema.get("default") not in (None, ""):
        words.append(f"usually {msgspec.json.encode(schema['default']).decode()}")
    return "; ".join(word for word in words if word)


async def privacy(site: Site, request: Request) -> Reply:
    """What is kept about visitors, and their choice."""
    page = site.templates.page("privacy.html", await site.navigation())
    return site.show(page, cookies_of(request.scope), shared=True)


async def robots(site: Site, request: Request) -> Reply:
    """What search engines should leave alone."""
    del request
    private = ("account", "api", "cart", "checkout", "login", "orders", "register", "search")
    lines = ["User-agent: *", *(f"Disallow: /{name}" for name in private)]
    lines.append(f"Sitemap: {site.settings.public_url}/sitemap.xml")
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_HOUR]
    return Reply(200, headers, ("\n".join(lines) + "\n").encode())


async def sitemap(site: Site, request: Request) -> Reply:
    """The home page and every category, for search engines."""
    del request
    paths = ["/", *(f"/c/{category.slug}" for category in await site.categories())]
    places = "".join(
        f"<url><loc>{escape(site.settings.public_url + path)}</loc></url>" for path in paths
    )
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>'
    )
    return Reply(200, [(b"content-type", b"application/xml"), *_HOUR], body.encode())


async def favicon(site: Site, request: Request) -> Reply:
    """For browsers that ask without looking into the page."""
    del request
    address = site.assets.address("icon.svg").encode()
    return Reply(308, [(b"location", address), *_HOUR], b"")

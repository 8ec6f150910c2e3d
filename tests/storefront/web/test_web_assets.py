"""Static files and pictures: from the shop itself, or from the asset host that it is told."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest
from storefront.web.app import create_app
from web_kit import page, visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOST = "https://assets.example.com"
LOADED = re.compile(r'(?:src|href)="([^"]*/(?:static|images)/[^"]*)"')
PATHS = ("/", "/c/lamps", "/p/thing-002", "/p/thing-002/review", "/cart")


@pytest.mark.parametrize("host", ["", HOST])
async def test_pages_link_to_the_asset_host(shop: Any, host: str) -> None:
    settings = dataclasses.replace(shop.settings, assets_url=host)
    async with visitor(create_app(dataclasses.replace(shop, settings=settings))) as client:
        await client.post("/cart/items", data={"sku": "SKU-002", "quantity": "1"})
        for path in PATHS:
            answer = await client.get(path)
            page(answer)
            loaded = LOADED.findall(answer.text)
            assert any("/static/site." in link for link in loaded)
            assert any("/images/things/" in link for link in loaded), path
            assert {link.split("/static/")[0].split("/images/")[0] for link in loaded} == {host}
            rules = dict(
                rule.split(" ", 1)
                for rule in answer.headers["content-security-policy"].split("; ")
                if " " in rule
            )
            for kind in ("script-src", "style-src", "font-src", "img-src"):
                sources = rules[kind].split()
                assert "'self'" in sources
                assert (HOST in sources) is bool(host)
            assert rules["connect-src"] == rules["form-action"] == "'self'"
        text = (await client.get("/p/thing-002")).text
        said = re.search(r'application/ld\+json">(.*?)</script>', text)
        assert said
        picture = json.loads(said[1])["image"]
        assert picture == f"{host or shop.settings.public_url}/images/things/plain.svg"
        # Programs are told what the catalogue has.
        summary = (await client.get("/api/v1/products/thing-002")).json()
        assert summary["image_url"] == "/images/things/plain.svg"


async def test_files_may_be_loaded_by_pages_of_another_host_if_there_is_one(shop: Any) -> None:
    for host in ("", HOST):
        settings = dataclasses.replace(shop.settings, assets_url=host)
        async with visitor(create_app(dataclasses.replace(shop, settings=settings))) as client:
            files = {
                link.removeprefix(host) for link in LOADED.findall((await client.get("/")).text)
            }
            for address in (*files, "/", "/cart", "/api/v1/products"):
                headers = (await client.get(address)).headers
                open_to_all = bool(host) and address in files
                assert headers.get_list("cross-origin-resource-policy") == [
                    "cross-origin" if open_to_all else "same-origin"
                ]
                assert headers.get("access-control-allow-origin") == ("*" if open_to_all else None)


async def test_fonts_come_from_where_the_style_sheet_came_from(shop: Any) -> None:
    settings = dataclasses.replace(shop.settings, assets_url=HOST)
    async with visitor(create_app(dataclasses.replace(shop, settings=settings))) as client:
        home = (await client.get("/")).text
        style = next(a for a in LOADED.findall(home) if a.endswith(".css"))
        text = (await client.get(style.removeprefix(HOST))).text
        assert len(re.findall(r"url\(/static/[^)]+woff2\)", text)) == 2
        assert HOST not in text

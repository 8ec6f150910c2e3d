"""A person buys something in a real browser, from the shop that `make up` brings up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from boxkit import ROOT, Box, boxed
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """With the whole demo catalogue, as `make up` fills it."""
    with boxed(tmp_path_factory.mktemp("browser") / "state", ROOT) as box:
        box.up()
        yield box


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture(params=["with JavaScript", "without JavaScript", "on a phone"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A visitor's page that fails the test on errors in the console."""
    size: Any = {"width": 390, "height": 844} if "phone" in request.param else None
    context = browser.new_context(
        java_script_enabled="without" not in request.param,
        viewport=size or {"width": 1280, "height": 900},
    )
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
    yield page
    context.close()
    assert not troubles


def test_browse_fill_a_cart_pay_and_see_the_order(shop: Box, page: Page) -> None:
    page.goto(f"{shop.url}/")
    page.get_by_role("searchbox").fill("stoneware mug")
    page.get_by_role("searchbox").press("Enter")
    product = page.locator("main a[href^='/p/']").first
    href = product.get_attribute("href")
    page.goto(f"{shop.url}{href}")
    name = page.get_by_role("heading", level=1).inner_text()
    picture = page.locator("main img").first
    assert picture.evaluate("image => image.naturalWidth") > 0, "the picture does not show"

    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("header")).to_contain_text("1")
    page.goto(f"{shop.url}/cart")
    expect(page.locator("main")).to_contain_text(name)

    page.goto(f"{shop.url}/checkout")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Full name").fill("Ada Shopper")
    page.get_by_label("Address", exact=True).fill("1 Mill Lane")
    page.get_by_label("City").fill("Springfield")
    page.get_by_label("Postal code").fill("12345")
    expect(page.get_by_label("Country")).to_have_value("US")  # as the currency
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url("**/orders/*")
    expect(page.locator("main")).to_contain_text(name)
    expect(page.locator("main")).to_contain_text("Springfield")


def test_pages_do_not_move_or_overflow(shop: Box, page: Page) -> None:
    for path in ("/", "/c/mugs-cups", "/search?q=oak", "/cart", "/login", "/register", "/privacy"):
        page.goto(f"{shop.url}{path}")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} is {wide} px too wide"
        assert page.locator("h1").count() == 1, path

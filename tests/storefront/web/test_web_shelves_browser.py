"""Shelves and consent in a real browser, before the real storefront and a peer that answers well or
badly for the recommendation endpoints.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from peer_kit import Peer, served
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from storefront.settings import Settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
BESIDE = "[data-shelf=also-bought]"
SHIFTS = """
    self.shifts = 0;
    new PerformanceObserver((list) => {
        for (const shift of list.getEntries()) self.shifts += shift.value;
    }).observe({ type: "layout-shift", buffered: true });
"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def site(settings: Settings) -> Iterator[tuple[Peer, str]]:
    """Pages wait for their shelves here: on a busy machine they would come without, as they do."""
    with pytest.MonkeyPatch.context() as patch, served(settings) as (peer, url):
        patch.setattr("storefront.web.shelves.PATIENCE", 10.0)
        yield peer, url


@pytest.fixture(scope="module")
def browser(site: object) -> Iterator[Browser]:
    """Started last: its loop runs in this thread, and the shop's parts are made with another."""
    del site
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture
def peer(site: tuple[Peer, str]) -> Peer:
    site[0].forget()
    return site[0]


@pytest.fixture
def context(browser: Browser, site: tuple[Peer, str]) -> Iterator[BrowserContext]:
    """A visitor who has not been asked yet; what their pages complain about fails the test."""
    context = browser.new_context(base_url=site[1], viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    troubles: list[str] = []
    context.on("weberror", lambda error: troubles.append(str(error.error)))
    context.on(
        "console",
        lambda m: (
            troubles.append(m.text)
            if m.type == "error" and "api/v1/recommendations" not in m.location["url"]
            else None
        ),
    )
    yield context
    context.close()
    assert troubles == []


@pytest.fixture
def willing(context: BrowserContext, site: tuple[Peer, str]) -> Page:
    """The page of a visitor who said yes earlier."""
    context.add_cookies([{"name": "consent", "value": "yes", "url": site[1]}])
    return context.new_page()


def until(happened: Callable[[], object], page: Page, seconds: float = 10) -> None:
    """Wait for something outside of the page, while the page goes on."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it never happened"
        page.wait_for_timeout(20)


def skus(page: Page, shelf: str) -> list[str]:
    cards: list[str] = page.locator(f"{shelf} .card").evaluate_all(
        "all => all.map(c => c.dataset.sku)"
    )
    return cards


def settled(page: Page) -> None:
    """Wait until the page had its idle moment, and the answer after it its own."""
    page.evaluate("new Promise(done => requestIdleCallback(() => setTimeout(done, 100)))")


def test_without_an_answer_nothing_is_asked_kept_or_told(
    context: BrowserContext, peer: Peer
) -> None:
    page = context.new_page()
    page.goto("/p/thing-002")
    bar = page.get_by_role("complementary", name="May we remember")
    expect(bar).to_be_visible()
    before = skus(page, BESIDE)
    page.locator(f"{BESIDE} .card a").first.click()
    page.wait_for_url(f"**/p/thing-{before[0][-3:]}")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("header .count")).to_contain_text("1")
    bar.get_by_role("button", name="No").click()
    expect(bar).to_be_hidden()
    for path in ("/", "/p/thing-004", "/cart"):
        page.goto(path)
        expect(bar).to_be_hidden()
        settled(page)
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    page.goto("about:blank")
    assert (peer.asked, peer.batches, peer.refused) == ([], [], [])
    (cookie,) = [c for c in context.cookies() if c["name"] == "consent"]
    assert (cookie["value"], cookie["sameSite"]) == ("no", "Lax")
    assert 179 < (cookie["expires"] - time.time()) / 86_400 <= 180


def test_a_yes_swaps_the_shelf_in(context: BrowserContext, peer: Peer) -> None:
    page = context.new_page()
    page.add_init_script(SHIFTS)
    page.goto("/p/thing-002")
    settled(page)
    shelf = page.locator(BESIDE)
    fallback = {
        card.get_attribute("data-sku"): card.evaluate("card => card.outerHTML")
        for card in shelf.locator(".card").all()
    }
    before = skus(page, BESIDE)
    assert shelf.get_attribute("data-source") == "popular"
    page.get_by_role("complementary").get_by_role("button", name="Yes").click()
    expect(shelf).to_have_attribute("data-source", "personalize")
    expect(shelf).to_have_attribute("data-recommendation-id", "RID-also-bought")
    expect(shelf.get_by_role("heading")).to_have_text("Customers also bought")
    assert skus(page, BESIDE) == before[::-1]
    (asked,) = [query for query in peer.asked if query["shelf"] == ["also-bought"]]
    assert asked == {"shelf": ["also-bought"], "sku": ["SKU-002"], "limit": ["4"]}
    # The script's cards are the server's, to the letter.
    for card in shelf.locator(".card").all():
        made = card.evaluate("card => card.outerHTML")
        assert _plain(made) == _plain(fallback[card.get_attribute("data-sku")])
    assert page.evaluate("shifts") < 0.01


def _plain(html: str) -> list[str]:
    """The attributes and texts of some HTML, whatever their order."""
    return sorted(re.findall(r'[a-z-]+="[^"]*"|[^<>]+(?=<)', html))


def test_the_way_to_the_cart_is_told(willing: Page, peer: Peer) -> None:
    willing.goto("/p/thing-002")
    shelf = willing.locator(BESIDE)
    expect(shelf).to_have_attribute("data-source", "personalize")
    chosen = skus(willing, BESIDE)[0]
    shelf.locator(".card a").first.click()
    willing.wait_for_url(f"**/p/thing-{chosen[-3:]}")
    willing.get_by_role("button", name="Add to cart").click()
    expect(willing.locator("header .count")).to_contain_text("1")
    willing.goto("/privacy")  # what is left to say is said on leaving
    until(lambda: len(peer.events) == 4, willing)
    assert peer.refused == []
    told = [(e.type, e.sku, e.shelf, e.source, e.recommendation_id) for e in peer.events]
    way = ("also-bought", "personalize", "RID-also-bought")
    assert told == [
        ("View", "SKU-002", None, None, None),
        ("Click", chosen, *way),
        ("View", chosen, *way),
        ("AddToCart", chosen, *way),
    ]
    assert len({e.id for e in peer.events} | {b.id for b in peer.batches}) == 4 + len(peer.batches)
    assert all(abs(e.at - time.time() * 1000) < 60_000 for e in peer.events)


def test_events_go_in_batches_without_waiting_for_the_end(willing: Page, peer: Peer) -> None:
    # Over plain HTTP browsers have no randomUUID.
    willing.add_init_script("delete Crypto.prototype.randomUUID")
    willing.goto("/p/thing-002")
    willing.evaluate(
        "for (let n = 0; n < 44; n++) document.dispatchEvent(new CustomEvent('added',"
        " { detail: 'SKU-006' }))"
    )
    until(lambda: len(peer.events) == 45, willing)
    assert peer.refused == []
    assert sorted(len(batch.events) for batch in peer.batches) == [5, 20, 20]


def test_what_was_looked_at_comes_back_the_latest_first(willing: Page, peer: Peer) -> None:
    for number in ("002", "003", "004", "002"):
        willing.goto(f"/p/thing-{number}")
    willing.add_init_script(SHIFTS)
    willing.goto("/")
    expect(willing.locator("[data-shelf=recently-viewed]")).to_be_visible()
    assert skus(willing, "[data-shelf=recently-viewed]") == ["SKU-002", "SKU-004", "SKU-003"]
    expect(willing.locator("[data-shelf=for-you]")).to_be_visible()
    settled(willing)
    assert willing.evaluate("shifts") < 0.01
    (context,) = [query for query in peer.asked if query["shelf"] == ["for-you"]]
    assert context["sku"] == ["SKU-002", "SKU-004", "SKU-003"]
    willing.goto("/p/thing-004")
    expect(willing.locator("[data-shelf=recently-viewed]")).to_be_visible()
    assert skus(willing, "[data-shelf=recently-viewed]") == ["SKU-002", "SKU-003"]


def test_a_recommender_that_hangs_changes_nothing(
    willing: Page, peer: Peer, context: BrowserContext
) -> None:
    context.clear_cookies()
    willing.goto("/p/thing-002")
    fallback = skus(willing, BESIDE)
    context.add_cookies([{"name": "consent", "value": "yes", "url": willing.url}])
    peer.answer = "hang"
    ended: list[str] = []
    willing.on("requestfailed", lambda request: ended.append(request.failure or ""))
    began = time.monotonic()
    willing.goto("/p/thing-002")  # until it is loaded
    loaded = time.monotonic() - began
    until(lambda: ended, willing)
    assert ended == ["net::ERR_ABORTED"] * len(ended)
    assert loaded < 2.5, "the page waited"
    assert time.monotonic() - began < 4.5, "the script waited"
    assert skus(willing, BESIDE) == fallback
    assert willing.locator(BESIDE).get_attribute("data-source") == "popular"


GOOD = {
    "sku": "SKU-008", "slug": "thing-008", "name": "Good", "category": "lamps",
    "price": {"amount": 900, "currency": "USD"}, "image_url": "/images/things/plain.svg",
    "in_stock": True, "rating": None,
}  # fmt: skip


def said(*items: Any, **changed: Any) -> bytes:
    return json.dumps({"items": items, "source": "popular", **changed}).encode()


BAD = {
    "no JSON": b"<!doctype html><p>Oops",
    "null": b"null",
    "no items": said(),
    "no list": json.dumps({"items": {"0": GOOD}, "source": "popular"}).encode(),
    "fewer than there are": said(GOOD),
    "unknown source": said(*[GOOD] * 4, source="elsewhere"),
    "a script as picture": said(*[{**GOOD, "image_url": "javascript:alert(1)"}] * 4),
    "another host's page": said(*[{**GOOD, "slug": "/evil.example/"}] * 4),
    "no price": said(*[{**GOOD, "price": None}] * 4),
    "a price in words": said(*[{**GOOD, "price": {"amount": "9", "currency": "USD"}}] * 4),
    "one bad among good": said(*[GOOD] * 3, {**GOOD, "name": 5}),
}


def test_garbage_changes_nothing(willing: Page, peer: Peer) -> None:
    peer.answer, peer.status = b"{}", 503
    willing.goto("/p/thing-002")
    fallback = willing.locator(BESIDE).evaluate("shelf => shelf.outerHTML")
    for name, answer in {**BAD, "an error": said(*[GOOD] * 4)}.items():
        peer.answer, peer.status = answer, 500 if name == "an error" else 200
        with willing.expect_response("**/api/v1/recommendations?*also-bought*"):
            willing.goto("/p/thing-002")
        settled(willing)
        assert willing.locator(BESIDE).evaluate("shelf => shelf.outerHTML") == fallback, name


def test_names_are_text(willing: Page, peer: Peer) -> None:
    name = "<img src=x onerror=alert(1)>"
    peer.answer = said(*[{**GOOD, "name": name, "rating": 4.25, "in_stock": True}] * 4)
    willing.goto("/p/thing-002")
    expect(willing.locator(f"{BESIDE} .card .name").first).to_have_text(name)
    expect(willing.locator(f"{BESIDE} .card .price").first).to_have_text("$9.00")
    expect(willing.locator(f"{BESIDE} .rated").first).to_contain_text("4.3")
    # What only sells is not called chosen.
    with willing.expect_response("**/api/v1/recommendations?*for-you*"):
        willing.goto("/")
    settled(willing)
    expect(willing.locator("[data-shelf=for-you]")).to_be_hidden()


def test_global_privacy_control_is_a_no(context: BrowserContext, willing: Page, peer: Peer) -> None:
    context.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })"
    )
    for path in ("/p/thing-002", "/", "/privacy"):
        willing.goto(path)
        settled(willing)
        expect(willing.locator("#ask")).to_be_hidden()
    expect(willing.locator("main")).to_contain_text("Global Privacy Control")
    expect(willing.get_by_role("button", name="Yes, remember")).to_be_disabled()
    assert (peer.asked, peer.batches) == ([], [])
    assert willing.evaluate("localStorage.length") == 0


def test_a_change_of_mind_is_heeded_and_forgets(willing: Page, peer: Peer) -> None:
    willing.goto("/p/thing-002")
    assert willing.evaluate("localStorage.length") == 1
    willing.get_by_role("link", name="Privacy and your choices").click()
    yes = willing.get_by_role("button", name="Yes, remember")
    no = willing.get_by_role("button", name="No, do not")
    expect(yes).to_have_attribute("aria-pressed", "true")
    no.click()
    expect(no).to_have_attribute("aria-pressed", "true")
    expect(willing.get_by_role("status")).to_contain_text("We will not.")
    assert willing.evaluate("localStorage.length + sessionStorage.length") == 0
    peer.forget()
    willing.goto("/p/thing-004")
    settled(willing)
    willing.goto("/privacy")
    assert (peer.asked, peer.batches) == ([], [])
    willing.get_by_role("button", name="Yes, remember").click()
    willing.goto("/p/thing-004")
    until(lambda: peer.events, willing)


def test_everything_loads_from_an_asset_host_that_is_another_origin(
    context: BrowserContext, site: tuple[Peer, str]
) -> None:
    page = context.new_page()
    page.goto("/p/thing-002")
    expect(page.locator("html.js")).to_be_attached()  # the script ran
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px Figtree'))")
    loaded = page.evaluate("performance.getEntriesByType('resource').map(r => r.name)")
    assert {name.rsplit(".", 1)[-1] for name in loaded} >= {"css", "js", "woff2", "svg"}
    assert {name.rsplit("/", 2 if "/static/" in name else 3)[0] for name in loaded} == {
        site[1].replace("127.0.0.1", "localhost")
    }
    assert page.locator("main img").first.evaluate("image => image.naturalWidth") > 0

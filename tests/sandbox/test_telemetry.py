"""Signals of a running sandbox, and its declared alarms: seen to ring, and to be quiet again."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from boxkit import ROOT, Box, boxed, eventually
from faultkit import alarm, alarm_state, eventually_alarm, scaled, shown, visitors
from playwright.sync_api import expect, sync_playwright
from test_browser import CHROMIUM, FLAGS


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """The real program, with an empty shop and a minute that is over in half a second."""
    with boxed(tmp_path_factory.mktemp("telemetry") / "state", ROOT) as box:
        box.up("--empty", "--speed", "120")
        yield box


def test_an_outage_rings_and_is_over_when_it_is_over(shop: Box) -> None:
    eventually_alarm(shop, "no-hosts", "OK")
    assert alarm_state(shop, "browse-page") == "OK"
    with visitors(shop, ("/search?q=outage{n}",)) as seen:
        with scaled(shop, "web", 0):
            rung = eventually_alarm(shop, "no-hosts")
            assert rung["value"] == 0
            assert rung["runbook"] == "no-hosts"
            eventually_alarm(shop, "unreachable")
            eventually_alarm(shop, "browse-page")
            assert alarm(shop, "browse-page-6h")["value"] > 0.006  # its window is long enough
        for name in ("no-hosts", "unreachable", "browse-page"):
            eventually_alarm(shop, name, "OK")
    assert seen[503] > 0
    changes = shown(shop, "/alarms.json")["changes"]  # the youngest first
    told = [c["after"] for c in changes if c["alarm"] == "observability-no-hosts"]
    assert told[0] == told[-1] == "OK"
    assert "ALARM" in told


def test_what_a_laptop_cannot_measure_is_said(shop: Box) -> None:
    found = alarm(shop, "database-busy")
    assert found["state"] == "NOT_MEASURED"
    assert "CPUUtilization" in found["why"]
    assert found["value"] is None


def test_one_page_shows_signals_traces_and_alarms(shop: Box) -> None:
    def row(name: str) -> dict[str, Any]:
        found = shown(shop, "/signals.json")["signals"]
        return next(dict(r) for r in found if r["name"] == name)

    with visitors(shop, ("/search?q=oak{n}",)):
        eventually(lambda: row("search")["traffic"]["value"] > 0)
        eventually(lambda: row("all requests")["latency"]["p99"]["value"])
        search = eventually(lambda: next(iter(_routes(shop, "GET /search")), None))
    assert shown(shop, "/signals.json")["speed"] == 120
    assert 0 < search["p50"] <= search["p99"] < 30
    assert row("PostgreSQL")["saturation"]["connections"]["value"] >= 1
    assert row("all requests")["saturation"]["healthy pods"]["value"] == 2
    trace = next(t for t in shown(shop, "/traces.json") if t["name"] == "GET /search")
    assert trace["spans"][0]["service"] == "storefront-web"
    assert "oak" not in str(trace)  # what a visitor types is in no signal


def _routes(box: Box, name: str) -> list[dict[str, Any]]:
    return [r for r in shown(box, "/signals.json")["routes"] if r["name"] == name]


def test_a_terminal_lists_alarms_and_queues_are_seen(shop: Box) -> None:
    names = {r["name"] for r in shown(shop, "/signals.json")["signals"] if r["tier"] == "Queues"}
    assert any("order-events" in name for name in names)
    ended = shop.call("alarms", check=False)
    assert "observability-orders-waiting" in ended.stdout
    assert ended.returncode in (0, 2)


def test_only_this_machine_reads_it(shop: Box) -> None:
    address = shop.part("telemetry")["address"]
    asked = urllib.request.Request(f"http://{address}/alarms.json", headers={"Host": "evil:80"})
    with pytest.raises(urllib.error.HTTPError, match="421"):
        urllib.request.urlopen(asked)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        shown(shop, "/runbooks/../../README")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(f"http://{address}/v1/traces", data=b"no spans")


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_person_sees_what_rings_and_finds_the_runbook(shop: Box) -> None:
    address = shop.part("telemetry")["address"]
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS).new_page()
        troubles: list[str] = []
        page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
        page.goto(f"http://{address}/")
        expect(page.get_by_role("heading", name="Golden signals")).to_be_visible()
        assert page.locator("svg.line").count() > 10
        page.get_by_role("link", name="no-hosts").first.click()
        expect(page.locator("body")).to_contain_text("## First three checks")
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"http://{address}/#traces")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.get_by_role("link", name="GET /search").first.click()
        expect(page.locator("svg.bars rect")).not_to_have_count(0)
        assert not troubles


def test_it_comes_back_after_kill_and_knows_what_pods_have_said(shop: Box) -> None:
    def searched() -> bool:
        found = shown(shop, "/signals.json")["signals"]
        return any(any(row["traffic"]["line"]) for row in found if row["name"] == "search")

    with visitors(shop, ("/search?q=elm{n}",)):
        eventually(searched)
    shop.kill("telemetry")
    eventually(searched)
    eventually_alarm(shop, "no-hosts", "OK")

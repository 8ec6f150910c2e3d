"""Signals of a running sandbox, and its declared alarms: seen to ring, and to be quiet again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from boxkit import ROOT, Box, boxed
from faultkit import alarm, alarm_state, eventually_alarm, scaled, shown, visitors


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """The real program, with an empty shop and a minute that is over in half a second."""
    with boxed(tmp_path_factory.mktemp("telemetry") / "state", ROOT) as box:
        box.up("--empty", "--speed", "120")
        yield box


def test_an_outage_rings_and_is_over_when_it_is_over(shop: Box) -> None:
    eventually_alarm(shop, "no-hosts", "OK")
    assert alarm_state(shop, "browse-page") == "OK"
    with visitors(shop) as seen:
        with scaled(shop, "web", 0):
            rung = eventually_alarm(shop, "no-hosts")
            assert rung["value"] == 0
            assert rung["runbook"] == "no-hosts"
            eventually_alarm(shop, "unreachable")
            eventually_alarm(shop, "browse-page")
            assert alarm(shop, "browse-page-5m")["value"] > 0.5
        for name in ("no-hosts", "unreachable", "browse-page"):
            eventually_alarm(shop, name, "OK")
    assert seen[503] > 0
    told = [(c["alarm"], c["after"]) for c in shown(shop, "/alarms.json")["changes"]]
    assert ("observability-no-hosts", "ALARM") in told
    assert told[: len(told)].count(("observability-no-hosts", "OK")) == 2


def test_what_a_laptop_cannot_measure_is_said(shop: Box) -> None:
    found = alarm(shop, "database-busy")
    assert found["state"] == "NOT_MEASURED"
    assert "CPUUtilization" in found["why"]
    assert found["value"] is None

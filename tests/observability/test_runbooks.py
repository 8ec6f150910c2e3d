"""Every runbook is rehearsed: on real parts, or, where a laptop has none, on made-up series."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

import pytest

from graph import Graph
from tests.observability.evaluation import METRIC, Evaluator
from tests.stacks import ROOT, graph_of

RUNBOOKS = ROOT / "docs" / "runbooks"
OTHERS = ("README", "failed-deployment", "game-days", "rollback")  # no alarm leads there
HERE = "tests/sandbox/test_rehearsals.py"
OUTAGE = "tests/sandbox/test_telemetry.py", "outage"

# Runbook -> the file of its rehearsal, and what its tests have in their names (as pytest -k).
REHEARSED: Mapping[str, tuple[str, str]] = {
    "backups": ("tests/sandbox/test_restore.py", "shipped"),
    "balancer": (HERE, "one_pod_hangs"),
    "burning-browse": (HERE, "database_down"),
    "burning-cart": (HERE, "cart_unreachable"),
    "burning-checkout": (HERE, "payment_slow"),
    "burning-mail": (HERE, "mail_refused"),
    "burning-recommendations": (HERE, "database_down"),
    "burning-search": (HERE, "latency_up"),
    "cache": (HERE, "cache_down"),
    "database": (HERE, "connections"),
    "dead-letters": (HERE, "poisoned"),
    "no-hosts": OUTAGE,
    "orders-waiting": (HERE, "worker_dead or queue_stuck"),
    "revenue": ("tests/storefront/web/test_telemetry_metrics.py", "add_up"),
    "slow-burn": (HERE, "error_rate or slow_burn"),
    "stock-feed": (HERE, "stock_feed"),
    "unreachable": OUTAGE,
}
# Runbook -> why it cannot happen on a laptop, and figures when all is well and when it is not.
NO_ACCOUNT = "there is no account on a laptop, and no trail"
Figures = Mapping[str, tuple[float, float]]
CIS: Figures = {"": (0, 1_000)}  # whatever a filter counts
REPLAYED: Mapping[str, tuple[str, Figures]] = {
    "account-changed": (NO_ACCOUNT, CIS),
    "cannot-buy": ("nobody tries to buy by the clock", {"SuccessPercent": (100, 0)}),
    "certificate": ("the front door has no certificate", {"DaysToExpiry": (60, 29)}),
    "cluster": (
        "pods are processes, without nodes and a control plane",
        {
            "apiserver_request_total_5XX": (3, 150),
            "cluster_failed_node_count": (0, 1),
            "pod_container_status_waiting_reason_crash_loop_back_off": (0, 1),
            "scheduler_pending_pods_UNSCHEDULABLE": (0, 2),
        },
    ),
    "database-full": ("nobody wants a disk full", {"FreeStorageSpace": (20 * 2**30, 4 * 2**30)}),
    "edge": (
        "the limits of a laptop's firewall cannot be reached",
        {"5xxErrorRate": (0.1, 8), "BlockedRequests": (20, 2_000)},
    ),
    "functions": (
        "functions crash too slowly for a faster clock",
        {
            "DeliveryToS3.DataFreshness": (70, 1_000),
            "Errors": (0, 3),
            "Latency": (80, 2_500),
            "Throttles": (0, 3),
        },
    ),
    "key-disabled": (NO_ACCOUNT, CIS),
    "root-used": (NO_ACCOUNT, CIS),
    "tables": (
        "the emulator never throttles",
        {"ReadThrottleEvents": (0, 4), "WriteThrottleEvents": (0, 4)},
    ),
    "trail-changed": (NO_ACCOUNT, CIS),
    "training": (
        "nothing is trained by the clock",
        {"ExecutionsFailed": (0, 1), "ExecutionsTimedOut": (0, 0)},
    ),
}
COMMAND = re.compile(r"`\.venv/bin/pytest (\S+) -k (?:\"([^\"]+)\"|(\w+))`")


def test_every_runbook_is_rehearsed_in_one_way() -> None:
    written = {path.stem for path in RUNBOOKS.glob("*.md")} - set(OTHERS)
    assert not set(REHEARSED) & set(REPLAYED)
    assert set(REHEARSED) | set(REPLAYED) == written


@pytest.mark.parametrize("runbook", sorted({*REHEARSED, *REPLAYED}))
def test_a_runbook_names_the_command_that_rehearses_it(runbook: str) -> None:
    text = (RUNBOOKS / f"{runbook}.md").read_text().partition("## Rehearse\n")[2]
    command = COMMAND.search(text)
    assert command, text
    file, words = command[1], command[2] or command[3]
    if runbook in REPLAYED:
        assert (ROOT / file, words) == (ROOT / __file__, f"replay and {runbook}")
        return
    assert (file, words) == REHEARSED[runbook]
    tests = [
        node.name
        for node in ast.parse((ROOT / file).read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[:5] == "test_"
    ]
    for word in words.split(" or "):
        assert any(word in name for name in tests), (file, word)


@pytest.fixture
def graph() -> Graph:
    return graph_of("prod")


@pytest.mark.parametrize("runbook", REPLAYED)
def test_replay(graph: Graph, runbook: str) -> None:
    """Well, in trouble for two days, well again: each alarm rings, and is quiet again."""
    why, figures = REPLAYED[runbook]
    assert len(why) > 10
    well, trouble, end = 2 * 1440, 4 * 1440, 6 * 1440
    series = {
        (name, ""): dict.fromkeys(range(well), good)
        | dict.fromkeys(range(well, trouble), bad)
        | dict.fromkeys(range(trouble, end), good)
        for name, (good, bad) in figures.items()
    }
    found = []
    told = Evaluator(graph, series)
    for alarm in graph.of_type(METRIC):
        if not alarm.inputs["alarmDescription"].endswith(f"/{runbook}.md"):
            continue
        found.append(alarm.name)
        names = {query.name for query in told.alarms[alarm.outputs["name"]].queries.values()}
        if figures is CIS:
            (whole,) = series.values()
            told = Evaluator(graph, {(name, ""): whole for name in names})
        else:
            assert names <= set(figures), "say what is well and what is not"
        states = [told.state(alarm.outputs["name"], m - 1) for m in (well, trouble, end)]
        assert states == ["OK", "ALARM", "OK"], alarm.name
    assert found

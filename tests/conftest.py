"""The order of the suite, and what its workers share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.stacks import KEPT

# What takes longest begins first, so that no worker is left alone at the end. In the order of the
# seconds they take; that of all others does not matter.
LONGEST = (
    "sandbox/test_rehearsals.py",
    "sandbox/test_edge_shop.py",
    "sandbox/test_supervision.py",
    "sandbox/test_shop.py",
    "sandbox/test_browser.py",
    "test_plan_base.py",
    "storefront/test_import.py",
    "sandbox/test_shelves_shop.py",
    "sandbox/test_functions.py",
    "storefront/test_worker_process.py",
    "storefront/test_ranking_quality.py",
    "storefront/test_ranking_training.py",
    "storefront/test_worker.py",
    "storefront/web/test_web_shelves_browser.py",
    "sandbox/test_aws.py",
    "test_program.py",
    "test_plan_diff.py",
    "test_delivery.py",
    "sandbox/test_machines.py",
    "storefront/test_checkout_crash.py",
    "rules/test_mutations.py",
)


def pytest_configure(config: pytest.Config) -> None:
    """Give the workers, which inherit the environment, a folder for evaluated graphs."""
    if not hasattr(config, "workerinput"):
        folder = tempfile.TemporaryDirectory(prefix="graphs-")
        config.add_cleanup(folder.cleanup)
        os.environ[KEPT] = folder.name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the files (xdist hands them out in this order); tests in a file stay as they are."""
    here = Path(__file__).parent
    if missing := [name for name in LONGEST if not (here / name).exists()]:
        raise pytest.UsageError(f"{__file__}: LONGEST names files that are gone: {missing}")
    places = {here / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))

"""A sandbox of its own for each test that wants one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from boxkit import PROGRAM, SERVERLESS, Box, boxed


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with boxed(tmp_path / "state", PROGRAM) as made:
        yield made


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """One that is up, for tests that leave it as they find it."""
    with boxed(tmp_path_factory.mktemp("box") / "state", PROGRAM) as made:
        made.up()
        yield made


@pytest.fixture(scope="session")
def serverless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """One with functions behind an HTTP API; tests leave it as they find it."""
    with boxed(tmp_path_factory.mktemp("serverless") / "state", SERVERLESS) as made:
        made.up()
        yield made

"""The two sides of a function's environment: what is declared, and what its handler reads."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from tests.stacks import STACKS, graph_of
from tests.test_recommendations import FUNCTION, PARTS, REGION


class Asked(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, told: dict[str, str]) -> None:
        super().__init__(told)
        self.read: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)


@pytest.mark.parametrize("name", [*(f"recommendations-{part}" for part in PARTS), "data-rotate"])
@pytest.mark.parametrize("stack", STACKS)
def test_a_handler_reads_exactly_what_its_function_is_told(
    stack: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # nobody to ask for credentials here
    told = graph_of(stack).one(FUNCTION, name).inputs["environment"]["variables"]
    asked = Asked(told)
    importlib.import_module(f"{name.partition('-')[2]}.handler").wire(asked)  # accepts every value
    assert asked.read == set(told)

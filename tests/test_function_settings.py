"""The two sides of a function's environment: what is declared, and what its handler reads."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from tests.stacks import STACKS, graph_of
from tests.test_recommendations import FUNCTION, PARTS, REGION, named


class Asked(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, told: dict[str, str]) -> None:
        super().__init__(told)
        self.read: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("stack", STACKS)
def test_a_handler_reads_exactly_what_its_function_is_told(
    stack: str, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # nobody to ask for credentials here
    told = named(graph_of(stack), FUNCTION, part).inputs["environment"]["variables"]
    asked = Asked(told)
    importlib.import_module(f"{part}.handler").wire(asked)  # accepts every value
    assert asked.read == set(told)

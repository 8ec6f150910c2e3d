"""The tables behind plans cover what the program uses, and agree with the installed provider."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from graph.plan.cost import cost, is_priced
from graph.plan.replacing import covers, is_known
from graph.plan.tables import table
from tests.stacks import OWN_DOMAIN, ROOT, STACKS, graph_of

SAYS = re.compile(
    r"(chang|modif|updat)\w* (this|the value|it)?[^.]{0,40}(forces?|creates?) (a )?"
    r"(new resource|replacement|new cluster)|forces (a )?new resource|forces replacement",
    re.IGNORECASE,
)
# Documented for some values only, where the provider decides by the value.
PARTLY = {
    "aws:ec2/vpcEndpoint:VpcEndpoint privateDnsEnabled",  # where there is no such thing anyway
    "aws:elasticache/replicationGroup:ReplicationGroup engineVersion",  # only to go back
}


def used_types() -> set[str]:
    graphs = [*map(graph_of, STACKS), graph_of("dev", OWN_DOMAIN)]
    return {r.type for graph in graphs for r in graph if r.custom or r.type.startswith("eks:")}


def documented(type_: str) -> Iterator[str]:
    """Inputs of which the SDK's own documentation says that a change replaces the resource."""
    _, module, name = type_.split(":")
    module = module.partition("/")[0].replace("lambda", "lambda_")
    class_: Any = getattr(importlib.import_module(f"pulumi_aws.{module}"), name)
    for key, value in vars(class_).items():
        if isinstance(value, property) and SAYS.search(value.fget.__doc__ or ""):
            head, *rest = key.split("_")
            yield head + "".join(part.title() for part in rest)


def test_it_is_known_what_replaces_every_type_of_every_stack() -> None:
    managed = {t for t in used_types() if not t.startswith("pulumi:providers:kubernetes")}
    assert {t for t in managed if not is_known(t)} == set(), "add them to replacements.yaml"


def test_every_argument_that_replaces_exists() -> None:
    for type_, paths in table("replacements")["types"].items():
        if not type_.startswith("aws:"):
            continue
        _, module, name = type_.split(":")
        module = module.partition("/")[0].replace("lambda", "lambda_")
        class_ = getattr(importlib.import_module(f"pulumi_aws.{module}"), name)
        for path in paths:
            first = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", path.partition(".")[0]).lower()
            assert hasattr(class_, first) or hasattr(class_, snake_digits(first)), (type_, path)


def snake_digits(name: str) -> str:
    """``s3import`` as the SDK spells it: ``s3_import``."""
    return re.sub(r"(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)", "_", name).replace("ipv_", "ipv")


def test_the_table_knows_all_that_the_providers_documentation_says() -> None:
    types = [t for t in used_types() if t.startswith("aws:") and t != "aws:eks/cluster:Cluster"]
    rules, missing = table("replacements")["types"], []
    for type_ in sorted(types):
        missing += [
            f"{type_} {path}"
            for path in documented(type_)
            if not any(covers(rule, path) for rule in rules[type_])
        ]
    assert set(missing) - PARTLY == set()


def test_what_holds_data_has_rules() -> None:
    rules = table("replacements")
    kept = {t for t in used_types() if t in rules["holds_data"]}
    assert {"aws:rds/instance:Instance", "aws:dynamodb/table:Table", "aws:s3/bucket:Bucket"} <= kept
    assert all(rules["types"][t] for t in kept)


def test_every_type_of_every_stack_has_a_price_or_a_reason() -> None:
    assert {t for t in used_types() if not is_priced(t)} == set(), "add them to prices.yaml"


@pytest.mark.parametrize("stack", STACKS)
def test_every_size_of_every_stack_has_a_price(stack: str) -> None:
    assert cost(graph_of(stack)).unpriced == ()


def test_prices_name_their_source() -> None:
    prices = table("prices")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(prices["as_of"]))
    for name, price in prices["prices"].items():
        assert price["usd"] > 0, name
        assert price["source"] in prices["sources"], name
        assert price["checked"] in (True, False), name
    listed = [t for types in prices["free"].values() for t in types]
    assert len(listed) == len(set(listed))


def test_times_name_their_source_and_types_that_exist() -> None:
    for type_, entry in table("times")["types"].items():
        assert entry["source"], type_
        assert entry["seconds"] >= 0
        if type_.startswith("aws:"):
            _, module, name = type_.split(":")
            module = module.partition("/")[0].replace("lambda", "lambda_")
            assert hasattr(importlib.import_module(f"pulumi_aws.{module}"), name), type_


def test_tables_are_sorted_so_that_merges_are_easy() -> None:
    text = (ROOT / "graph/plan/prices.yaml").read_text()
    for types in yaml.safe_load(text)["free"].values():
        assert types == sorted(types)


@pytest.mark.parametrize(
    ("rule", "path", "answer"),
    [
        ("spec.template", "spec.template.spec.containers[0].image", True),
        ("spec.template.spec", "spec.template", True),
        ("containers[*].image", "containers[3].image", True),
        ("spec.selector", "spec.selectors", False),
        ("*", "anything", True),
    ],
)
def test_rules_cover_what_is_inside_and_around(rule: str, path: str, answer: bool) -> None:
    assert covers(rule, path) is answer

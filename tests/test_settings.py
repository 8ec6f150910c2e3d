"""Settings: what the stack files say is read as it stands, and nonsense is named, all at once."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from pulumi.runtime import config as pulumi_config

import settings
from graph import EvaluationError, evaluate
from tests.bad_settings import BAD
from tests.stacks import FOR_PODS, MISSING, ROOT, STACKS, WITHOUT_NAT, config, graph_of


@pytest.fixture(autouse=True)
def _fresh_config() -> Iterator[None]:
    before = dict(pulumi_config.CONFIG.get())
    yield
    pulumi_config.set_all_config(before)


def load(values: dict[str, Any]) -> settings.Settings:
    # As the CLI hands it over: plain text as it is, everything else as JSON.
    pulumi_config.set_all_config(
        {key: v if isinstance(v, str) else json.dumps(v) for key, v in values.items()}
    )
    return settings.load()


def refusal(values: dict[str, Any]) -> list[str]:
    with pytest.raises(settings.SettingsError) as caught:
        load(values)
    first, *lines = str(caught.value).splitlines()
    assert first.startswith("Pulumi.")
    return [line.strip() for line in lines]


def test_the_error_prints_without_a_traceback() -> None:
    assert issubclass(settings.SettingsError, pulumi.RunError)


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_file_is_whole(stack: str) -> None:
    read = load(config(stack))
    assert read.region == "us-east-1"
    assert read.runs_on == ("laptop" if stack == "local" else "aws")


@pytest.mark.parametrize("stack", STACKS)
def test_every_key_of_a_stack_file_is_explained(stack: str) -> None:
    lines = (ROOT / f"Pulumi.{stack}.yaml").read_text().splitlines()
    groups = {"config:", "shop:network:", "shop:data:", "shop:edge:", "shop:web:", "shop:"}
    groups |= {"database:", "cache:", "firewall:", "balancer:", "fleet:", "cluster:"}
    groups |= {"storefront:", "worker:", "mail:"}
    groups |= {"shop:pipeline:", "state:"}
    groups |= {"shop:recommendations:", "events:", "recommend:", "export:", "training:"}
    groups |= {"shop:observability:", "account:"}
    # One comment may speak for the two lines below it.
    shared = {
        "burst",
        "max_storage_gib",
        "cpu_limit",
        "standard",
        "express",
        "WELCOME10",
        "FIVEOFF",
    }
    for before, line in itertools.pairwise(lines):
        key = line.strip()
        name = key.split(": ")[0].rstrip(":")
        if not key or key.startswith("#") or key in groups or name in shared:
            continue
        assert before.strip().startswith("#"), line


def test_values_arrive_as_they_stand() -> None:
    read = load(config("prod"))
    assert read.network.zones == ("us-east-1a", "us-east-1b", "us-east-1c")
    assert read.data.database.engine_version == "18"
    assert read.data.cache.nodes == 2
    assert read.web.shop.shipping.standard.free_from == 5000
    assert read.web.shop.shipping.express.free_from is None
    assert read.web.shop.coupons["FIVEOFF"].amount == 500
    assert read.name.endswith(f"-{pulumi.get_stack()}")
    with pytest.raises(AttributeError):
        read.data.protect = False  # type: ignore[misc]


@pytest.mark.parametrize(("path", "value", "says"), BAD, ids=lambda x: str(x)[:40])
def test_a_bad_value_is_named_with_what_is_accepted(path: str, value: Any, says: str) -> None:
    lines = refusal(config("prod", {path: value}))
    line = next((line for line in lines if says in line), None)
    assert line is not None, lines
    assert "accepted: " in line


def test_the_line_has_key_value_and_what_is_accepted() -> None:
    assert refusal(config("dev", {"shop:data.cache.automatic_failover": True})) == [
        (
            "shop:data.cache.automatic_failover is true with nodes = 1; "
            "accepted: false, or nodes of at least 2"
        )
    ]
    assert refusal(config("dev", {"shop:data.database.backup_days": 40})) == [
        "shop:data.database.backup_days is 40; accepted: a whole number from 0 to 35 (days)"
    ]


def test_a_replica_needs_backups() -> None:
    changes = {"shop:data.database.read_replica": True, "shop:data.database.backup_days": 0}
    assert refusal(config("dev", changes)) == [
        (
            "shop:data.database.read_replica is true with backup_days = 0; "
            "accepted: false, or backup_days of at least 1"
        )
    ]


def test_pods_must_fit_into_the_network() -> None:
    many = {"shop:web.storefront.replicas": {"min": 3, "max": 60}}
    (line,) = refusal(config("prod", {"shop:network.cidr": "10.9.0.0/24", **many}))
    assert line.startswith('shop:network.cidr is "10.9.0.0/24" with up to 156 pods and instances')
    load(config("prod", {"shop:network.cidr": "10.9.0.0/23", **many}))


@pytest.mark.parametrize(
    "image",
    [
        "storefront:1",
        "registry.example.com:5000/shop/storefront:1.2.3",
        f"storefront@sha256:{'0' * 64}",
        f"shop/storefront:latest-1@sha256:{'a' * 64}",
    ],
)
def test_an_image_is_one_build(image: str) -> None:
    assert load(config("dev", {"shop:web.image": image})).web.image == image


@pytest.mark.parametrize(
    "path",
    [
        "aws:region",
        "shop:runs_on",
        "shop:network",
        "shop:data",
        "shop:recommendations",
        "shop:recommendations.serving",
        "shop:recommendations.recommend.concurrency",
        "shop:recommendations.training.rest",
        "shop:edge",
        "shop:edge.domain",
        "shop:edge.firewall.mode",
        "shop:web",
        "shop:network.zones",
        "shop:data.database.tls",
        "shop:web.storefront.replicas",
        "shop:web.shop.shipping",
    ],
)
def test_a_missing_key_is_named(path: str) -> None:
    (line,) = refusal(config("dev", {path: MISSING}))
    assert line.startswith(f"{path} is ")
    assert "accepted: " in line


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("shop:netwrok", "shop:network"),
        ("shop:network.cdir", "cidr"),
        ("shop:data.database.multiaz", "multi_az"),
        ("shop:web.shop.coupons.WELCOME10.percnet", "percent"),
    ],
)
def test_an_unknown_key_is_named_with_the_known_ones(path: str, known: str) -> None:
    (line,) = refusal(config("dev", {path: {}}))
    assert line.startswith(f"{path} is unknown; accepted: ")
    assert known in line


def test_all_problems_come_at_once() -> None:
    changes = {
        "aws:region": "nowhere",
        "shop:extra": 1,
        "shop:network.cidr": "10.0.0.0/30",
        "shop:network.nat": "many",
        "shop:data.database.tls": "disable",
        "shop:data.cache.nodes": "three",
        "shop:web.cookie_secure": False,
        "shop:web.mail.sender": "nobody",
        "shop:web.shop.tax": {"US": -5, "DEU": 1},
    }
    lines = refusal(config("dev", changes))
    named = {line.split(" ")[0] for line in lines}
    assert named == {
        "aws:region",
        "shop:extra",
        "shop:network.nat",
        "shop:network.cidr",
        "shop:data.cache.nodes",
        "shop:data.database.tls",
        "shop:web.cookie_secure",
        "shop:web.mail.sender",
        "shop:web.shop.tax.US",
        "shop:web.shop.tax.DEU",
    }


def test_problems_of_one_tier_do_not_hide_those_between_others() -> None:
    changes = {
        "shop:data.cache.nodes": "three",
        "shop:web.cookie_secure": False,
        "shop:network.zones": ["eu-west-1a", "eu-west-1b"],
    }
    named = {line.split(" ")[0] for line in refusal(config("dev", changes))}
    assert named == {"shop:data.cache.nodes", "shop:web.cookie_secure", "shop:network.zones"}


def test_only_a_stack_that_cannot_be_deployed_may_speak_in_the_clear() -> None:
    load(config("local"))
    lines = refusal(config("local", {"shop:runs_on": "aws"}))
    assert {line.split(" ")[0] for line in lines} == {
        "shop:data.database.tls",
        "shop:data.cache.tls",
        "shop:web.cookie_secure",
        "shop:web.public_url",
        "shop:web.mail.transport",
    }
    (line,) = refusal(config("local", {"aws:allowedAccountIds": ["123456789012"]}))
    assert line.startswith('aws:allowedAccountIds is ["123456789012"] with shop:runs_on = laptop')
    refusal(config("local", {"aws:allowedAccountIds": MISSING}))


def test_secure_cookies_need_https() -> None:
    (line,) = refusal(config("local", {"shop:web.cookie_secure": True}))
    assert "with public_url = http://127.0.0.1:8080" in line


def test_bad_settings_stop_the_program_before_anything_is_registered() -> None:
    registered: list[str] = []

    def answers(resource: Any) -> None:
        registered.append(resource.name)

    with pytest.raises(EvaluationError, match=r"shop:data\.cache\.nodes is 9") as caught:
        evaluate("dev", config=config("dev", {"shop:data.cache.nodes": 9}), answers=answers)
    assert "shop:data.cache.nodes is 9; accepted: a whole number from 1 to 6" in str(caught.value)
    assert registered == []


def test_instances_without_nat_need_endpoints_of_their_own() -> None:
    changes = {
        "shop:network.nat": "none",
        "shop:network.interface_endpoints": FOR_PODS,
        "shop:data.rotation": None,
    }
    (line,) = refusal(config("dev", changes))
    assert line.startswith("shop:web.fleet.max is 2 with nat = none and without")
    assert "autoscaling, codedeploy-commands-secure, logs, ssm, ssmmessages" in line
    load(config("dev", {**changes, "shop:web.fleet.max": 0}))


def test_a_stack_without_nat_has_what_its_pods_call() -> None:
    changes = {"shop:network.nat": "none", "shop:network.interface_endpoints": WITHOUT_NAT}
    assert graph_of("dev", changes).of_type("aws:ec2/natGateway:NatGateway") == []


def test_rotation_of_the_cache_needs_a_way_to_elasticache() -> None:
    endpoints = [name for name in WITHOUT_NAT if name != "elasticache"]
    changes = {"shop:network.nat": "none", "shop:network.interface_endpoints": endpoints}
    (line,) = refusal(config("dev", changes))
    assert line == (
        "shop:data.rotation.days is 30 with nat = none and without the interface_endpoints "
        "elasticache; accepted: rotation: null, a nat, or those endpoints"
    )
    load(config("dev", {**changes, "shop:data.rotation": None}))
    local = {"shop:runs_on": "laptop", "shop:data.cache.tls": False}  # without a password
    load(config("local", {**changes, **local}))


def test_shelves_by_personalize_need_a_way_to_it() -> None:
    changes = {
        "shop:network.nat": "none",
        "shop:network.interface_endpoints": WITHOUT_NAT,
        "shop:recommendations.serving": "recommender",
    }
    (line,) = refusal(config("dev", changes))
    assert line == (
        'shop:recommendations.serving is "recommender" with nat = none and without the '
        'interface_endpoints personalize-runtime; accepted: "off", a nat, or those endpoints'
    )
    load(config("dev", {**changes, "shop:recommendations.serving": "off"}))
    open_ways = [*WITHOUT_NAT, "personalize-runtime"]
    load(config("dev", {**changes, "shop:network.interface_endpoints": open_ways}))


def test_only_recommenders_rest() -> None:
    rest = {"starts": "0 20 * * *", "ends": "0 6 * * MON-FRI"}
    changes = {
        "shop:recommendations.serving": "campaign",
        "shop:recommendations.training.rest": rest,
    }
    (line,) = refusal(config("dev", changes))
    assert line.startswith("shop:recommendations.training.rest is ")
    assert line.endswith(
        "with serving = campaign; accepted: null (a campaign bills until it is deleted), "
        "or serving: recommender"
    )
    load(config("dev", {**changes, "shop:recommendations.serving": "recommender"}))

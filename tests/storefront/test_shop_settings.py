"""The storefront's settings: everything that is wrong, at once and by name."""

import dataclasses
import json

import pytest
from storefront.settings import SettingsError, pricing_rules, read


def problems(environment):
    with pytest.raises(SettingsError) as caught:
        read(environment)
    return str(caught.value)


def test_reads_a_whole_environment(environment):
    settings = read(environment)
    assert settings.shop_name == "Fieldfare"
    assert settings.database_port == int(environment["DATABASE_PORT"])
    assert settings.cookie_secure is False
    assert settings.pricing.shipping["standard"].free_from == 7500
    assert settings.pricing.coupons["WELCOME10"].percent == 10
    assert dataclasses.is_dataclass(settings)


def test_an_empty_environment_names_all_that_is_missing():
    text = problems({})
    for name in ("SHOP_NAME", "CURRENCY", "DATABASE_HOST", "DATABASE_SECRET_ARN", "CARTS_TABLE",
                 "ORDER_EVENTS_QUEUE_URL", "COOKIE_SECURE", "PRICING_RULES"):  # fmt: skip
        assert name in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_PORT", "54x"),
        ("DATABASE_PORT", "-1"),
        ("DATABASE_PORT", "0"),
        ("DATABASE_PORT", "70000"),
        ("DATABASE_PORT", "²"),
        ("DATABASE_POOL_SIZE", "0"),
        ("COOKIE_SECURE", "yes"),
        ("CACHE_TLS", "True"),
        ("DATABASE_TLS", "prefer"),
        ("MAIL_TRANSPORT", "smtp"),
        ("LOG_LEVEL", "loud"),
        ("METRICS_NAMESPACE", "two words"),
        ("OTLP_ENDPOINT", "collector:4318"),
        ("OTLP_ENDPOINT", "http://collector:4318/v1/traces"),
        ("OTLP_ENDPOINT", "http://user:secret@collector:4318"),
        ("TRACE_SHARE", "101"),
        ("TRACE_SHARE", "0.5"),
        ("CURRENCY", "usd"),
        ("CURRENCY", "US dollars"),
        ("SHOP_NAME", ""),
        ("DATABASE_HOST", ""),
        ("PUBLIC_URL", "shop.example"),
        ("PUBLIC_URL", "https://"),
        ("ASSETS_URL", "assets.example.com"),
        ("ASSETS_URL", "https://assets.example.com/"),
        ("ASSETS_URL", "https://assets.example.com; script-src *"),
        ("PRICING_RULES", "{"),
        ("PRICING_RULES", "[]"),
        ("PRICING_RULES", '{"shipping": {"standard": {"price": 1}}}'),
    ],
)
def test_a_bad_value_is_named(environment, name, value):
    assert name in problems({**environment, name: value})


def test_several_problems_come_together(environment):
    text = problems({**environment, "CURRENCY": "", "PORT": "x", "LOG_LEVEL": "loud"})
    assert all(name in text for name in ("CURRENCY", "PORT", "LOG_LEVEL"))


def test_mail_as_files_needs_a_folder(environment):
    text = problems({**environment, "MAIL_TRANSPORT": "file", "MAIL_DIRECTORY": ""})
    assert "MAIL_DIRECTORY" in text


@pytest.mark.parametrize(
    "change",
    [
        {"shipping": {"standard": {"price": -1}, "express": {"price": 1}}},
        {"shipping": {"standard": {"price": "1"}, "express": {"price": 1}}},
        {"shipping": {"standard": {"price": 1.5}, "express": {"price": 1}}},
        {"shipping": {"standard": {"cost": 1}, "express": {"price": 1}}},
        {"tax": {"US": -1}},
        {"tax": {"US": 10_001}},
        {"tax": {"USA": 100}},
        {"tax": {"US": "8%"}},
        {"coupons": {"X": {"percent": 101}}},
        {"coupons": {"X": {"amount": -1}}},
        {"coupons": {"X": {"percentage": 10}}},
        {"coupons": {"X": {}}},
        {"discounts": {}},
    ],
)
def test_impossible_pricing_rules_are_refused(change):
    rules = {"shipping": {"standard": {"price": 1}, "express": {"price": 2}}, **change}
    with pytest.raises(ValueError):
        pricing_rules(json.dumps(rules))

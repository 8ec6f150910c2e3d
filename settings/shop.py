"""The shop's own rules, handed to the storefront: `shop:web.shop`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from .reading import Problem, between, matching

# Amounts are minor units: cents. A million in the shop's currency is a typing error.
MinorUnits = Annotated[int, between(0, 100_000_000, "minor units")]


def is_domain(value: str) -> bool:
    """Whether this is a host name with at least two labels, lower case."""
    label = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
    return len(value) <= 253 and re.fullmatch(rf"({label}\.)+(?=[a-z]){label}", value) is not None


def is_email(value: str) -> bool:
    """Whether this is an address that mail can go to, without quotes and comments."""
    local, _, domain = value.rpartition("@")
    return (
        len(value) <= 254
        and re.fullmatch(
            r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", local
        )
        is not None
        and len(local) <= 64
        and is_domain(domain)
    )


@dataclass(frozen=True, kw_only=True)
class ShippingSettings:
    """What a method costs; free from a goods value of ``free_from``, where given."""

    price: MinorUnits
    free_from: MinorUnits | None = None


@dataclass(frozen=True, kw_only=True)
class ShippingMethods:
    """The storefront offers these two."""

    standard: ShippingSettings
    express: ShippingSettings


@dataclass(frozen=True, kw_only=True)
class CouponSettings:
    """Off goods worth at least ``minimum``: a percentage, an amount, or both."""

    percent: Annotated[int, between(0, 100, "per cent")] = 0
    amount: MinorUnits = 0
    minimum: MinorUnits = 0

    def check_worth(self) -> Iterator[Problem]:
        """A coupon over nothing is a mistake."""
        if self.percent == 0 and self.amount == 0:
            yield Problem(
                key="percent",
                value=0,
                given="with amount = 0",
                accepted="a percent from 1 to 100, or an amount",
            )


@dataclass(frozen=True, kw_only=True)
class ShopSettings:
    """Name, currency and prices around the goods.

    ``tax`` is basis points (825 is 8.25 %) for a country code, or ``*`` for all others.
    """

    name: Annotated[str, matching(r"[^\s\x00-\x1f][^\x00-\x1f]{0,59}", "1 to 60 characters")]
    currency: Annotated[str, matching(r"[A-Z]{3}", 'an ISO 4217 code such as "USD"')]
    shipping: ShippingMethods
    tax: Mapping[
        Annotated[str, matching(r"[A-Z]{2}|\*", 'a country code such as "US", or "*"')],
        Annotated[int, between(0, 5000, "basis points")],
    ]
    coupons: Mapping[
        Annotated[str, matching(r"[A-Z0-9-]{3,30}", "3 to 30 of A-Z, 0-9 and -")], CouponSettings
    ]

    def pricing_rules(self) -> str:
        """The storefront's PRICING_RULES: JSON, the same text for the same rules."""
        rules = {
            "shipping": {
                "standard": vars(self.shipping.standard),
                "express": vars(self.shipping.express),
            },
            "tax": dict(self.tax),
            "coupons": {code: vars(coupon) for code, coupon in self.coupons.items()},
        }
        return json.dumps(rules, sort_keys=True, separators=(",", ":"))

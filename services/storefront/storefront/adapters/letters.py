"""What the shop's mail says: templates in ``storefront/mails``, plain text and HTML of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import minijinja

from storefront.domain.accounts import Customer
from storefront.domain.money import Money
from storefront.domain.orders import Order
from storefront.ports import Mail

_FOLDER = Path(__file__).parents[1] / "mails"


class TemplateLetters:
    """The port `Letters`; ``public_url`` without a slash at its end."""

    def __init__(self, shop_name: str, public_url: str) -> None:
        self._shop = {"name": shop_name, "url": public_url}
        self._templates = minijinja.Environment(
            loader=lambda name: (_FOLDER / name).read_text("utf-8"),
            auto_escape_callback=lambda name: name.endswith(".html"),
            debug=False,  # or errors would show names and addresses, and end in the logs
            undefined_behavior="strict",
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.add_filter("rjust", lambda text, width: str(text).rjust(width))
        self._templates.add_filter("ljust", lambda text, width: str(text).ljust(width))

    def order_confirmed(self, order: Order) -> Mail:
        """See `Letters.order_confirmed`."""
        return self._write(
            f"{order.number}-confirmed",
            order.email,
            f"Your {self._shop['name']} order {order.number}",
            "order_confirmed",
            order=_shown(order),
        )

    def order_fulfilled(self, order: Order) -> Mail:
        """See `Letters.order_fulfilled`."""
        return self._write(
            f"{order.number}-fulfilled",
            order.email,
            f"Your order {order.number} is on its way",
            "order_fulfilled",
            order=_shown(order),
        )

    def welcome(self, customer: Customer) -> Mail:
        """See `Letters.welcome`."""
        return self._write(
            f"{customer.id}-welcome",
            customer.email,
            f"Welcome to {self._shop['name']}",
            "welcome",
            customer={"name": customer.name, "email": customer.email},
        )

    def _write(self, mail_id: str, to: str, subject: str, name: str, **values: Any) -> Mail:
        def render(kind: str) -> str:
            return self._templates.render_template(
                f"{name}.{kind}", shop=self._shop, subject=subject, **values
            )

        return Mail(mail_id, to, subject, render("txt"), render("html"))


def _shown(order: Order) -> dict[str, Any]:
    """An order with every amount as people read it."""

    def money(amount: int) -> str:
        return str(Money(amount, order.currency))

    totals, address = order.totals, order.shipping_address
    return {
        "number": order.number,
        "placed_on": f"{order.placed_at.day} {order.placed_at:%B %Y}",
        "lines": [
            {
                "name": line.name,
                "quantity": line.quantity,
                "unit_price": money(line.unit_price),
                "total": money(line.line_total),
            }
            for line in order.lines
        ],
        "subtotal": money(totals.subtotal),
        "discount": money(-totals.discount) if totals.discount else "",
        "coupon": order.coupon or "",
        "shipping": money(totals.shipping) if totals.shipping else "free",
        "tax": money(totals.tax) if totals.tax else "",
        "total": money(totals.total),
        "express": order.shipping_method == "express",
        "address": [
            part
            for part in (
                address.name,
                address.line1,
                address.line2,
                f"{address.postal_code} {address.city}",
                address.country,
            )
            if part
        ],
    }

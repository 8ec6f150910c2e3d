"""The checkout page: one form, whose key makes sending it twice the same order."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from starlette.requests import Request

from storefront.domain import errors as refused
from storefront.domain.cart import PricedCart
from storefront.domain.orders import CheckoutRequest, Shortage
from storefront.domain.pricing import SHIPPING_LABELS, SHIPPING_METHODS, ShippingMethod, Totals
from storefront.usecases import checkout
from storefront.web.inputs import form
from storefront.web.problems import describe
from storefront.web.reply import Reply, see_other
from storefront.web.site import Site, Visitor, cookies_of

from .buying import view
from .countries import COUNTRY_NAMES

_ADDRESS = ("name", "line1", "line2", "city", "postal_code", "country")
_FIELDS = ("email", *_ADDRESS, "shipping_method", "payment_token", "coupon")
_PAYMENTS = (
    ("tok_visa", "Test card", "The payment succeeds."),
    ("tok_declined", "Declined card", "The bank refuses; nothing is charged."),
    ("tok_slow", "Slow bank", "The payment succeeds after five seconds."),
    ("tok_lost", "Lost answer", "The bank's first answer gets lost; you are charged once."),
)


@dataclass
class _Form:
    """What the page shows: the fields as sent, what is wrong with them, and the key to send."""

    values: dict[str, str]
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    shortages: list[Shortage] = field(default_factory=list)
    status: int = 200

    def renew(self) -> None:
        """The next press of the button is a new purchase."""
        self.key = secrets.token_urlsafe(24)


def _home_country(site: Site) -> str:
    """Where most buyers are: the currency's own country (USD is the US's), or one that is taxed."""
    own = site.settings.currency[:2]
    taxed = (country for country in site.settings.pricing.tax if country != "*")
    return own if own in COUNTRY_NAMES else next(taxed, "")


async def show_checkout(site: Site, request: Request) -> Reply:
    """The empty form; without anything to buy, the cart."""
    visitor = await site.visitor(request)
    customer = visitor.caller.customer
    values = {
        "email": customer.email if customer else "",
        "name": customer.name if customer else "",
        "country": _home_country(site),
        "shipping_method": "standard",
        "payment_token": "tok_visa",
    }
    return await _page(site, request, visitor, _Form(values))


async def send_checkout(site: Site, request: Request) -> Reply:
    """Show the totals for what is chosen, or buy."""
    fields = form(request)
    visitor = await site.visitor(request)
    key = fields.get("key", "")
    sent = _Form({name: fields.get(name, "") for name in _FIELDS})
    if 1 <= len(key) <= 255 and key.isascii() and key.isprintable():
        sent.key = key
    if fields.get("action") != "pay":
        return await _page(site, request, visitor, sent)
    try:
        wanted = checkout.parse_checkout(_raw(sent.values))
        await _agree(site, visitor, wanted, fields.get("total", ""))
        placed = await _place(site, visitor, sent.key, wanted)
    except refused.CartOrderedError as ordered:
        return see_other(f"/orders/{ordered.order_number}?again=1").cookies(visitor.set_cookies)
    except refused.ShopError as problem:
        _explain(sent, problem)
        reply = await _page(site, request, visitor, sent)
        reply.headers.extend(describe(problem).headers)
        return reply
    reply = see_other(f"/orders/{placed.order.number}?thanks=1")
    return reply.cookies([*visitor.set_cookies, site.jar.cart_items(0)])


def _raw(values: dict[str, str]) -> dict[str, object]:
    """The form's fields in the shape of the API's body."""
    address = {name: values[name] for name in _ADDRESS}
    rest = {name: values[name] for name in _FIELDS if name not in _ADDRESS}
    return {**rest, "coupon": rest["coupon"] or None, "shipping_address": address}


async def _agree(site: Site, visitor: Visitor, wanted: CheckoutRequest, shown: str) -> None:
    """Nobody pays another total than the one on the button; raises ConflictError.

    An empty cart says nothing: the order may have been placed by an earlier press.
    """
    cart = await view(site, visitor)
    if not cart.lines:
        return
    country, coupon = wanted.shipping_address.country, wanted.coupon
    rules = site.settings.pricing
    totals = checkout.quote(rules, cart, wanted.shipping_method, country, coupon)
    if shown != str(totals.total):
        raise refused.ConflictError(
            f"The total is now {site.templates.money(totals.total)}. "
            "Please check it and press the button again."
        )


async def _place(
    site: Site, visitor: Visitor, key: str, wanted: CheckoutRequest
) -> checkout.Placed:
    shop = site.shop
    return await checkout.place_order(
        catalogue=shop.catalogue,
        carts=shop.carts,
        checkouts=shop.checkouts,
        orders=shop.orders,
        payments=shop.payments,
        rules=site.settings.pricing,
        currency=site.settings.currency,
        caller=visitor.caller,
        key=key,
        request=wanted,
    )


def _explain(sent: _Form, problem: refused.ShopError) -> None:
    """Say what happened and what to do; decide whether the next press is a new purchase."""
    sent.status = describe(problem).status
    if isinstance(problem, refused.InvalidInputError):
        sent.errors = {name.rpartition(".")[2]: text for name, text in problem.errors}
        sent.problem = "Please look at the marked fields."
        if "cart" in sent.errors:
            sent.problem = f"Your cart {sent.errors['cart']}."
    elif isinstance(problem, refused.OutOfStockError):
        sent.renew()
        sent.shortages = problem.shortages
        sent.problem = "Somebody was faster. Nothing was charged."
    elif isinstance(problem, refused.PaymentDeclinedError):
        sent.renew()
        sent.problem = "The payment was declined and nothing was charged. Try another card."
    elif isinstance(problem, refused.KeyReusedError):
        sent.renew()
        sent.problem = (
            "You sent this form before with other details. If that order went through, you find it "
            "in your e-mail; press the button only if you want to order again."
        )
    elif isinstance(problem, refused.UnavailableError):
        sent.problem = (
            "We could not finish this just now. Press the button again in a moment: "
            "you will not be charged twice."
        )
    else:
        sent.problem = str(problem)


async def _page(site: Site, request: Request, visitor: Visitor, sent: _Form) -> Reply:
    try:
        cart = await view(site, visitor)
    except refused.UnavailableError:
        if sent.status == 200:
            raise
        cart = PricedCart([], site.settings.currency, 0)
    if not cart.lines and sent.status == 200:
        return see_other("/cart")
    totals = _totals(site, cart, sent)
    rules = site.settings.pricing
    country = sent.values.get("country", "")
    points = rules.tax.get(country, rules.tax.get("*", 0))
    page = site.templates.page(
        "checkout.html",
        await site.navigation(),
        form=sent,
        values={name: sent.values.get(name, "") for name in _FIELDS},
        errors=sent.errors,
        lines=cart.lines,
        totals=totals,
        total=totals.total,
        tax_rate=f"{points / 100:g} %",
        country_name=COUNTRY_NAMES.get(country, ""),
        countries=list(COUNTRY_NAMES.items()),
        methods=[
            (method, label, _shipping(site, cart, sent, method))
            for method, label in SHIPPING_LABELS.items()
        ],
        payments=_PAYMENTS,
        signed_in=visitor.caller.customer is not None,
    )
    if not cart.lines and sent.status != 200:
        return site.show(page, cookies_of(request.scope), shared=False, status=sent.status)
    return site.show_with_cart(page, request, visitor, cart.count, status=sent.status)


def _method(sent: _Form) -> ShippingMethod:
    given = sent.values.get("shipping_method")
    return next((m for m in SHIPPING_METHODS if m == given), "standard")


def _totals(site: Site, cart: PricedCart, sent: _Form) -> Totals:
    """Totals for the choices so far; a coupon that does not hold is told beside its field."""
    rules, country = site.settings.pricing, sent.values.get("country", "")
    coupon = sent.values.get("coupon", "").strip().upper()
    if coupon:
        try:
            return checkout.quote(rules, cart, _method(sent), country, coupon)
        except refused.InvalidInputError as problem:
            sent.errors.setdefault("coupon", problem.errors[0][1])
    return checkout.quote(rules, cart, _method(sent), country, None)


def _shipping(site: Site, cart: PricedCart, sent: _Form, method: ShippingMethod) -> int:
    """What this way of shipping would cost, in minor units."""
    other = _Form({**sent.values, "shipping_method": method})
    return _totals(site, cart, other).shipping

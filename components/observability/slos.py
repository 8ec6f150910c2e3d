"""What the shop promises its visitors, declared once.

From this one list come the alarms on a budget that burns (`burn.py`), the rows of the dashboard
(`dashboards.py`) and the index of runbooks.
"""

from __future__ import annotations

from dataclasses import dataclass

from .metrics import OURS, Metric

WINDOW_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Journey:
    """``objective`` per cent of ``total`` are not ``bad``, over `WINDOW_DAYS`.

    ``bad`` and ``total`` are sums of metrics. ``promise`` is for people.
    """

    name: str
    promise: str
    objective: float
    total: tuple[Metric, ...]
    bad: tuple[Metric, ...]

    @property
    def budget(self) -> float:
        """The part of requests that may be bad."""
        return round(1 - self.objective / 100, 6)


def _storefront(name: str, journey: str) -> Metric:
    return Metric(namespace=OURS, name=name, dimensions={"Journey": journey})


def _pages(
    name: str, promise: str, objective: float, *, unanswered: tuple[Metric, ...] = ()
) -> Journey:
    """Pages of the storefront, which counts its requests by journey."""
    return Journey(
        name=name,
        promise=promise,
        objective=objective,
        total=(_storefront("Requests", name), *unanswered),
        bad=(_storefront("Errors", name), _storefront("SlowRequests", name), *unanswered),
    )


# What the load balancer had to answer itself, because nobody behind it did.
_UNANSWERED = Metric(
    namespace="AWS/ApplicationELB",
    name="HTTPCode_ELB_5XX_Count",
    dimensions={"LoadBalancer": "@balancer"},
)
_API = {"ApiId": "@api"}

JOURNEYS = (
    # Nobody knows what an unanswered request was for; most visitors browse.
    _pages("browse", "Pages come, and come quickly.", 99.9, unanswered=(_UNANSWERED,)),
    _pages("search", "Searches are answered, and quickly.", 99.9),
    _pages("cart", "What is put into the cart is in the cart.", 99.9),
    _pages("checkout", "Who wants to pay can pay.", 99.9),
    Journey(
        name="mail",
        promise="Who has ordered is told within minutes.",
        objective=99.5,
        # With late ones: when none goes out at all, there is still something to divide by.
        total=(
            Metric(namespace=OURS, name="MailsSent"),
            Metric(namespace=OURS, name="MailsLate"),
        ),
        bad=(Metric(namespace=OURS, name="MailsLate"),),
    ),
    Journey(
        name="recommendations",
        promise="Shelves are filled, and events are taken.",
        objective=99.5,
        total=(Metric(namespace="AWS/ApiGateway", name="Count", dimensions=_API),),
        bad=(Metric(namespace="AWS/ApiGateway", name="5xx", dimensions=_API),),
    ),
)

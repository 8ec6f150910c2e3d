"""What the shop needs from the outside, as small protocols, one module a subject.

Every method may raise `UnavailableError` when what stands behind it is down or too slow.
"""

from .buying import Carts, Checkouts, InProgress, Orders, Outcome, PendingOrder, Placement, Sold
from .catalogue import Catalogue, Images, Reviews, Shelves
from .events import Delivery, Event, Fulfilment, Outbox, Queue
from .mail import Letters, Mail, Mailer
from .payments import AnswerLostError, Charge, ChargeStatus, Payments
from .people import Accounts, RateLimiter, Sessions
from .ranking import Basket, Interactions, Lesson, Look, Ranking, Records
from .staff import Administration

__all__ = [
    "Accounts",
    "Administration",
    "AnswerLostError",
    "Basket",
    "Carts",
    "Catalogue",
    "Charge",
    "ChargeStatus",
    "Checkouts",
    "Delivery",
    "Event",
    "Fulfilment",
    "Images",
    "InProgress",
    "Interactions",
    "Lesson",
    "Letters",
    "Look",
    "Mail",
    "Mailer",
    "Orders",
    "Outbox",
    "Outcome",
    "Payments",
    "PendingOrder",
    "Placement",
    "Queue",
    "Ranking",
    "RateLimiter",
    "Records",
    "Reviews",
    "Sessions",
    "Shelves",
    "Sold",
]

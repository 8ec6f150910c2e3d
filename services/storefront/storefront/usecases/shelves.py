"""What to show somebody, by what they bought."""

from __future__ import annotations

from storefront.domain.accounts import Caller
from storefront.domain.catalogue import Recommendations
from storefront.ports import Shelves


async def for_you(shelves: Shelves, caller: Caller, limit: int) -> Recommendations:
    """What fits to the caller's purchases, and is none of them; to none fits what sells."""
    customer_id = caller.customer.id if caller.customer else None
    bought: list[str] = []
    if caller.visitor_id or customer_id:
        bought = await shelves.bought(caller.visitor_id, customer_id)
    return await shelves.shelf("for-you", bought, bought, limit)

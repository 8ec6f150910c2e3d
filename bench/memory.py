"""Carts in memory: what the shop does without the AWS emulator, whose speed is not AWS's."""

from __future__ import annotations

from collections.abc import Mapping

from storefront.domain.cart import Cart, merged


class MemoryCarts:
    """The port `Carts` in a dictionary."""

    def __init__(self) -> None:
        self._carts: dict[str, Cart] = {}

    async def ping(self) -> None:
        """Memory is always there."""

    async def get(self, cart_id: str) -> Cart:
        """See `Carts.get`."""
        return self._carts.get(cart_id, Cart(cart_id))

    def _put(self, cart: Cart, items: dict[str, int], taken: int = 0) -> Cart:
        taken = max(taken, cart.taken)
        self._carts[cart.id] = changed = Cart(cart.id, items, cart.version + 1, taken)
        return changed

    async def set_quantity(self, cart_id: str, sku: str, quantity: int) -> Cart:
        """See `Carts.set_quantity`."""
        cart = await self.get(cart_id)
        items = {**cart.items, sku: quantity}
        return self._put(cart, {s: q for s, q in items.items() if q})

    async def merge(self, source_id: str, target_id: str) -> Cart:
        """See `Carts.merge`."""
        source, target = self._carts.pop(source_id, Cart(source_id)), await self.get(target_id)
        return self._put(target, merged(target.items, source.items))

    async def remove_bought(self, cart_id: str, version: int, items: Mapping[str, int]) -> None:
        """See `Carts.remove_bought`; nobody else changes these carts, so the version is known."""
        cart = await self.get(cart_id)
        if cart.version == version:
            left = {s: q for s, q in cart.items.items() if s not in items}
            self._put(cart, left, taken=version)

"""Carts in DynamoDB: an item a cart, changed by single conditional updates.

Attributes: ``cart_id``; ``items`` maps SKU to quantity; ``added`` maps SKU to the millisecond it
came in; ``version`` counts changes, from the millisecond in which the cart was made, so that a
cart that comes after one that expired repeats none; ``expires_at`` is the TTL; ``taken_version`` is
`Cart.taken`; ``moving`` maps the id of a cart that is being merged into this one to what was copied
from it, at which of its versions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from storefront.domain.cart import MAX_LINES, Cart, merged
from storefront.domain.errors import InvalidInputError, UnavailableError

from .aws import RefusedConditionError, calling

CART_SECONDS = 30 * 24 * 3600
_ATTEMPTS = 20  # of a change that others disturb; the first or second succeeds nearly always

_SAME_VERSION = "version = :version"
_NO_CART = "attribute_not_exists(cart_id) OR expires_at <= :now"


@dataclass(frozen=True, slots=True)
class _Stored:
    """A cart with what the shop needs to know for taking things out of it exactly once."""

    cart: Cart
    added: dict[str, int]
    moving: dict[str, tuple[int, dict[str, int]]]


class DynamoCarts:
    """The port `Carts`; ``clock`` gives seconds since 1970."""

    def __init__(self, client: Any, table: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    async def ping(self) -> None:
        """Raise UnavailableError when the table does not answer."""
        await self._read("ping")

    async def get(self, cart_id: str) -> Cart:
        """See `Carts.get`."""
        return (await self._read(cart_id)).cart

    async def set_quantity(self, cart_id: str, sku: str, quantity: int) -> Cart:
        """See `Carts.set_quantity`; raises InvalidInputError for a line too many."""
        for _ in range(_ATTEMPTS):
            try:
                return await self._set_existing(cart_id, sku, quantity)
            except RefusedConditionError as problem:
                if problem.item and not self._expired(problem.item):
                    raise InvalidInputError(
                        [("sku", f"a cart holds at most {MAX_LINES} different products")]
                    ) from problem
            if quantity == 0:
                return Cart(cart_id)
            cart = self._made(cart_id, {sku: quantity})
            if await self._replace(cart, {sku: self._now_ms()}, _NO_CART):
                return cart
        raise UnavailableError("carts")

    async def _set_existing(self, cart_id: str, sku: str, quantity: int) -> Cart:
        """One atomic update; raises RefusedConditionError when there is no cart or no room."""
        if quantity:
            change = (
                "SET #items.#sku = :quantity, added.#sku = if_not_exists(added.#sku, :ms),"
                " expires_at = :expires ADD version :one"
            )
            room = "(attribute_exists(#items.#sku) OR size(#items) < :most)"
            values = {
                ":quantity": _number(quantity),
                ":ms": _number(self._now_ms()),
                ":most": _number(MAX_LINES),
            }
        else:
            change = "REMOVE #items.#sku, added.#sku SET expires_at = :expires ADD version :one"
            room, values = "attribute_exists(#items)", {}
        with calling("carts"):
            answer = await self._client.update_item(
                TableName=self._table,
                Key={"cart_id": {"S": cart_id}},
                UpdateExpression=change,
                ConditionExpression=f"attribute_exists(#items) AND expires_at > :now AND {room}",
                ExpressionAttributeNames={"#items": "items", "#sku": sku},
                ExpressionAttributeValues={
                    **values,
                    ":one": _number(1),
                    ":now": _number(int(self._clock())),
                    ":expires": _number(self._expires()),
                },
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        return _stored(cart_id, answer["Attributes"]).cart

    async def merge(self, source_id: str, target_id: str) -> Cart:
        """See `Carts.merge`.

        What is copied is noted in the target, in the same update, until it is out of the source:
        a merge that died in between goes on there, and nothing is moved twice. The target is read
        before the source; were the note gone by then, the source would be seen emptied too.
        """
        for _ in range(_ATTEMPTS):
            target = await self._read(target_id)
            source = await self._read(source_id)
            if source_id in target.moving:
                version, items = target.moving[source_id]
                await self.remove_bought(source_id, version, items)
                await self._forget_move(target_id, source_id)
            elif not source.cart.items:
                return target.cart
            else:
                await self._copy(source, target)
        raise UnavailableError("carts")

    async def _copy(self, source: _Stored, target: _Stored) -> bool:
        there = target.cart
        items = merged(there.items, source.cart.items)
        cart = self._made(there.id, items)
        if there.version:
            cart = Cart(there.id, items, there.version + 1, there.taken)
        moving = {
            **target.moving,
            source.cart.id: (source.cart.version, source.cart.items),
        }
        return await self._replace(
            cart,
            {**source.added, **target.added},
            _SAME_VERSION if there.version else _NO_CART,
            version=there.version,
            moving=moving,
        )

    async def _forget_move(self, target_id: str, source_id: str) -> None:
        # A new version, so that nobody who read the note before can write it back.
        with suppress(RefusedConditionError), calling("carts"):
            await self._client.update_item(
                TableName=self._table,
                Key={"cart_id": {"S": target_id}},
                UpdateExpression="REMOVE moving.#source ADD version :one",
                ConditionExpression="attribute_exists(moving)",
                ExpressionAttributeNames={"#source": source_id},
                ExpressionAttributeValues={":one": _number(1)},
            )

    async def remove_bought(self, cart_id: str, version: int, items: Mapping[str, int]) -> None:
        """See `Carts.remove_bought`; the same version is taken out once."""
        if await self._empty_unchanged(cart_id, version):
            return
        for _ in range(_ATTEMPTS):
            stored = await self._read(cart_id)
            if stored.cart.taken >= version or not stored.cart.version:
                return
            left = {
                sku: quantity - items.get(sku, 0)
                for sku, quantity in stored.cart.items.items()
                if quantity > items.get(sku, 0)
            }
            cart = Cart(cart_id, left, stored.cart.version + 1, version)
            if await self._replace(
                cart,
                {sku: stored.added.get(sku, 0) for sku in left},
                _SAME_VERSION,
                version=stored.cart.version,
                moving=stored.moving,
            ):
                return
        raise UnavailableError("carts")

    async def _empty_unchanged(self, cart_id: str, version: int) -> bool:
        """The usual case, in one call: nobody has touched the cart since it was bought."""
        try:
            with calling("carts"):
                await self._client.update_item(
                    TableName=self._table,
                    Key={"cart_id": {"S": cart_id}},
                    UpdateExpression=(
                        "SET #items = :none, added = :none, taken_version = :version,"
                        " expires_at = :expires ADD version :one"
                    ),
                    ConditionExpression=_SAME_VERSION,
                    ExpressionAttributeNames={"#items": "items"},
                    ExpressionAttributeValues={
                        ":none": {"M": {}},
                        ":version": _number(version),
                        ":expires": _number(self._expires()),
                        ":one": _number(1),
                    },
                )
        except RefusedConditionError:
            return False
        return True

    async def _read(self, cart_id: str) -> _Stored:
        with calling("carts"):
            answer = await self._client.get_item(
                TableName=self._table, Key={"cart_id": {"S": cart_id}}, ConsistentRead=True
            )
        item = answer.get("Item")
        return _stored(cart_id, {} if item is None or self._expired(item) else item)

    async def _replace(
        self,
        cart: Cart,
        added: dict[str, int],
        condition: str,
        *,
        version: int = 0,
        moving: dict[str, tuple[int, dict[str, int]]] | None = None,
    ) -> bool:
        """Write the whole cart if ``condition`` holds of the one that is there."""
        expected = (
            {":version": _number(version)}
            if condition == _SAME_VERSION
            else {":now": _number(int(self._clock()))}
        )
        try:
            with calling("carts"):
                await self._client.put_item(
                    TableName=self._table,
                    Item={
                        "cart_id": {"S": cart.id},
                        "items": _numbers(cart.items),
                        "added": _numbers(added),
                        "version": _number(cart.version),
                        "expires_at": _number(self._expires()),
                        "taken_version": _number(cart.taken),
                        "moving": {
                            "M": {
                                source: {"M": {"version": _number(v), "items": _numbers(moved)}}
                                for source, (v, moved) in (moving or {}).items()
                            }
                        },
                    },
                    ConditionExpression=condition,
                    ExpressionAttributeValues=expected,
                )
        except RefusedConditionError:
            return False
        return True

    def _made(self, cart_id: str, items: dict[str, int]) -> Cart:
        """A cart where there is none."""
        now = self._now_ms()
        return Cart(cart_id, items, now, now - 1)

    def _expired(self, item: dict[str, Any]) -> bool:
        return int(item["expires_at"]["N"]) <= self._clock()

    def _expires(self) -> int:
        return int(self._clock()) + CART_SECONDS

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _stored(cart_id: str, item: dict[str, Any]) -> _Stored:
    """What an item says; an empty one is an empty cart."""
    added = _mapping(item.get("added"))
    items = _mapping(item.get("items"))
    ordered = dict(sorted(items.items(), key=lambda line: (added.get(line[0], 0), line[0])))
    return _Stored(
        Cart(cart_id, ordered, _whole(item.get("version")), _whole(item.get("taken_version"))),
        added,
        {
            source: (int(note["M"]["version"]["N"]), _mapping(note["M"]["items"]))
            for source, note in item.get("moving", {"M": {}})["M"].items()
        },
    )


def _mapping(value: dict[str, Any] | None) -> dict[str, int]:
    return {name: int(number["N"]) for name, number in value["M"].items()} if value else {}


def _whole(value: dict[str, Any] | None) -> int:
    return int(value["N"]) if value else 0


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _numbers(values: Mapping[str, int]) -> dict[str, Any]:
    return {"M": {name: _number(value) for name, value in values.items()}}

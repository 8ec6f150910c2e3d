"""The shop as browsers see it behind the edge: the real storefront, and beside it a peer that
answers for the recommendation endpoints, well or badly.
"""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

import msgspec
import uvicorn
from storefront.settings import Settings
from storefront.web.api.views import summary_out
from storefront.web.app import create_app
from storefront.wiring import Shop, open_shop
from web_kit import stock

EVENTS, RECOMMENDATIONS = "/api/v1/events", "/api/v1/recommendations"
Uuid4 = Annotated[
    str,
    msgspec.Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
]
Shelf = Literal["for-you", "also-bought", "popular", "recently-viewed"]


class Event(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a visitor did."""

    id: Uuid4
    type: Literal["View", "AddToCart", "Click"]
    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    at: int
    shelf: Shelf | None = None
    source: str | None = None
    recommendation_id: str | None = None


class Batch(msgspec.Struct, forbid_unknown_fields=True):
    """What is sent at once."""

    id: Uuid4
    sent_at: int
    events: Annotated[list[Event], msgspec.Meta(min_length=1, max_length=20)]


class Peer:
    """Serves the two endpoints, and everything else from the storefront.

    ``answer`` is what the recommender says: None for a good answer (its products in reverse, so
    that they are not the fallback's), "hang", or bytes that are sent as they are with ``status``.
    """

    def __init__(self) -> None:
        self.shop: Shop | None = None
        self.app: Any = None
        self.forget()

    def forget(self) -> None:
        """Start anew."""
        self.asked: list[dict[str, list[str]]] = []
        self.batches: list[Batch] = []
        self.refused: list[str] = []
        self.answer: bytes | Literal["hang"] | None = None
        self.status = 200

    @property
    def events(self) -> list[Event]:
        """All events so far, in the order in which they happened: batches may overtake."""
        found = [event for batch in self.batches for event in batch.events]
        return sorted(found, key=lambda event: event.at)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == EVENTS:
            await _send(send, *await self._take(scope, receive))
        elif scope["type"] == "http" and scope["path"] == RECOMMENDATIONS:
            await _send(send, *await self._recommend(parse_qs(scope["query_string"].decode())))
        else:
            await self.app(scope, receive, send)

    async def _take(self, scope: Any, receive: Any) -> tuple[int, bytes]:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        kind = dict(scope["headers"]).get(b"content-type", b"").decode()
        if kind != "application/json" or len(body) > 16 * 1024:
            self.refused.append(f"{len(body)} bytes of {kind}")
            return 413, b"{}"
        try:
            batch = msgspec.json.decode(body, type=Batch)
        except ValueError as problem:
            self.refused.append(str(problem))
            return 422, b"{}"
        self.batches.append(batch)
        return 202, msgspec.json.encode({"accepted": len(batch.events)})

    async def _recommend(self, query: dict[str, list[str]]) -> tuple[int, bytes]:
        self.asked.append(query)
        if self.answer == "hang":
            await asyncio.sleep(5)
        elif self.answer is not None:
            return self.status, self.answer
        return 200, await self.good(query)

    async def good(self, query: dict[str, list[str]]) -> bytes:
        """A proper answer from the real catalogue."""
        assert self.shop is not None
        (shelf,), limit, skus = query["shelf"], int(query["limit"][0]), query.get("sku", [])
        if shelf == "recently-viewed":
            items = await self.shop.shelves.products(skus)
        else:
            found = await self.shop.shelves.shelf(shelf, skus, [], limit)  # type: ignore[arg-type]
            items = found.items[::-1]
        return msgspec.json.encode(
            {
                "items": [summary_out(item) for item in items],
                "source": "recent" if shelf == "recently-viewed" else "personalize",
                "recommendation_id": f"RID-{shelf}",
                "shelf": shelf,
            }
        )


async def _send(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"private, no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def served(settings: Settings) -> Iterator[tuple[Peer, str]]:
    """The shop and its peer on a real socket, and the address.

    The asset host is another origin, the same server by its other name, so that browsers check
    what they check of an asset host.
    """
    peer = Peer()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # whoever comes before the shop is open waits for it
        port = listening.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        settings = dataclasses.replace(
            settings, public_url=url, assets_url=f"http://localhost:{port}", port=port
        )
        server = uvicorn.Server(
            uvicorn.Config(peer, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
        )

        async def serve() -> None:
            async with open_shop(settings) as shop:
                await stock(shop)
                peer.shop, peer.app = shop, create_app(shop)
                await server.serve(sockets=[listening])

        thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
        thread.start()
        try:
            yield peer, url
        finally:
            server.should_exit = True
            thread.join(timeout=20)
        assert not thread.is_alive()

"""What the events function writes is what the storefront's worker reads."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import AsyncIterator

import pytest
from events import batch, records
from storefront.usecases import ranking


@pytest.mark.parametrize("kind", ["View", "AddToCart", "Click"])
async def test_a_line_of_the_record_is_a_look(kind: str) -> None:
    now = int(time.time() * 1000)
    event = {"id": str(uuid.uuid4()), "type": kind, "sku": "MUG-1", "at": now, "shelf": "for-you"}
    body = {"id": str(uuid.uuid4()), "sent_at": now, "events": [event]}
    (taken,) = batch.parse(json.dumps(body).encode(), now).events
    visitor = "ab" * 32
    line = records.line(taken, user=visitor, visitor=visitor, signed_in=False, received_at=now)

    async def lines() -> AsyncIterator[bytes]:
        yield line.rstrip(b"\n")

    (look,) = [look async for look in ranking._looks(lines())]
    assert look is not None
    assert (look.id, look.type, look.sku, look.session) == (event["id"], kind, "MUG-1", visitor)
    assert look.happened_at.timestamp() == now / 1000

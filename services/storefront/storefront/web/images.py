"""Product pictures, streamed from their store; a key names its content for ever."""

from __future__ import annotations

import re
from functools import partial

from starlette.requests import Request

from storefront.domain.errors import NotFoundError
from storefront.ports import Images

from .headers import FOR_ANY_SITE, IMAGE_POLICY, IMMUTABLE
from .remember import Remembered
from .reply import Reply

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*\Z")
_KEPT = 256  # pictures in memory, at a few KB each
_SECONDS = 3600.0


class Pictures:
    """Serves /images/{key} with a small memory in front of the store."""

    def __init__(self, images: Images, *, for_any_site: bool) -> None:
        self._shared = FOR_ANY_SITE if for_any_site else []
        self._images = images
        self._kept: Remembered[str, tuple[bytes, str]] = Remembered(_SECONDS, _KEPT)

    async def serve(self, request: Request) -> Reply:
        """The picture; raises NotFoundError, also for keys that no picture can have."""
        key = request.path_params["key"]
        if len(key) > 200 or not _KEY.match(key):
            raise NotFoundError("There is no such picture.")
        if request.headers.get("if-none-match") == f'"{key}"':
            return Reply(304, [IMMUTABLE, (b"etag", f'"{key}"'.encode()), *self._shared], b"")
        body, content_type = await self._kept.get(key, partial(self._images.get, key))
        headers = [
            (b"content-type", content_type.encode()),
            IMMUTABLE,
            (b"etag", f'"{key}"'.encode()),
            (b"content-security-policy", IMAGE_POLICY),
            *self._shared,
        ]
        return Reply(200, headers, body)

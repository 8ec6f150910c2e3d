"""Style sheet, script, fonts and icons: in memory, named by content, kept for a year."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from storefront.domain.errors import NotFoundError

from .headers import FOR_ANY_SITE, IMMUTABLE
from .reply import Reply

_TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".txt": b"text/plain; charset=utf-8",
    ".woff2": b"font/woff2",
}
_FOLDER = Path(__file__).with_name("static")


@dataclass(frozen=True, slots=True)
class _Asset:
    content_type: bytes
    body: bytes
    zipped: bytes | None


class Assets:
    """All files of the static folder; the style sheet's ``asset:NAME`` become addresses.

    Pages load them from ``host`` (such as https://assets.example.com; empty: from the shop itself),
    and the style sheet loads its fonts from where it came from.
    """

    def __init__(self, folder: Path = _FOLDER, host: str = "") -> None:
        self._host = host
        self._shared = FOR_ANY_SITE if host else []
        self._addresses: dict[str, str] = {}
        self._files: dict[str, _Asset] = {}
        # Fonts and icons before the style sheet that names them.
        for path in sorted(folder.iterdir(), key=lambda p: (p.suffix == ".css", p.name)):
            self._add(path)

    def _add(self, path: Path) -> None:
        body = path.read_bytes()
        if path.suffix == ".css":
            for name, address in self._addresses.items():
                body = body.replace(f"asset:{name}".encode(), address.encode())
        digest = hashlib.sha256(body).hexdigest()[:12]
        hashed = f"{path.stem}.{digest}{path.suffix}"
        zipped = None if path.suffix == ".woff2" else gzip.compress(body, 9, mtime=0)
        self._addresses[path.name] = f"/static/{hashed}"
        self._files[hashed] = _Asset(_TYPES[path.suffix], body, zipped)

    def address(self, name: str) -> str:
        """Where pages load a file, such as /static/site.0123456789ab.css; raises KeyError."""
        return self._host + self._addresses[name]

    async def serve(self, request: Request) -> Reply:
        """The file, zipped for who takes it; raises NotFoundError for another hash or name."""
        asset = self._files.get(request.path_params["name"])
        if asset is None:
            raise NotFoundError("There is no such file.")
        headers = [
            (b"content-type", asset.content_type),
            IMMUTABLE,
            (b"vary", b"Accept-Encoding"),
            *self._shared,
        ]
        if asset.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Reply(200, [*headers, (b"content-encoding", b"gzip")], asset.zipped)
        return Reply(200, headers, asset.body)

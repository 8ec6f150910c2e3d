"""The storefront's static files in the bucket, under the names that its pages link to.

A name has a hash of the content in it, so every version may be kept for a year, by browsers and by
the bucket: pages of the version before still find their files. The names are the storefront's own
rule (web/assets.py); a test holds the two together.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pulumi_aws as aws
from pulumi import ResourceOptions

from .files import STOREFRONT

FOLDER = STOREFRONT / "storefront/web/static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
# Text is uploaded as text, so that a preview shows it; fonts are not text.
_BINARY = ".woff2"


def hashed(folder: Path = FOLDER) -> dict[str, tuple[Path, bytes]]:
    """Key in the bucket -> the file, and its content as it is served.

    The style sheet's ``asset:NAME`` become the addresses of the other files.
    """
    made: dict[str, tuple[Path, bytes]] = {}
    addresses: dict[str, str] = {}
    for path in sorted(folder.iterdir(), key=lambda p: (p.suffix == ".css", p.name)):
        body = path.read_bytes()
        if path.suffix == ".css":
            for name, address in addresses.items():
                body = body.replace(f"asset:{name}".encode(), address.encode())
        digest = hashlib.sha256(body).hexdigest()[:12]
        key = f"static/{path.stem}.{digest}{path.suffix}"
        addresses[path.name] = f"/{key}"
        made[key] = (path, body)
    return made


def upload(name: str, bucket: aws.s3.Bucket, mine: ResourceOptions) -> None:
    """One object a file; a changed file is another object, and the old one stays."""
    for key, (path, body) in hashed().items():
        text = path.suffix != _BINARY
        content = body.decode("utf-8") if text else None
        aws.s3.BucketObjectv2(
            f"{name}-{key.removeprefix('static/').replace('.', '-')}",
            bucket=bucket.id,
            key=key,
            content=content,
            content_base64=None if text else base64.b64encode(body).decode(),
            content_type=TYPES[path.suffix],
            cache_control="public, max-age=31536000, immutable",
            opts=ResourceOptions(parent=mine.parent, retain_on_delete=True),
        )

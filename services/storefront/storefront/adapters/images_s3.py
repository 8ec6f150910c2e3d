"""Product pictures in S3, each under the path that visitors ask for.

A content network may therefore read the bucket by itself; without one, the web serves them.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from storefront.domain.errors import NotFoundError, UnavailableError

FOLDER = "images/"


class S3Images:
    """Implements `ports.Images` over an aiobotocore ``s3`` client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    async def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store, unless the key exists: the same key has the same content."""
        try:
            await self._client.put_object(
                Bucket=self._bucket,
                Key=FOLDER + key,
                Body=body,
                ContentType=content_type,
                CacheControl="public, max-age=31536000, immutable",
                IfNoneMatch="*",
            )
        except ClientError as problem:
            if _status(problem) != 412:
                raise UnavailableError("images") from problem
        except (BotoCoreError, OSError) as problem:
            raise UnavailableError("images") from problem

    async def get(self, key: str) -> tuple[bytes, str]:
        """Content and content type; raises NotFoundError."""
        try:
            answer = await self._client.get_object(Bucket=self._bucket, Key=FOLDER + key)
            async with answer["Body"] as body:
                return await body.read(), answer["ContentType"]
        except ClientError as problem:
            # Without the right to list the bucket S3 answers 403 for a key that does not exist.
            if _status(problem) in (403, 404):
                raise NotFoundError("There is no such picture.") from problem
            raise UnavailableError("images") from problem
        except (BotoCoreError, OSError) as problem:
            raise UnavailableError("images") from problem


def _status(problem: ClientError) -> int:
    return int(problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))

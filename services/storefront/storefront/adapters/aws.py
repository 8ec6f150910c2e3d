"""What all AWS adapters share: failures in the shop's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from storefront.domain.errors import UnavailableError


class RefusedConditionError(Exception):
    """A conditional write found another state than it expected; ``item`` is that state, if any."""

    def __init__(self, item: dict[str, Any] | None) -> None:
        self.item = item
        super().__init__("the condition did not hold")


@contextmanager
def calling(what: str) -> Iterator[None]:
    """Turn a failed call into UnavailableError for ``what``, or into RefusedConditionError."""
    try:
        yield
    except ClientError as problem:
        if problem.response["Error"]["Code"] == "ConditionalCheckFailedException":
            raise RefusedConditionError(problem.response.get("Item")) from problem
        raise UnavailableError(what) from problem
    except (BotoCoreError, OSError) as problem:
        raise UnavailableError(what) from problem

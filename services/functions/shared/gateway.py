"""API Gateway's HTTP API, payload format 2.0: requests in, answers and RFC 9457 problems out."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from .observe import count, log, name_request

Answer = dict[str, Any]
PRIVATE = "private, no-store"
# The header that CloudFront adds; whatever a visitor sends in it is lost.
EDGE_KEY = "x-shop-edge-key"

# HTTP status and title of every kind of problem: those of the storefront's API.
KINDS = {
    "bad-request": (400, "Bad request"),
    "forbidden": (403, "Forbidden"),
    "conflict": (409, "Conflict"),
    "too-large": (413, "Content too large"),
    "unsupported-media-type": (415, "Unsupported media type"),
    "invalid-input": (422, "Invalid input"),
    "internal": (500, "Internal error"),
    "unavailable": (503, "Briefly unavailable"),
}


class RefusalError(Exception):
    """The request gets a problem of a ``kind`` as its answer; ``reason`` is what is counted."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        reason: str = "",
        errors: Sequence[tuple[str, str]] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.status, self.title = KINDS[kind]
        self.reason = reason or kind
        self.errors = errors
        self.retry_after = retry_after


def invalid(errors: Sequence[tuple[str, str]]) -> RefusalError:
    """422 with (field, message) pairs."""
    detail = "Some fields are not as they should be."
    return RefusalError("invalid-input", detail, errors=sorted(errors))


def unavailable(what: str, seconds: int = 5) -> RefusalError:
    """503: ``what`` is down; try again in ``seconds``."""
    return RefusalError("unavailable", f"{what} is briefly unavailable.", retry_after=seconds)


@dataclass(frozen=True, slots=True)
class Request:
    """What the gateway hands on; header names in lower case, cookies by name (the first wins)."""

    id: str
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    raw_body: str
    encoded: bool

    def body(self, longest: int) -> bytes:
        """The body; raises RefusalError 413 above ``longest`` bytes, 400 for broken base64."""
        too_large = RefusalError("too-large", f"The body is larger than {longest} bytes.")
        if len(self.raw_body) > longest * 2:  # base64 is a third longer: not worth decoding
            raise too_large
        try:
            raw = (
                base64.b64decode(self.raw_body, validate=True)
                if self.encoded
                else self.raw_body.encode()
            )
        except (binascii.Error, ValueError):
            raise RefusalError("bad-request", "The body is not base64.") from None
        if len(raw) > longest:
            raise too_large
        return raw


def read(event: Mapping[str, Any]) -> Request:
    """The request of a payload 2.0 event; repeated query names stay apart."""
    cookies: dict[str, str] = {}
    for sent in event.get("cookies") or ():
        for part in sent.split(";"):
            name, equals, value = part.strip().partition("=")
            if equals:
                cookies.setdefault(name, value)
    return Request(
        id=str((event.get("requestContext") or {}).get("requestId", "")),
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        cookies=cookies,
        query=parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True),
        raw_body=event.get("body") or "",
        encoded=bool(event.get("isBase64Encoded")),
    )


def through_edge(request: Request, key: str) -> None:
    """Refuse what did not come through CloudFront, past its firewall: it alone knows ``key``."""
    sent = request.headers.get(EDGE_KEY, "")
    if not hmac.compare_digest(sent.encode("utf-8", "replace"), key.encode()):
        detail = "This is reached through the shop's own address."
        raise RefusalError("forbidden", detail, reason="not-through-edge")


def answer(status: int, body: Mapping[str, Any], *, cookies: Sequence[str] = ()) -> Answer:
    """A JSON answer that no cache keeps; ``cookies`` are Set-Cookie values."""
    made: Answer = {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": PRIVATE},
        "body": json.dumps(body, separators=(",", ":")),
        "isBase64Encoded": False,
    }
    if cookies:
        made["cookies"] = list(cookies)
    return made


def problem(refusal: RefusalError) -> Answer:
    """A refusal as application/problem+json."""
    body: dict[str, Any] = {
        "type": f"/docs#problem-{refusal.kind}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": str(refusal),
    }
    if refusal.errors:
        body["errors"] = [{"field": name, "message": text} for name, text in refusal.errors]
    made = answer(refusal.status, body)
    made["headers"]["content-type"] = "application/problem+json"
    if refusal.retry_after is not None:
        made["headers"]["retry-after"] = str(refusal.retry_after)
    return made


def serve(event: Mapping[str, Any], work: Callable[[Request], Answer]) -> Answer:
    """Answer one request; refusals are counted by reason, crashes logged and told as 500."""
    name_request()
    try:
        request = read(event)
        name_request(request_id=request.id)
        return work(request)
    except RefusalError as refusal:
        count({"Refused": 1}, Reason=refusal.reason)
        if refusal.status >= 500:
            log.warning("unavailable", extra={"detail": str(refusal)}, exc_info=refusal.__cause__)
        return problem(refusal)
    except Exception:  # noqa: BLE001 - there must be an answer, and it is logged
        log.exception("request crashed")
        count({"Refused": 1}, Reason="internal")
        return problem(RefusalError("internal", "Something went wrong here."))

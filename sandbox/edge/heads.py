"""Requests as they came, and their heads as origins get them."""

from __future__ import annotations

from collections.abc import Hashable

from .plan import Origin
from .policies import VIEWER_ADDRESS
from .ways import Way, chosen_cookies, chosen_query

# Between two neighbours only (RFC 9110, 7.6.1). Transfer-Encoding is written anew.
HOP = frozenset(
    [b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding",
     b"upgrade", b"http2-settings"]
)  # fmt: skip
# The edge says these itself; a visitor's own would be believed.
_OURS = HOP | {b"x-forwarded-for", b"cookie", VIEWER_ADDRESS.encode()}
# What CloudFront sends on even when no policy asks for it.
_BASIC = frozenset(
    [b"content-type", b"content-length", b"range", b"if-range", b"if-match", b"if-none-match",
     b"if-modified-since", b"if-unmodified-since", b"origin", b"expect"]
)  # fmt: skip
_HARMLESS = frozenset([b"GET", b"HEAD", b"PUT", b"DELETE", b"OPTIONS"])


class Request:
    """One request; ``fields`` are its headers by lower-case name."""

    __slots__ = (
        "arrived",
        "body",
        "chunked",
        "close",
        "complete",
        "fields",
        "fresh",
        "ignored",
        "kept",
        "method",
        "pairs",
        "path",
        "query",
        "target",
    )

    def __init__(self) -> None:
        self.method = b""
        self.target = b""
        self.path = b""
        self.query = b""
        self.pairs: list[tuple[bytes, bytes, bytes]] = []  # name, lower-case name, value
        self.fields: dict[bytes, bytes] = {}
        self.chunked = False
        self.close = False  # the visitor wants no other request on this connection
        self.complete = False  # all of it has come
        self.ignored = False  # it is answered: the rest of its body is of no interest
        self.body = bytearray()  # what has come, to send it (again)
        self.kept = True  # `body` is all that has come
        self.fresh: list[bytes] = []  # what has come and was not sent yet

    def header(self, name: bytes, value: bytes) -> None:
        """Note a header line."""
        lower = name.lower()
        self.pairs.append((name, lower, value))
        if lower in self.fields:
            value = self.fields[lower] + (b"; " if lower == b"cookie" else b", ") + value
        self.fields[lower] = value

    def begin(self, method: bytes, *, close: bool) -> None:
        """The head is complete."""
        self.method, self.close = method, close
        path, _, self.query = self.target.partition(b"?")
        if not path.startswith(b"/") and b"://" in path:  # absolute form, as sent to proxies
            path = b"/" + path.partition(b"://")[2].partition(b"/")[2]
        self.path = path
        self.chunked = b"transfer-encoding" in self.fields

    @property
    def harmless(self) -> bool:
        """Whether sending it twice does no harm."""
        return self.method in _HARMLESS or b"idempotency-key" in self.fields

    def part(self, name: str) -> str:
        """A part of it by the name that the firewall has for it."""
        if name == "method":
            return self.method.decode("latin-1")
        if name == "uriPath":
            return self.path.decode("latin-1")
        if name == "queryString":
            return self.query.decode("latin-1")
        return self.fields.get(name.removeprefix("header:").encode(), b"").decode("latin-1")


def key_of(request: Request, way: Way) -> Hashable:
    """What an answer is kept under."""
    caching, fields = way.behaviour.caching, request.fields
    cookies = fields.get(b"cookie")
    headers = caching.headers if isinstance(caching.headers, tuple) else ()
    return (
        way.behaviour.pattern,
        request.path,
        chosen_query(request.query, caching.query) if request.query else b"",
        chosen_cookies(cookies, way.key_cookies) if cookies else b"",
        encodings(request, way),
        *(fields.get(name.encode()) for name in headers),
    )


def encodings(request: Request, way: Way) -> bytes:
    """Accept-Encoding with what the cache policy tells apart."""
    told = request.fields.get(b"accept-encoding")
    if told is None:
        return b""
    return b",".join([name for name in way.encodings if name in told])


def onward(request: Request, way: Way, origin: Origin, peer: tuple[str, int]) -> bytes:
    """The head for an origin, as the behaviour's policies say; bodies are framed as they came."""
    told = way.behaviour.forwarding
    everything, wanted, without = way.everything, way.wanted, way.without
    says = [(name.encode(), value.encode()) for name, value in origin.says]
    never = _OURS.union(name for name, _ in says) if says else _OURS
    query = chosen_query(request.query, told.query)
    path = request.path if request.path == b"*" else origin.prefix.encode() + request.path
    lines = [
        b"%b %b%b%b HTTP/1.1" % (request.method, path, b"?" if query else b"", query),
        b"Host: " + origin.host.encode(),
    ]
    for name, lower, value in request.pairs:
        if lower in never or (lower == b"accept-encoding" and way.encodings):
            continue
        sent = lower in wanted or (everything and lower not in without)
        if lower == b"host":
            lines[1] = b"Host: " + value if sent else lines[1]
        elif (sent or lower in _BASIC) and not lower.startswith(b"cloudfront-"):
            lines.append(b"%b: %b" % (name, value))
    cookies = request.fields.get(b"cookie")
    if cookies and (cookies := chosen_cookies(cookies, way.sent_cookies)):
        lines.append(b"Cookie: " + cookies)
    if way.encodings and (accepted := encodings(request, way)):
        lines.append(b"Accept-Encoding: " + accepted)
    if request.chunked:
        lines.append(b"Transfer-Encoding: chunked")
    lines += [b"%b: %b" % said for said in says]
    address = peer[0].encode()
    before = request.fields.get(b"x-forwarded-for")
    lines.append(b"X-Forwarded-For: " + (b"%b, %b" % (before, address) if before else address))
    if told.viewer_address:
        lines.append(b"CloudFront-Viewer-Address: %b:%d" % (address, peer[1]))
    return b"\r\n".join(lines) + b"\r\n\r\n"

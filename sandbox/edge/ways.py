"""A plan made ready for work: behaviours as compiled patterns, headers as bytes."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Container

from .firewall import Firewall
from .plan import Behaviour, Names, Origin, Plan
from .store import Store

_UNRESERVED = re.compile(r"%(2[DE]|3\d|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])", re.IGNORECASE)


class Way:
    """One behaviour."""

    def __init__(self, behaviour: Behaviour, origins: dict[str, Origin]) -> None:
        self.behaviour = behaviour
        self.matches: Callable[[str], object] = _pattern(behaviour.pattern).match
        self.origins = [origins[name] for name in behaviour.origins]
        self.failover = frozenset(behaviour.failover)
        self.methods = frozenset(method.encode() for method in behaviour.methods)
        self.keeps = behaviour.caching.longest > 0
        self.encodings = [name.encode() for name in behaviour.caching.encodings]
        told = behaviour.forwarding
        self.everything = told.headers == "all"
        self.wanted = frozenset(
            () if isinstance(told.headers, str) else (name.encode() for name in told.headers)
        )
        self.without = frozenset(name.encode() for name in told.not_headers)
        # What is taken from an origin's answer, and what is added unless it is there.
        self.dropped = frozenset(
            [
                *(name.encode() for name in behaviour.removed),
                *(header.name.encode() for header in behaviour.headers if header.override),
            ]
        )
        self.added = [
            (header.name.encode(), f"\r\n{header.name}: {header.value}".encode())
            for header in behaviour.headers
        ]
        self.key_cookies = _chosen(behaviour.caching.cookies)
        self.sent_cookies = _chosen(told.cookies)

    def dress(self, there: Container[bytes]) -> bytes:
        """Header lines of the policy, without those whose lower-case names are there."""
        return b"".join([line for name, line in self.added if name not in there])


class Ways:
    """A whole plan, with its cache and its firewall."""

    def __init__(self, plan: Plan) -> None:
        origins = {origin.name: origin for origin in plan.origins}
        self.all = [Way(behaviour, origins) for behaviour in plan.behaviours]
        self.errors = {page.code: page for page in plan.errors}
        self.firewall = Firewall(plan.rules, blocks=plan.blocks)
        self.guarded = bool(plan.rules or plan.blocks)
        self.store = Store()

    def of(self, path: bytes) -> Way:
        """The first behaviour that takes this path (without its query)."""
        text = normal(path)
        for way in self.all:
            if way.matches(text):
                return way
        return self.all[-1]  # a path that is none, such as that of OPTIONS *


def normal(path: bytes) -> str:
    """As CloudFront reads a path to choose a behaviour; an origin gets it as it came."""
    text = path.decode("latin-1")
    if "%" in text:
        text = _UNRESERVED.sub(lambda m: chr(int(m[1], 16)), text)
    if "//" not in text and "/." not in text:
        return text
    kept: list[str] = []
    parts = text.split("/")
    for part in parts:
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    tail = "/" if kept and parts[-1] in ("", ".", "..") else ""
    return f"/{'/'.join(kept)}{tail}"


def _pattern(text: str) -> re.Pattern[str]:
    """``*`` is any number of characters, ``?`` is one; the first slash may be left out."""
    if not text.startswith(("/", "*", "?")):
        text = f"/{text}"
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(c, re.escape(c)) for c in text) + r"\Z", re.DOTALL)


def chosen_query(query: bytes, names: Names) -> bytes:
    """The parameters of a query string that count."""
    if names == "all" or not query:
        return query
    if names == "none":
        return b""
    wanted = {name.encode() for name in names}
    kept = [pair for pair in query.split(b"&") if _name(pair) in wanted]
    return b"&".join(kept)


def _name(pair: bytes) -> bytes:
    name = pair.partition(b"=")[0]
    return urllib.parse.unquote_to_bytes(name.replace(b"+", b" ")) if b"%" in name else name


def _chosen(names: Names) -> frozenset[bytes] | None:
    """Names as bytes; None is all."""
    if names == "all":
        return None
    return frozenset(() if names == "none" else (name.encode() for name in names))


def chosen_cookies(cookies: bytes, wanted: frozenset[bytes] | None) -> bytes:
    """The cookies of a Cookie header that count; None is all."""
    if wanted is None or not cookies:
        return cookies
    parts = [part.strip() for part in cookies.split(b";")] if wanted else []
    return b"; ".join([part for part in parts if part.partition(b"=")[0] in wanted])

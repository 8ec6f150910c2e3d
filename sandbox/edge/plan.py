"""What the program declares about its edge, as plain data that crosses to the front door."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Action = Literal["allow", "block", "count"]
# Of a list of names: all of them, none, or (as a tuple) these.
Names = Literal["all", "none"] | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header of a response headers policy; ``name`` is in lower case."""

    name: str
    value: str
    override: bool  # also when the origin sent one


@dataclass(frozen=True, slots=True, kw_only=True)
class Caching:
    """A cache policy; times in seconds. Header names are in lower case."""

    shortest: int
    default: int
    longest: int
    cookies: Names = "none"
    query: Names = "none"
    headers: Names = "none"
    encodings: tuple[str, ...] = ()  # of gzip and br


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """What an origin hears: an origin request policy, and what is in the cache key.

    ``headers`` "all" goes with ``not_headers``; Host is one of them, else the origin's own name is
    sent.
    """

    headers: Names = "none"
    not_headers: tuple[str, ...] = ()
    cookies: Names = "none"
    query: Names = "none"
    viewer_address: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """A cache behaviour: which requests, from where, kept how, sent on with what."""

    pattern: str
    origins: tuple[str, ...]  # the second one stands in for the first
    failover: tuple[int, ...] = ()  # answers of the first after which the second is asked
    methods: tuple[str, ...]
    caching: Caching
    forwarding: Forwarding
    headers: tuple[Header, ...] = ()
    removed: tuple[str, ...] = ()  # headers of the origin that visitors do not see


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who answers: ready pods, a bucket at the AWS emulator, or a server on this machine.

    ``away`` is an origin that this machine does not have: it never answers. ``says`` are headers,
    names in lower case, that the edge adds to every request; a visitor's own are not sent on.
    """

    name: str
    kind: Literal["pods", "bucket", "http", "away"]
    host: str  # what the Host header says when the visitor's is not sent on
    address: tuple[str, int] = ("", 0)
    prefix: str = ""  # declared origin path
    says: tuple[tuple[str, str], ...] = ()
    read_seconds: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """A custom error response: what visitors get instead of an origin's ``code``."""

    code: int
    status: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A match on one part of a request, after transformations by their AWS names."""

    part: Literal["method", "uriPath", "queryString"] | str  # or a header, as "header:name"
    how: Literal["EXACTLY", "STARTS_WITH", "ENDS_WITH", "CONTAINS", "REGEX"]
    text: str
    transformations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A firewall statement: one ``field``, or several statements put together."""

    kind: Literal["field", "and", "or", "not"]
    field: Field | None = None
    inner: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A firewall rule; with a ``limit`` it acts above so many requests of an address in a window.

    ``window`` is in seconds. ``count`` only counts.
    """

    name: str
    action: Action
    status: int = 403
    limit: int = 0
    window: int = 0
    scope: Statement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What metrics call the distribution, the load balancer and the firewall; "" without one."""

    distribution: str = ""
    balancer: str = ""
    firewall: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole edge; the last behaviour takes every path."""

    behaviours: tuple[Behaviour, ...]
    origins: tuple[Origin, ...]
    errors: tuple[ErrorPage, ...] = ()
    rules: tuple[Rule, ...] = ()
    blocks: bool = field(default=False)  # what no rule allows is refused
    named: Named = Named()


ALL_METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
# A program without a distribution: every request goes to the pods as it came.
BARE = Plan(
    behaviours=(
        Behaviour(
            pattern="*",
            origins=("pods",),
            methods=ALL_METHODS,
            caching=Caching(shortest=0, default=0, longest=0),
            forwarding=Forwarding(headers="all", cookies="all", query="all", viewer_address=True),
        ),
    ),
    origins=(Origin(name="pods", kind="pods", host=""),),
)

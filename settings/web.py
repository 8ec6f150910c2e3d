"""What the web tier is told: `shop:web`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlsplit

from .network import LogDays
from .reading import Problem, Rule, between, matching
from .shop import ShopSettings, is_domain, is_email
from .traffic import BalancerSettings, FleetSettings, PoolSettings


def _is_open_network(value: str) -> bool:
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError:
        return False
    return str(network) == value and network.prefixlen >= 8  # less is nobody's office


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    return (
        parts.scheme in ("http", "https")
        and (is_domain(host) or host in ("localhost", "127.0.0.1"))
        and parts.username is None
        and port != 0
        and value == f"{parts.scheme}://{parts.netloc}"
    )


def _is_https_url(value: str) -> bool:
    return value.startswith("https:") and _is_url(value)


def millicores(quantity: str) -> int:
    """A Kubernetes CPU quantity ("250m", "2") in thousandths of a core."""
    return int(quantity[:-1]) if quantity.endswith("m") else int(quantity) * 1000


def mebibytes(quantity: str) -> int:
    """A Kubernetes memory quantity ("512Mi", "2Gi") in MiB."""
    return int(quantity[:-2]) * (1024 if quantity.endswith("Gi") else 1)


Cpu = Annotated[str, matching(r"[1-9]\d{0,4}m|[1-9]\d?", 'cores such as "250m" or "2"')]
Memory = Annotated[str, matching(r"[1-9]\d{0,5}(Mi|Gi)", 'memory such as "512Mi" or "2Gi"')]


@dataclass(frozen=True, kw_only=True)
class NodeSettings:
    """Machines for pods, each with a disk of ``disk_gib``; the cheapest that fits is taken."""

    instance_types: tuple[
        Annotated[
            str,
            matching(
                r"t[2-9]\w*\.medium|[a-z]+\d\w*\.\d*x?large",
                'types such as "t4g.medium"; EKS Auto Mode takes none with less than two cores',
            ),
        ],
        ...,
    ]
    disk_gib: Annotated[int, between(20, 1000, "GiB")]

    def check_types(self) -> Iterator[Problem]:
        """A pool without a type never has a node."""
        if not self.instance_types:
            yield Problem(key="instance_types", value=[], accepted="at least one")


@dataclass(frozen=True, kw_only=True)
class ClusterSettings:
    """EKS. Without ``public_access_cidrs`` the API answers inside the VPC only.

    Without ``nodes`` EKS Auto Mode chooses them itself.
    """

    kubernetes_version: Annotated[
        str, matching(r"1\.(3[2-9]|4\d)", 'a Kubernetes version from "1.32", in quotes')
    ]
    public_access_cidrs: tuple[
        Annotated[
            str, Rule("an IPv4 network of at most /8, such as an office's", _is_open_network)
        ],
        ...,
    ]
    deletion_protection: bool
    nodes: NodeSettings | None
    log_days: LogDays


@dataclass(frozen=True, kw_only=True)
class Replicas:
    """How many pods at least and at most."""

    min: Annotated[int, between(1, 100)]
    max: Annotated[int, between(1, 100)]

    def check_range(self) -> Iterator[Problem]:
        """The range must not be empty."""
        if self.min > self.max:
            yield Problem(
                key="min",
                value=self.min,
                given=f"with max = {self.max}",
                accepted=f"a whole number from 1 to {self.max}",
            )


@dataclass(frozen=True, kw_only=True)
class WorkloadSettings:
    """A Deployment's size. ``memory`` is asked for and the limit too: it cannot be taken back."""

    replicas: Replicas
    cpu_request: Cpu
    cpu_limit: Cpu
    memory: Memory

    def check_cpu(self) -> Iterator[Problem]:
        """Kubernetes refuses a request above the limit."""
        if millicores(self.cpu_request) > millicores(self.cpu_limit):
            yield Problem(
                key="cpu_request",
                value=self.cpu_request,
                given=f"with cpu_limit = {self.cpu_limit}",
                accepted=f"at most {self.cpu_limit}",
            )

    def check_memory(self) -> Iterator[Problem]:
        """Less does not start a Python process."""
        if mebibytes(self.memory) < 128:
            yield Problem(key="memory", value=self.memory, accepted="at least 128Mi")


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """Who writes to customers. ``directory`` is where transport ``file`` puts messages."""

    transport: Literal["ses", "file"]
    sender: Annotated[str, Rule('an e-mail address such as "orders@example.com"', is_email)]
    directory: str | None = None

    def check_directory(self) -> Iterator[Problem]:
        """Files need a place, SES has none."""
        if self.transport == "file" and not self.directory:
            yield Problem(
                key="directory",
                value=self.directory,
                given="with transport = file",
                accepted='a relative path such as "mail"',
            )
        if self.transport == "ses" and self.directory is not None:
            yield Problem(
                key="directory",
                value=self.directory,
                given="with transport = ses",
                accepted="no directory",
            )


@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """The cluster, the storefront in it and the shop's own rules.

    ``image`` names one build for ever: a tag that moves would neither roll pods nor migrate. Or it
    is "build": then the program builds it from the sources beside it.
    ``assets_url`` is the host of static files and pictures, if it is another than the shop's.
    ``otlp_endpoint`` takes traces over OTLP/HTTP, at /v1/traces; without one the ``agent`` does,
    which also takes logs and numbers of pods and nodes to CloudWatch; without either nobody.
    ``public_url`` is for a shop that is not seen through the edge; else the edge says it.
    """

    image: Annotated[
        str,
        matching(
            r"([a-z0-9.-]+(:\d+)?/)?[a-z0-9][a-z0-9._/-]*"
            r"(:(?!latest(@|$))[A-Za-z0-9_][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?",
            "build, or an image with a tag (not latest) or digest",
        ),
    ]
    assets_url: (
        Annotated[str, Rule('an asset host such as "https://assets.example.com"', _is_https_url)]
        | None
    )
    cookie_secure: bool
    page_cache_seconds: Annotated[int, between(0, 3600, "seconds")]
    log_level: Literal["debug", "info", "warning", "error"]
    otlp_endpoint: (
        Annotated[str, Rule('a collector such as "http://collector.example.com:4318"', _is_url)]
        | None
    )
    agent: bool
    trace_share: Annotated[int, between(0, 100, "per cent")]
    pools: PoolSettings
    balancer: BalancerSettings
    fleet: FleetSettings
    cluster: ClusterSettings
    storefront: WorkloadSettings
    worker: WorkloadSettings
    mail: MailSettings
    shop: ShopSettings
    public_url: (
        Annotated[
            str, Rule('where visitors see the shop, such as "https://shop.example.com"', _is_url)
        ]
        | None
    ) = None

    @property
    def builds_image(self) -> bool:
        """Whether the program builds the image itself."""
        return self.image == "build"

    def check_image(self) -> Iterator[Problem]:
        """Without a tag, the image would be `latest`."""
        if self.builds_image:
            return
        name = self.image.rsplit("/", 1)[-1]
        if ":" not in name and "@" not in name:
            yield Problem(
                key="image",
                value=self.image,
                accepted="build, or an image with a tag (not latest) or digest",
            )

    def check_cookies(self) -> Iterator[Problem]:
        """Browsers never send secure cookies back over plain HTTP."""
        if self.cookie_secure and (self.public_url or "").startswith("http:"):
            yield Problem(
                key="cookie_secure",
                value=self.cookie_secure,
                given=f"with public_url = {self.public_url}",
                accepted="false, or a public_url with https",
            )

    def check_instances(self) -> Iterator[Problem]:
        """Requests for instances need instances, at any hour."""
        rest = self.fleet.rest
        least = self.fleet.min if rest is None else min(self.fleet.min, rest.size)
        if self.pools.ec2 > 0 and least == 0:
            yield Problem(
                key="fleet.min" if self.fleet.min == 0 else "fleet.rest.size",
                value=0,
                given=f"with pools.ec2 = {self.pools.ec2}",
                accepted="at least 1, or pools.ec2 of 0",
            )

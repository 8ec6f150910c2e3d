"""What the data tier is told: `shop:data`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from .functions import FunctionSettings
from .network import EndpointName, LogDays
from .reading import Problem, between, matching

# What changes the cache's password calls, where there is no NAT.
NEEDED_BY_ROTATION: tuple[EndpointName, ...] = ("elasticache",)
BackupDays = Annotated[int, between(0, 35, "days")]


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """RDS for PostgreSQL.

    ``engine_version`` is a major ("18": minor upgrades come by themselves) or a full version.
    Storage grows by itself up to ``max_storage_gib``. ``pool_size`` is connections a pod.
    ``ca_file`` holds RDS's own authorities, against which ``verify-full`` checks the server.
    """

    engine_version: Annotated[
        str, matching(r"1[5-8](\.\d{1,2})?", 'a PostgreSQL version from "15" to "18", in quotes')
    ]
    instance_class: Annotated[
        str, matching(r"db\.[a-z0-9-]+\.[a-z0-9]+", 'an instance class such as "db.t4g.medium"')
    ]
    storage_gib: Annotated[int, between(20, 65536, "GiB")]
    max_storage_gib: Annotated[int, between(22, 65536, "GiB")]
    multi_az: bool
    read_replica: bool
    backup_days: BackupDays
    tls: Literal["verify-full", "require", "disable"]
    pool_size: Annotated[int, between(1, 100)]
    ca_file: Annotated[str, matching(r"/[\w./-]+", "a file in the image")] | None = None

    def check_growth(self) -> Iterator[Problem]:
        """RDS grows storage by a tenth at least."""
        if self.max_storage_gib * 10 < self.storage_gib * 11:
            yield Problem(
                key="max_storage_gib",
                value=self.max_storage_gib,
                given=f"with storage_gib = {self.storage_gib}",
                accepted=f"at least {-(-self.storage_gib * 11 // 10)} (a tenth more)",
            )

    def check_authorities(self) -> Iterator[Problem]:
        """No operating system trusts RDS's authorities by itself."""
        if self.tls == "verify-full" and self.ca_file is None:
            yield Problem(
                key="ca_file",
                value=self.ca_file,
                given="with tls = verify-full",
                accepted="a file in the image, or tls: require",
            )

    def check_replica(self) -> Iterator[Problem]:
        """A replica starts from a backup."""
        if self.read_replica and self.backup_days == 0:
            yield Problem(
                key="read_replica",
                value=self.read_replica,
                given="with backup_days = 0",
                accepted="false, or backup_days of at least 1",
            )


@dataclass(frozen=True, kw_only=True)
class CacheSettings:
    """ElastiCache for Valkey; ``nodes`` is the primary and its replicas."""

    engine_version: Annotated[str, matching(r"[789]\.\d", 'a Valkey version such as "8.1"')]
    node_type: Annotated[
        str, matching(r"cache\.[a-z0-9-]+\.[a-z0-9]+", 'a node type such as "cache.t4g.small"')
    ]
    nodes: Annotated[int, between(1, 6)]
    automatic_failover: bool
    tls: bool
    snapshot_days: BackupDays

    def check_failover(self) -> Iterator[Problem]:
        """A replica is needed to fail over to."""
        if self.automatic_failover and self.nodes == 1:
            yield Problem(
                key="automatic_failover",
                value=self.automatic_failover,
                given="with nodes = 1",
                accepted="false, or nodes of at least 2",
            )


@dataclass(frozen=True, kw_only=True)
class RotationSettings(FunctionSettings):
    """The function that changes passwords, every so many ``days``."""

    days: Annotated[int, between(1, 90, "days")]


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """Everything that is kept.

    ``protect`` guards what holds data: deletion protection at AWS, `protect` in Pulumi, a final
    snapshot, thirty days to recover secrets and keys. ``log_days`` is for logs of the database, the
    cache and the rotation, and for the bucket of access logs. Without ``rotation`` (null) passwords
    stay.
    """

    protect: bool
    log_days: LogDays
    database: DatabaseSettings
    cache: CacheSettings
    rotation: RotationSettings | None

    def check_recovery(self) -> Iterator[Problem]:
        """What is protected must be recoverable too."""
        if self.protect and self.database.backup_days == 0:
            yield Problem(
                key="database.backup_days",
                value=0,
                given="with protect = true",
                accepted="a whole number from 1 to 35 (days)",
            )

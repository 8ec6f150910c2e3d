"""RDS for PostgreSQL: the catalogue, customers and orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components import iam, peers
from components.archive import AUTHORITIES

from .ground import Ground, log_groups, password, secret

NAME = "shop"
PORT = 5432
MASTER = "shop_admin"  # "master", "admin" and "postgres" are taken or guessed first
USER = "storefront"
# Nobody is awake to buy at these hours in the shop's main market (UTC).
BACKUPS, MAINTENANCE = "07:00-07:45", "sun:08:00-sun:09:00"
LOGS = ("postgresql", "upgrade")


@dataclass(frozen=True, kw_only=True)
class DatabaseLinks:
    """How to reach the database and who may.

    ``secret_arn`` is the storefront's own user, ``master_secret_arn`` the owner's: only migrations
    need it. Whoever connects is admitted to ``group_id`` by its own tier. ``reader_host`` is the
    read replica, if there is one.
    """

    identifier: str
    arn: Output[str]
    host: Output[str]
    reader_host: Output[str] | None
    port: int
    name: str
    tls: str
    ca_file: str | None
    pool_size: int
    secret_arn: Output[str]
    master_secret_arn: Output[str]
    group_id: Output[str]

    def environment(self) -> dict[str, Input[str]]:
        """What functions are told."""
        return {
            "DATABASE_HOST": self.host,
            "DATABASE_PORT": str(self.port),
            "DATABASE_NAME": self.name,
            "DATABASE_TLS": self.tls,
            # In the archive, not where the storefront's image has it.
            "DATABASE_CA_FILE": AUTHORITIES if self.ca_file else "",
            "DATABASE_SECRET_ARN": self.secret_arn,
        }


def database(ground: Ground, identifier: str) -> DatabaseLinks:
    """The instance, its replica if asked for, and two secrets.

    ``identifier`` is the physical name: RDS writes to log groups that are named after it, so that
    they can be made first, encrypted and with an end of their retention.
    """
    settings = ground.settings.database
    name = f"{ground.name}-database"
    group = peers.closed_group(
        name, description="PostgreSQL", vpc_id=ground.network.vpc_id, opts=ground.mine
    )
    master = _own_master(ground) if settings.read_replica else _managed_master(ground)
    common = _common(ground, group)
    primary = aws.rds.Instance(
        name,
        identifier=identifier,
        engine="postgres",
        engine_version=settings.engine_version,
        db_name=NAME,
        username=MASTER,
        kms_key_id=ground.key_arn,  # a replica has its primary's
        allocated_storage=settings.storage_gib,
        max_allocated_storage=settings.max_storage_gib,
        db_subnet_group_name=_subnets(ground).name,
        multi_az=settings.multi_az,
        backup_retention_period=settings.backup_days,
        backup_window=BACKUPS,
        delete_automated_backups=not ground.settings.protect,
        skip_final_snapshot=not ground.settings.protect,
        final_snapshot_identifier=f"{identifier}-final",
        **master.arguments,
        **common,
        opts=_after_logs(ground, name, identifier),
    )
    reader = None
    if settings.read_replica:
        reader = aws.rds.Instance(
            f"{name}-reader",
            identifier=f"{identifier}-reader",
            replicate_source_db=primary.identifier,
            skip_final_snapshot=True,  # it holds nothing of its own
            **common,
            opts=_after_logs(ground, f"{name}-reader", f"{identifier}-reader"),
        )
    user = secret(
        ground,
        "database-user",
        description="The storefront's own database user",
        content={"username": USER, "password": password(ground, "database-user", 40)},
        changes=True,
    )
    return DatabaseLinks(
        identifier=identifier,
        arn=primary.arn,
        host=primary.address,
        reader_host=None if reader is None else reader.address,
        port=PORT,
        name=NAME,
        tls=settings.tls,
        ca_file=settings.ca_file,
        pool_size=settings.pool_size,
        secret_arn=user,
        master_secret_arn=(
            primary.master_user_secrets[0].secret_arn
            if master.secret_arn is None
            else master.secret_arn
        ),
        group_id=group.id,
    )


@dataclass(frozen=True)
class _Master:
    """Arguments that give an instance its owner; the secret's ARN unless RDS makes the secret."""

    arguments: dict[str, Any]
    secret_arn: Output[str] | None


def _managed_master(ground: Ground) -> _Master:
    """RDS makes the password, keeps it in Secrets Manager and changes it every week."""
    managed = {
        "manage_master_user_password": True,
        "master_user_secret_kms_key_id": ground.key_arn,
    }
    return _Master(managed, None)


def _own_master(ground: Ground) -> _Master:
    """RDS for PostgreSQL cannot replicate an instance whose password it manages itself."""
    word = password(ground, "database-master", 40)
    made = secret(
        ground,
        "database-master",
        description="The database's owner, for migrations",
        content={"username": MASTER, "password": word},
    )
    return _Master({"password": word}, made)


def _common(ground: Ground, group: aws.ec2.SecurityGroup) -> dict[str, Any]:
    """What the primary and a replica share."""
    return {
        "instance_class": ground.settings.database.instance_class,
        "port": PORT,
        "vpc_security_group_ids": [group.id],
        "publicly_accessible": False,
        "parameter_group_name": _parameters(ground).name,
        "ca_cert_identifier": "rds-ca-rsa2048-g1",
        "iam_database_authentication_enabled": True,
        "storage_type": "gp3",
        "storage_encrypted": True,
        "deletion_protection": ground.settings.protect,
        "copy_tags_to_snapshot": True,
        "auto_minor_version_upgrade": True,
        "maintenance_window": MAINTENANCE,
        "performance_insights_enabled": True,
        "performance_insights_kms_key_id": ground.key_arn,
        "performance_insights_retention_period": 7,
        "monitoring_interval": 60,
        "monitoring_role_arn": _monitor(ground).arn,
        "enabled_cloudwatch_logs_exports": list(LOGS),
    }


def _parameters(ground: Ground) -> aws.rds.ParameterGroup:
    settings = ground.settings.database
    parameters = {
        "rds.force_ssl": "0" if settings.tls == "disable" else "1",
        "log_statement": "ddl",
        "log_min_duration_statement": "500",  # milliseconds: a slow query for a shop
        "idle_in_transaction_session_timeout": "60000",
    }
    major = settings.engine_version.partition(".")[0]
    return aws.rds.ParameterGroup(
        f"{ground.name}-database",
        family=f"postgres{major}",
        description="The shop's PostgreSQL",
        parameters=[{"name": key, "value": value} for key, value in parameters.items()],
        opts=ground.mine,
    )


def _subnets(ground: Ground) -> aws.rds.SubnetGroup:
    return aws.rds.SubnetGroup(
        f"{ground.name}-database",
        description="Isolated subnets",
        subnet_ids=ground.network.data_subnet_ids,
        opts=ground.mine,
    )


def _monitor(ground: Ground) -> aws.iam.Role:
    """Enhanced monitoring: RDS writes the operating system's figures once a minute."""
    name = f"{ground.name}-database-monitor"
    made = aws.iam.Role(
        name,
        description="RDS writes enhanced monitoring",
        assume_role_policy=iam.document(
            iam.trust("monitoring.rds.amazonaws.com", when=iam.same_account())
        ),
        opts=ground.mine,
    )
    aws.iam.RolePolicyAttachment(
        name,
        role=made.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
        opts=ground.mine,
    )
    return made


def _after_logs(ground: Ground, name: str, identifier: str) -> ResourceOptions:
    groups = log_groups(ground, name, f"/aws/rds/instance/{identifier}", LOGS)
    # Hidden dependency: RDS makes its log groups itself, unencrypted and kept for ever, unless
    # they are there before it.
    return ResourceOptions(
        parent=ground.mine.parent,
        protect=ground.settings.protect,
        depends_on=list(groups.values()),
    )

"""Databases, tables and caches."""

from __future__ import annotations

from policy.model import UNKNOWN, Estate, Rules, Subject
from policy.want import ABSENT, GIVEN, TRUE, at_least, has, matching, one_of

# Tables: a row a rule.
# fmt: off
RULES = Rules()
RDS = "aws:rds/instance:Instance"
PARAMETERS = "aws:rds/parameterGroup:ParameterGroup"
TABLE = "aws:dynamodb/table:Table"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"

RULES.must(
    "RDS-01", "critical", RDS, "storageEncrypted", TRUE,
    "Disks and snapshots are copied; what is on them stays unreadable.",
    "FSBP RDS.3, CIS 7.0 3.2.1",
)
RULES.must(
    "RDS-02", "high", RDS, "kmsKeyId", GIVEN,
    "Only a key of ours can be taken away from whoever has a copy.", "CKV_AWS_16, PCI DSS 3.6",
)
RULES.must(
    "RDS-03", "critical", RDS, "publiclyAccessible", one_of(False),
    "A database has no business on the internet.", "FSBP RDS.2, CIS 7.0 3.2.3",
)
RULES.must(
    "RDS-04", "high", RDS, "multiAz", TRUE,
    "Without a standby the loss of a zone is the loss of the shop.", "FSBP RDS.5, CIS 7.0 3.2.4",
)
RULES.must(
    "RDS-05", "high", RDS, "deletionProtection", TRUE, "Nobody deletes the orders by mistake.",
    "FSBP RDS.8, CKV_AWS_293",
)
RULES.must(
    "RDS-06", "high", RDS, "backupRetentionPeriod", at_least(7),
    "Mistakes are noticed days later.", "FSBP RDS.11, CKV_AWS_133",
)
RULES.must(
    "RDS-07", "high", RDS, "skipFinalSnapshot", one_of(False, None),
    "The last copy is made when nobody wants it any more, which may be a mistake.",
    "pulumi-aws #2426",
)
RULES.must(
    "RDS-08", "medium", RDS, "autoMinorVersionUpgrade", TRUE,
    "Security fixes come in minor versions.", "FSBP RDS.13, CIS 7.0 3.2.2",
)
RULES.must(
    "RDS-09", "low", RDS, "monitoringInterval", one_of(1, 5, 10, 15, 30, 60),
    "What the operating system does explains what the database does.", "FSBP RDS.6, CKV_AWS_118",
)
RULES.must(
    "RDS-10", "medium", RDS, "enabledCloudwatchLogsExports", has("postgresql"),
    "Logs on the instance go with the instance.", "FSBP RDS.9, RDS.36, CKV_AWS_129",
)
RULES.must(
    "RDS-11", "medium", RDS, "iamDatabaseAuthenticationEnabled", TRUE,
    "People get in with their own name, for a quarter of an hour.", "FSBP RDS.10, CKV_AWS_161",
)
RULES.must(
    "RDS-12", "low", RDS, "copyTagsToSnapshot", TRUE, "A snapshot without tags belongs to nobody.",
    "FSBP RDS.17, CKV2_AWS_60",
)
RULES.must(
    "RDS-13", "low", RDS, "performanceInsightsEnabled", TRUE,
    "Slow is found by seeing what waits for what.", "CKV_AWS_353",
)
RULES.must(
    "RDS-14", "medium", RDS, "performanceInsightsKmsKeyId", GIVEN, "Its statements may hold data.",
    "CKV_AWS_354",
)
RULES.must(
    "RDS-15", "medium", RDS, "username",
    matching(r"(?!(admin|postgres|root)$).+", "a name of its own"),
    "Default names are tried first.", "FSBP RDS.25",
)
RULES.must(
    "RDS-16", "medium", RDS, "caCertIdentifier",
    matching(r"rds-ca-(rsa2048|rsa4096|ecc384)-g1", "an authority that lives"),
    "The old authority has expired.", "CKV_AWS_211",
)
RULES.must(
    "RDS-17", "medium", RDS, "maxAllocatedStorage", GIVEN, "A full disk stops the shop.",
    "Well-Architected REL07-BP01",
)
RULES.must(
    "RDS-18", "medium", RDS, "dbSubnetGroupName", GIVEN,
    "Without one the instance lands in the default VPC.", "Well-Architected SEC05-BP01",
)
RULES.must(
    "RDS-19", "medium", RDS, "parameterGroupName", GIVEN,
    "A default group cannot be told to ask for TLS.", "CKV2_AWS_30, Well-Architected SEC09-BP02",
)
RULES.must(
    "RDS-20", "low", RDS, "storageType", one_of("gp3", "io2"), "gp2 costs more and gives less.",
    "Well-Architected COST05-BP02",
)
RULES.must(
    "RDS-21", "high", RDS, "deleteAutomatedBackups", one_of(False),
    "Backups that go with the instance are none.", "Well-Architected REL09-BP01",
)
RULES.must(
    "RDS-22", "high", RDS, "vpcSecurityGroupIds", GIVEN,
    "Without a group of its own it has the VPC's default one.", "FSBP RDS.18",
)


@RULES.rule(
    "RDS-23",
    "critical",
    RDS,
    reason="A master password in the program's state is read by whoever reads the state.",
    source="FSBP SecretsManager.1, Well-Architected SEC02-BP03",
    remedy="manageMasterUserPassword, or a password that is marked secret",
)
def master_password(subject: Subject, _: Estate) -> str | None:
    """A password that stands in the open."""
    if subject.one("manageMasterUserPassword") or subject.one("replicateSourceDb"):
        return None
    if not subject.one("password"):
        return "nobody keeps its master password"
    return None if subject.is_secret("password") else "its password is not marked secret"


@RULES.rule(
    "RDS-24",
    "high",
    PARAMETERS,
    reason="A client that forgets TLS must be refused.",
    source="CKV2_AWS_69, Well-Architected SEC09-BP02",
    remedy="rds.force_ssl = 1",
)
def tls_forced(subject: Subject, _: Estate) -> str | None:
    """TLS that is only offered."""
    told = {p.get("name"): str(p.get("value")) for p in subject.one("parameters") or ()}
    return None if told.get("rds.force_ssl") == "1" else "does not insist on TLS"


@RULES.rule(
    "RDS-25",
    "medium",
    PARAMETERS,
    reason="A transaction that somebody forgot holds its locks until the shop stands still.",
    source="PostgreSQL documentation, idle_in_transaction_session_timeout",
    remedy="idle_in_transaction_session_timeout of a minute or so",
)
def forgotten_transactions(subject: Subject, _: Estate) -> str | None:
    """No end to idle transactions."""
    told = {p.get("name"): str(p.get("value")) for p in subject.one("parameters") or ()}
    value = told.get("idle_in_transaction_session_timeout", "0")
    return None if 0 < int(value) <= 600_000 else "lets transactions idle for ever"


RULES.must(
    "DDB-01", "high", TABLE, "pointInTimeRecovery.enabled", TRUE,
    "A bad deployment overwrites items; only the minute before helps.",
    "FSBP DynamoDB.2, CKV_AWS_28",
)
RULES.must(
    "DDB-02", "high", TABLE, "serverSideEncryption.kmsKeyArn", GIVEN,
    "Only a key of ours can be taken away from whoever has a copy.", "CKV_AWS_119",
)
RULES.must(
    "DDB-03", "high", TABLE, "deletionProtectionEnabled", TRUE,
    "Nobody deletes the carts by mistake.", "FSBP DynamoDB.6",
)
RULES.must(
    "DDB-04", "medium", TABLE, "billingMode", one_of("PAY_PER_REQUEST"),
    "A fixed capacity is either too small in the sale or paid for all year.", "FSBP DynamoDB.1",
)
RULES.must(
    "DDB-05", "medium", TABLE, "ttl.enabled", TRUE,
    "Carts and sessions end; what nobody deletes is paid for, and kept longer than visitors agreed.",
    "Well-Architected COST04-BP05",
)
RULES.must(
    "DDB-06", "high", TABLE, "serverSideEncryption.enabled", TRUE,
    "With AWS's own key nobody can be locked out.", "CKV_AWS_119",
)
RULES.must(
    "CACHE-01", "high", CACHE, "atRestEncryptionEnabled", TRUE, "Snapshots are files.",
    "FSBP ElastiCache.4, CKV_AWS_29",
)
RULES.must(
    "CACHE-02", "high", CACHE, "transitEncryptionEnabled", TRUE,
    "Its password would travel in the clear.", "FSBP ElastiCache.5, CKV_AWS_30",
)
RULES.must(
    "CACHE-03", "high", CACHE, "transitEncryptionMode", one_of("required", None),
    "What is only preferred is left out by somebody.", "FSBP ElastiCache.5",
)
RULES.must(
    "CACHE-04", "high", CACHE, "automaticFailoverEnabled", TRUE,
    "A cache without a successor is an outage that waits.", "FSBP ElastiCache.3, CKV2_AWS_50",
)
RULES.must(
    "CACHE-05", "high", CACHE, "multiAzEnabled", TRUE,
    "The successor must not be in the same zone.", "FSBP ElastiCache.3, cdk-nag AEC4",
)
RULES.must(
    "CACHE-06", "medium", CACHE, "snapshotRetentionLimit", at_least(1),
    "Limits on guessing would begin anew.", "FSBP ElastiCache.1, CKV_AWS_134",
)
RULES.must(
    "CACHE-07", "medium", CACHE, "autoMinorVersionUpgrade", TRUE,
    "Security fixes come in minor versions.", "FSBP ElastiCache.2, CKV_AWS_322",
)
RULES.must(
    "CACHE-08", "medium", CACHE, "subnetGroupName",
    matching(r"(?!default$).+", "a subnet group of its own"),
    "The default one is in the default VPC.", "FSBP ElastiCache.7, CKV_AWS_323",
)
RULES.must(
    "CACHE-09", "medium", CACHE, "kmsKeyId", GIVEN,
    "Only a key of ours can be taken away from whoever has a copy.", "CKV_AWS_191",
)
RULES.must(
    "CACHE-12", "high", CACHE, "securityGroupIds", GIVEN,
    "Without a group of its own it has the VPC's default one.", "Well-Architected SEC05-BP02",
)
RULES.must(
    "CACHE-13", "low", CACHE, "logDeliveryConfigurations", GIVEN,
    "What it did before it failed is in its own log only.", "Well-Architected SEC04-BP01",
)
RULES.must(
    "CACHE-10", "low", CACHE, "engine", one_of("valkey"),
    "Valkey does the same for a fifth less, and stays open.", "Well-Architected COST06-BP01",
)


@RULES.rule(
    "CACHE-11",
    "critical",
    CACHE,
    reason="Whoever reaches the cache must still prove who they are.",
    source="FSBP ElastiCache.6, CKV_AWS_31",
    remedy="authToken (marked secret) or userGroupIds",
)
def cache_password(subject: Subject, _: Estate) -> str | None:
    """No password, or one in the open."""
    token = subject.one("authToken")
    if subject.one("userGroupIds") or token is UNKNOWN:
        return None
    if not token:
        return "asks for no password"
    return None if subject.is_secret("authToken") else "its password is not marked secret"


# Instance types before Graviton do the same for more.
RULES.must(
    "COST-01", "low", RDS, "instanceClass",
    matching(r"db\.[a-z]+\d+g[a-z]*\..+", "a Graviton class"),
    "Graviton does the same for about a tenth less.", "Well-Architected COST05-BP02, SUS05-BP02",
)
RULES.must(
    "COST-02", "low", CACHE, "nodeType",
    matching(r"cache\.[a-z]+\d+g[a-z]*\..+", "a Graviton type"),
    "Graviton does the same for about a tenth less.", "Well-Architected COST05-BP02, SUS05-BP02",
)
RULES.must(
    "RDS-26", "high", RDS, "password", ABSENT,
    "RDS keeps and rotates the master password itself, unless a replica forbids it.",
    "FSBP SecretsManager.1",
)

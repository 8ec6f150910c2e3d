"""Buckets, keys, secrets and log groups."""

from __future__ import annotations

from policy.model import UNKNOWN, Estate, Rules, Subject, listed, statements
from policy.want import GIVEN, TRUE, at_least, at_most, matching, one_of

# Tables: a row a rule.
# fmt: off
RULES = Rules()
BUCKET = "aws:s3/bucket:Bucket"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
NOTIFICATION = "aws:s3/bucketNotification:BucketNotification"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
KEY = "aws:kms/key:Key"
SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
LOGS = "aws:cloudwatch/logGroup:LogGroup"
PARAMETER = "aws:ssm/parameter:Parameter"

RULES.companion(
    "S3-01", "critical", BUCKET, BLOCK, "bucket", "One wrong policy would publish the bucket.",
    "FSBP S3.8, CIS 7.0 3.1.4",
)
for number, flag in enumerate(
    ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), start=2
):
    RULES.must(
        f"S3-0{number}",
        "critical",
        BLOCK,
        flag,
        TRUE,
        "One wrong policy would publish the bucket.",
        f"FSBP S3.8, CKV_AWS_{51 + number}",
    )
RULES.companion(
    "S3-06", "medium", BUCKET, VERSIONING, "bucket",
    "What is overwritten by mistake is still there.", "FSBP S3.14, CKV_AWS_21",
)
RULES.must(
    "S3-07", "medium", VERSIONING, "versioningConfiguration.status", one_of("Enabled"),
    "What is overwritten by mistake is still there.", "FSBP S3.14, CKV_AWS_21",
)
RULES.companion(
    "S3-08", "high", BUCKET, ENCRYPTION, "bucket",
    "Whose key it is decides who can be locked out.", "FSBP S3.17, CKV_AWS_19",
)
RULES.companion(
    "S3-09", "medium", BUCKET, LIFECYCLE, "bucket",
    "Old versions and broken uploads are paid for until somebody deletes them.",
    "FSBP S3.13, CKV2_AWS_61",
)
RULES.must(
    "S3-10", "low", LIFECYCLE, "rules[].abortIncompleteMultipartUpload.daysAfterInitiation", GIVEN,
    "Parts of broken uploads are invisible, and paid for.", "CKV_AWS_300",
)
RULES.companion(
    "S3-11", "medium", BUCKET, OWNERSHIP, "bucket",
    "With access lists off, policies say everything.", "FSBP S3.12, CKV2_AWS_65",
)
RULES.must(
    "S3-12", "medium", OWNERSHIP, "rule.objectOwnership", one_of("BucketOwnerEnforced"),
    "With access lists off, policies say everything.", "FSBP S3.12, CKV2_AWS_65",
)
RULES.companion(
    "S3-13", "high", BUCKET, POLICY, "bucket", "A policy is what refuses requests without TLS.",
    "FSBP S3.5, CIS 7.0 3.1.1",
)
RULES.must(
    "S3-19", "low", NOTIFICATION, "eventbridge", TRUE,
    "Who deletes what is kept until it is old is found out while it can be undone.",
    "FSBP S3.11, CKV2_AWS_62",
)
RULES.must(
    "S3-14", "high", ENCRYPTION, "rules[].applyServerSideEncryptionByDefault.kmsMasterKeyId",
    GIVEN, "Only a key of ours can be taken away from whoever has a copy.",
    "FSBP S3.17, CKV_AWS_145",
)
RULES.must(
    "S3-15", "low", ENCRYPTION, "rules[].bucketKeyEnabled", TRUE,
    "Without a bucket key every object asks KMS, and every call is billed.",
    "Well-Architected COST08-BP02",
)


@RULES.rule(
    "S3-16",
    "high",
    POLICY,
    reason="What travels in the clear is read on the way.",
    source="FSBP S3.5, CIS 7.0 3.1.1, CKV_AWS_379",
    remedy="deny s3:* where aws:SecureTransport is false",
)
def only_tls(subject: Subject, _: Estate) -> str | None:
    """Requests without TLS are not refused."""
    found = statements(subject.one("policy"))
    if subject.one("policy") is UNKNOWN:
        return None
    ok = any(
        s["Effect"] == "Deny"
        and s.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        and s.get("Action") == "s3:*"
        for s in found
    )
    return None if ok else "does not refuse requests without TLS"


@RULES.rule(
    "S3-17",
    "medium",
    BUCKET,
    reason="Who read or deleted an object is asked afterwards.",
    source="FSBP S3.9, CKV_AWS_18",
    remedy="a BucketLogging into a log bucket",
)
def access_logged(subject: Subject, estate: Estate) -> str | None:
    """No access log, in a bucket that is not the target of such logs."""
    if estate.referring(subject, LOGGING, "bucket"):
        return None
    return None if estate.referring(subject, LOGGING, "targetBucket") else "has no access log"


@RULES.rule(
    "S3-18",
    "critical",
    BUCKET,
    reason="A bucket that empties itself on deletion takes what it holds along.",
    source="Well-Architected REL09-BP01",
    remedy="protect it, or let forceDestroy be false",
)
def empties_itself(subject: Subject, _: Estate) -> str | None:
    """A bucket with forceDestroy on what is protected."""
    both = subject.protect and subject.one("forceDestroy") is True
    return "is protected, and yet empties itself on deletion" if both else None




@RULES.rule(
    "KMS-01",
    "high",
    KEY,
    reason="A key that leaked must not open what comes after.",
    source="FSBP KMS.4, CIS 7.0 4.6, CKV_AWS_7",
    remedy="enableKeyRotation; AWS rotates no key pairs",
)
def never_rotates(subject: Subject, _: Estate) -> str | None:
    """A key that encrypts, without rotation."""
    rotates = subject.one("enableKeyRotation") is True or subject.one("keyUsage") == "SIGN_VERIFY"
    return None if rotates else "does not rotate"


RULES.must(
    "KMS-02", "high", KEY, "deletionWindowInDays", at_least(7),
    "A deleted key takes everything under it along; there must be time to notice.", "FSBP KMS.3",
)
RULES.must(
    "KMS-03", "medium", KEY, "policy", GIVEN,
    "The default policy is whatever the console made of it.", "CKV2_AWS_64",
)
RULES.must(
    "KMS-04", "medium", KEY, "description", GIVEN,
    "Nobody dares to delete a key without a purpose.", "Well-Architected SEC08-BP01",
)


@RULES.rule(
    "KMS-05",
    "critical",
    KEY,
    reason="Whoever is in the policy may read everything under the key.",
    source="CKV_AWS_33, FSBP KMS.5",
    remedy="principals of this account",
)
def key_for_everybody(subject: Subject, _: Estate) -> str | None:
    """A principal that is everybody."""
    for statement in statements(subject.one("policy")):
        principal = statement.get("Principal") or {}
        everybody = principal == "*" or "*" in listed(principal.get("AWS"))
        if statement["Effect"] == "Allow" and everybody:
            return "admits every principal"
    return None


@RULES.rule(
    "KMS-06",
    "high",
    KEY,
    reason="A service can be made to act on a stranger's behalf.",
    source="IAM user guide, the confused deputy problem",
    remedy="a condition on aws:SourceAccount, aws:SourceArn or the encryption context",
)
def key_for_strangers(subject: Subject, _: Estate) -> str | None:
    """A service on anybody's behalf."""
    for statement in statements(subject.one("policy")):
        principal = statement.get("Principal") or {}
        if "Service" in principal and not statement.get("Condition"):
            return f"admits {principal['Service']} on anybody's behalf"
    return None


RULES.must(
    "SEC-01", "medium", SECRET, "kmsKeyId", GIVEN,
    "Only a key of ours can be taken away from whoever has a copy.", "CKV_AWS_149",
)
RULES.must(
    "SEC-02", "medium", SECRET, "recoveryWindowInDays", at_least(7),
    "A secret that is deleted at once takes the shop along.", "Well-Architected SEC08-BP01",
)
RULES.companion(
    "SEC-03", "medium", SECRET, ROTATION, "secretId",
    "A password that leaked works until it is changed.", "FSBP SecretsManager.1, SecretsManager.4",
)


@RULES.rule(
    "SEC-04",
    "critical",
    VERSION,
    reason="Whoever reads the state would read the secret.",
    source="Well-Architected SEC02-BP03",
    remedy="an Output that is secret",
)
def secret_in_the_open(subject: Subject, _: Estate) -> str | None:
    """A secret's value that is not secret in the state."""
    return None if subject.is_secret("secretString") else "its value is not marked secret"


RULES.must(
    "SEC-05", "medium", ROTATION, "rotationRules.automaticallyAfterDays", at_most(90),
    "A password that leaked works until it is changed.", "FSBP SecretsManager.4",
)
RULES.must(
    "SEC-06", "low", ROTATION, "rotateImmediately", one_of(False),
    "When a stack is made, nobody is there yet whose password could change.",
    "Secrets Manager API reference, RotateSecret",
)
RULES.must(
    "LOG-01", "medium", LOGS, "retentionInDays", GIVEN,
    "Logs that nobody deletes are paid for, and kept longer than visitors agreed.",
    "FSBP CloudWatch.16, CKV_AWS_66",
)
RULES.must(
    "LOG-02", "low", LOGS, "retentionInDays", at_least(365), "An intrusion is found after months.",
    "CKV_AWS_338, PCI DSS 10.5.1",
)
RULES.must(
    "LOG-03", "medium", LOGS, "kmsKeyId", GIVEN, "Logs tell of people.", "CKV_AWS_158",
)
RULES.must(
    "SSM-01", "medium", PARAMETER, "type", one_of("SecureString"),
    "What may read all parameters should not thereby know what is in this one.", "CKV2_AWS_34",
)
RULES.must(
    "SSM-02", "low", PARAMETER, "name", matching(r"/.+/.+", "a path with the stack in it"),
    "Two stacks in one account must not share a parameter.", "Well-Architected OPS05-BP03",
)
RULES.must(
    "SSM-04", "medium", PARAMETER, "keyId", GIVEN,
    "Everybody in the account may decrypt with AWS's own key for parameters.", "CKV_AWS_337",
)


@RULES.rule(
    "SSM-03", "high", PARAMETER,
    reason="What is encrypted in AWS would stand in the open in the state.",
    source="Well-Architected SEC02-BP03",
    remedy="an Output that is secret",
)
def parameter_in_the_open(subject: Subject, _: Estate) -> str | None:
    """A SecureString whose value is not secret in the state."""
    secure = subject.one("type") == "SecureString" and not subject.is_secret("value")
    return "its value is not marked secret" if secure else None

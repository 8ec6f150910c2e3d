"""Queues, topics and streams."""

from __future__ import annotations

import json

from policy.model import UNKNOWN, Estate, Rules, Subject, listed, statements
from policy.want import GIVEN, at_least, one_of

# Tables: a row a rule.
# fmt: off
RULES = Rules()
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
FIREHOSE = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
MACHINE = "aws:sfn/stateMachine:StateMachine"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"

RULES.must(
    "SQS-01", "high", QUEUE, "kmsMasterKeyId", GIVEN, "Events tell who bought what.",
    "FSBP SQS.1, CKV_AWS_27, CKV2_AWS_73",
)
RULES.companion(
    "SQS-02", "medium", QUEUE, QUEUE_POLICY, "queueUrl",
    "A policy is what refuses requests without TLS.", "cdk-nag SQS4",
)
RULES.must(
    "SNS-01", "high", TOPIC, "kmsMasterKeyId", GIVEN, "Messages tell of people, or of weaknesses.",
    "FSBP SNS.1, CKV_AWS_26",
)
RULES.must(
    "SNS-02", "high", "aws:sns/topicSubscription:TopicSubscription", "protocol",
    one_of("application", "email", "email-json", "firehose", "https", "lambda", "sms", "sqs"),
    "What travels in the clear is read on the way.", "SNS developer guide, security best practices",
)
RULES.must(
    "FIR-01", "high", FIREHOSE, "serverSideEncryption.enabled", one_of(True),
    "Events tell who looked at what.", "CKV_AWS_240",
)
RULES.must(
    "FIR-02", "high", FIREHOSE, "serverSideEncryption.keyType", one_of("CUSTOMER_MANAGED_CMK"),
    "Only a key of ours can be taken away from whoever has a copy.", "CKV_AWS_241",
)
RULES.must(
    "FIR-03", "medium", FIREHOSE, "extendedS3Configuration.cloudwatchLoggingOptions.enabled",
    one_of(True), "What could not be delivered is only told there.", "Well-Architected OPS08-BP01",
)
RULES.must(
    "FIR-04", "medium", FIREHOSE, "extendedS3Configuration.kmsKeyArn", GIVEN,
    "Only a key of ours can be taken away from whoever has a copy.", "CKV_AWS_241",
)
RULES.must(
    "SCH-01", "low", "aws:scheduler/schedule:Schedule", "kmsKeyArn", GIVEN,
    "What is asked for on schedule is encrypted with a key of ours, as all else is.", "CKV_AWS_297",
)
RULES.must(
    "SFN-01", "medium", MACHINE, "loggingConfiguration.level", one_of("ALL", "ERROR"),
    "A run that failed at night is read in the morning.", "FSBP StepFunctions.1, cdk-nag SF1",
)
RULES.must(
    "SFN-02", "low", MACHINE, "tracingConfiguration.enabled", one_of(True),
    "Slow is found by seeing what waits for what.", "cdk-nag SF2",
)


@RULES.rule(
    "SQS-03",
    "medium",
    QUEUE,
    reason="What nobody can handle blocks what comes after, or disappears.",
    source="cdk-nag SQS3, Well-Architected REL04-BP01",
    remedy="a redrivePolicy, or a RedriveAllowPolicy for a queue of dead letters",
)
def dead_letters(subject: Subject, estate: Estate) -> str | None:
    """Neither a queue with dead letters nor one for them."""
    allow = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
    target = subject.urn in {
        urn
        for other in estate.of_type(
            QUEUE,
            "aws:lambda/function:Function",
            "aws:scheduler/schedule:Schedule",
            "aws:cloudwatch/eventTarget:EventTarget",
        )
        for urns in other.refers.values()
        for urn in urns
    }
    if subject.one("redrivePolicy") or estate.referring(subject, allow, "queueUrl") or target:
        return None
    return "has no place for what nobody can handle"


@RULES.rule(
    "SQS-04",
    "medium",
    QUEUE,
    reason="Messages that end too early are lost over a weekend.",
    source="Well-Architected REL04-BP01",
    remedy="messageRetentionSeconds of four days, or fourteen for dead letters",
)
def short_memory(subject: Subject, _: Estate) -> str | None:
    """Messages that are forgotten within a weekend."""
    seconds = subject.one("messageRetentionSeconds")
    if seconds is UNKNOWN or seconds is None or int(seconds) >= 4 * 86_400:
        return None
    return f"forgets messages after {int(seconds) // 3600} hours"


@RULES.rule(
    "SQS-05",
    "medium",
    QUEUE,
    reason="Tried once and given up, or tried for ever: both lose the message's sense.",
    source="SQS developer guide, dead-letter queues",
    remedy="maxReceiveCount from 3 to 20",
)
def attempts(subject: Subject, _: Estate) -> str | None:
    """Too few attempts, or too many."""
    policy = subject.one("redrivePolicy")
    if not policy or policy is UNKNOWN:
        return None
    told = json.loads(policy) if isinstance(policy, str) else policy
    count = int(told.get("maxReceiveCount", 0))
    return None if 3 <= count <= 20 else f"gives up after {count} attempts"


@RULES.rule(
    "SQS-06",
    "high",
    QUEUE_POLICY,
    TOPIC_POLICY,
    reason="What travels in the clear is read on the way.",
    source="cdk-nag SQS4, SNS3",
    remedy="deny everything where aws:SecureTransport is false",
)
def only_tls(subject: Subject, _: Estate) -> str | None:
    """Requests without TLS are not refused."""
    if subject.one("policy") is UNKNOWN:
        return None
    ok = any(
        s["Effect"] == "Deny"
        and s.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        for s in statements(subject.one("policy"))
    )
    return None if ok else "does not refuse requests without TLS"


@RULES.rule(
    "POL-01",
    "critical",
    QUEUE_POLICY,
    TOPIC_POLICY,
    BUCKET_POLICY,
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    reason="A policy without a principal is an invitation.",
    source="FSBP SQS.3, SNS.4, S3.6; CKV_AWS_70, CKV_AWS_168, CKV_AWS_169",
    remedy="name principals, and aws:SourceArn for services",
)
def public_policy(subject: Subject, _: Estate) -> str | None:
    """Everybody is allowed, or a service on anybody's behalf."""
    for s in statements(subject.one("policy")):
        principal = s.get("Principal") or {}
        if s["Effect"] != "Allow":
            continue
        if principal == "*" or "*" in listed(principal.get("AWS")):
            return "allows everybody"
        if "Service" in principal and not s.get("Condition"):
            return f"allows {principal['Service']} on anybody's behalf"
    return None


RULES.must(
    "SQS-07", "low", QUEUE, "visibilityTimeoutSeconds", at_least(30, default=30),
    "A message that comes back while somebody still works on it is done twice.",
    "SQS developer guide, visibility time-out",
)

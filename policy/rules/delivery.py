"""What builds and deploys, and what remembers who did: ECR, CodeBuild, pipelines, CloudTrail."""

from __future__ import annotations

from policy.model import Estate, Rules, Subject
from policy.want import GIVEN, NOT_TRUE, TRUE, matching, one_of

# Tables: a row a rule.
# fmt: off
RULES = Rules()
REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
PROJECT = "aws:codebuild/project:Project"
WEBHOOK = "aws:codebuild/webhook:Webhook"
PIPELINE = "aws:codepipeline/pipeline:Pipeline"
DEPLOYMENT = "aws:codedeploy/deploymentGroup:DeploymentGroup"
TRAIL = "aws:cloudtrail/trail:Trail"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
VAULT = "aws:backup/vault:Vault"

RULES.must(
    "ECR-01", "medium", REPOSITORY, "imageTagMutability", one_of("IMMUTABLE"),
    "A tag that moves runs what nobody tested.", "FSBP ECR.2, CKV_AWS_51",
)
RULES.must(
    "ECR-02", "medium", REPOSITORY, "imageScanningConfiguration.scanOnPush", TRUE,
    "Known holes are found before they are deployed.", "FSBP ECR.1, CKV_AWS_163",
)
RULES.must(
    "ECR-03", "low", REPOSITORY, "encryptionConfigurations[].kmsKey", GIVEN,
    "Only a key of ours can be taken away from whoever has a copy.", "CKV_AWS_136",
)
RULES.companion(
    "ECR-04", "low", REPOSITORY, LIFECYCLE, "repository",
    "Old images are paid for until somebody deletes them.", "FSBP ECR.3",
)
RULES.must(
    "ECR-05", "medium", REPOSITORY, "forceDelete", NOT_TRUE,
    "What could be rolled back to would go with the repository.", "Well-Architected REL09-BP01",
)
RULES.must(
    "BLD-01", "high", PROJECT, "environment.privilegedMode", NOT_TRUE,
    "A privileged build is the machine it runs on.", "FSBP CodeBuild.5, CKV_AWS_316",
)
RULES.must(
    "BLD-02", "medium", PROJECT, "encryptionKey", GIVEN, "What is built is what is deployed.",
    "CKV_AWS_147, cdk-nag CB4",
)
RULES.must(
    "BLD-03", "medium", PROJECT, "logsConfig.cloudwatchLogs.groupName", GIVEN,
    "Who built what is asked afterwards.", "FSBP CodeBuild.4, CKV_AWS_314",
)
RULES.must(
    "BLD-04", "medium", PROJECT, "artifacts.encryptionDisabled", NOT_TRUE,
    "What is built is what is deployed.", "FSBP CodeBuild.3, CKV_AWS_78",
)
RULES.must(
    "BLD-05", "medium", PROJECT, "buildTimeout", GIVEN,
    "A build that hangs is paid for until it ends.", "Well-Architected REL05-BP05",
)
RULES.must(
    "PIP-01", "medium", PIPELINE, "artifactStores[].encryptionKey.id", GIVEN,
    "What is built is what is deployed.", "CKV_AWS_219",
)
RULES.must(
    "PIP-02", "medium", PIPELINE, "pipelineType", one_of("V2"),
    "Only this kind queues, and is triggered by path.", "CodePipeline user guide",
)
RULES.must(
    "PIP-03", "medium", PIPELINE, "executionMode", one_of("QUEUED"),
    "A newer run that overtakes is deployed untested.", "CodePipeline user guide",
)
RULES.must(
    "DEP-01", "high", DEPLOYMENT, "autoRollbackConfiguration.enabled", TRUE,
    "A bad version is taken back before anybody is woken.", "Well-Architected OPS06-BP04",
)
RULES.must(
    "DEP-02", "high", DEPLOYMENT, "alarmConfiguration.alarms", GIVEN,
    "An alarm is what takes a bad version back.", "Well-Architected OPS06-BP04",
)
RULES.must(
    "DEP-03", "high", DEPLOYMENT, "alarmConfiguration.enabled", TRUE,
    "An alarm that is switched off takes nothing back.", "Well-Architected OPS06-BP04",
)
RULES.must(
    "DEP-04", "high", DEPLOYMENT, "deploymentStyle.deploymentOption", one_of("WITH_TRAFFIC_CONTROL"),
    "What is being changed must not be asked meanwhile.", "CodeDeploy user guide",
)
RULES.must(
    "BLD-08", "medium", PROJECT, "environment.image", matching(r".+:(?!latest$)[\w.-]+", "with a version"),
    "A build machine that changes by itself builds something else.", "Well-Architected SEC06-BP05",
)
RULES.must(
    "TRL-01", "high", TRAIL, "isMultiRegionTrail", TRUE,
    "Whoever breaks in works where nobody looks.", "FSBP CloudTrail.1, CIS 7.0 4.1",
)
RULES.must(
    "TRL-02", "medium", TRAIL, "enableLogFileValidation", TRUE,
    "A log that can be changed proves nothing.", "FSBP CloudTrail.4, CIS 7.0 4.2",
)
RULES.must(
    "TRL-03", "medium", TRAIL, "kmsKeyId", GIVEN,
    "Only a key of ours can be taken away from whoever has a copy.",
    "FSBP CloudTrail.2, CIS 7.0 4.5",
)
RULES.must(
    "TRL-04", "medium", TRAIL, "cloudWatchLogsGroupArn", GIVEN,
    "Alarms read the log as it is written.", "FSBP CloudTrail.5",
)
RULES.must(
    "TRL-05", "high", TRAIL, "enableLogging", one_of(True, None),
    "A trail that is off proves nothing.", "FSBP CloudTrail.3, CKV_AWS_251",
)
RULES.must(
    "ALM-04", "high", COMPOSITE, "alarmActions", GIVEN,
    "An alarm that tells nobody is a light in an empty room.", "FSBP CloudWatch.15, CKV_AWS_319",
)
RULES.must(
    "ALM-05", "high", COMPOSITE, "actionsEnabled", one_of(True, None),
    "An alarm that is switched off is none.", "FSBP CloudWatch.17, CKV_AWS_319",
)
RULES.must(
    "ALM-02", "high", ALARM, "actionsEnabled", one_of(True, None),
    "An alarm that is switched off is none.", "FSBP CloudWatch.17, CKV_AWS_319",
)
RULES.must(
    "ALM-03", "medium", ALARM, "treatMissingData", GIVEN, "What silence means must be decided.",
    "Well-Architected OPS08-BP04",
)
RULES.must(
    "TRL-06", "high", TRAIL, "includeGlobalServiceEvents", one_of(True, None),
    "What is done to IAM is done in no region.", "FSBP CloudTrail.1, CIS 7.0 4.1",
)
RULES.must(
    "GRD-01", "high", "aws:guardduty/detector:Detector", "enable", one_of(True, None),
    "A guard who sleeps is none.", "FSBP GuardDuty.1, CKV_AWS_238",
)
RULES.must(
    "BAK-02", "critical", VAULT, "forceDestroy", NOT_TRUE,
    "A vault that empties itself on deletion takes the last copies along.",
    "Well-Architected REL09-BP02",
)
RULES.must(
    "BAK-01", "high", VAULT, "kmsKeyArn", GIVEN,
    "Only a key of ours can be taken away from whoever has a copy.", "FSBP Backup.1, CKV_AWS_166",
)


@RULES.rule(
    "ALM-01",
    "high",
    ALARM,
    reason="An alarm that tells nobody is a light in an empty room.",
    source="FSBP CloudWatch.15, CKV_AWS_319",
    remedy="alarmActions, or a composite alarm that it is a part of",
)
def tells_nobody(subject: Subject, estate: Estate) -> str | None:
    """Neither an action nor a part of an alarm that has one (ALM-04)."""
    if subject.one("alarmActions") or estate.referring(subject, COMPOSITE, "alarmRule"):
        return None
    return "tells nobody"


@RULES.rule(
    "ALM-06",
    "high",
    ALARM,
    reason="AWS refuses an alarm that looks at two values, or at none.",
    source="CloudWatch API reference, PutMetricAlarm",
    remedy="returnData on the expression, and nowhere else",
)
def one_value(subject: Subject, _: Estate) -> str | None:
    """Not exactly one of the queries is what the alarm looks at, or it and its usual band."""
    queries = subject.one("metricQueries") or ()
    shown = [query.get("id") for query in queries if query.get("returnData")]
    # A band of what is usual is shown beside what it is compared with.
    wanted = 2 if subject.one("thresholdMetricId") else 1
    return f"looks at {len(shown)} values" if queries and len(shown) != wanted else None


@RULES.rule(
    "TRL-07",
    "high",
    TRAIL,
    reason="Whoever breaks in deletes what tells of it.",
    source="Well-Architected SEC04-BP02; CloudTrail user guide, security best practices",
    remedy="objectLockEnabled for the bucket, with a default retention",
)
def rewritten(subject: Subject, estate: Estate) -> str | None:
    """A trail into a bucket whose objects can be deleted."""
    lock = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
    for bucket in estate.referred(subject, "s3BucketName"):
        locked = bucket.one("objectLockEnabled") is True
        if not locked or not estate.referring(bucket, lock, "bucket"):
            return f"writes to {bucket.name}, where objects can be deleted"
    return None


@RULES.rule(
    "BLD-06",
    "high",
    PROJECT,
    reason="Whoever reads the project reads its variables.",
    source="FSBP CodeBuild.2",
    remedy="type SECRETS_MANAGER or PARAMETER_STORE",
)
def plain_variables(subject: Subject, _: Estate) -> str | None:
    """A variable that is called a secret, in the open."""
    for variable in subject.one("environment.environmentVariables") or ():
        name = str(variable.get("name", "")).upper()
        plain = variable.get("type") in (None, "PLAINTEXT")
        if plain and any(word in name for word in ("PASSWORD", "SECRET_ACCESS", "TOKEN")):
            return f"{name} is in the open"
    return None


@RULES.rule(
    "BLD-07",
    "high",
    PROJECT,
    reason="Who opens a pull request must not run code with the account's rights.",
    source="FSBP CodeBuild.1; GitHub Security Lab, pwn requests",
    remedy="a role without writing for builds of pull requests",
)
def strangers_code(subject: Subject, estate: Estate) -> str | None:
    """A webhook for pull requests of strangers on a project that changes things."""
    for hook in estate.referring(subject, WEBHOOK, "projectName"):
        if not _for_pull_requests(hook):
            continue
        for role in estate.referred(subject, "serviceRole"):
            for policy in estate.referring(role, "aws:iam/rolePolicy:RolePolicy", "role"):
                if '"iam:PassRole"' in str(policy.one("policy")):
                    return "runs strangers' code with a role that passes roles on"
    return None


@RULES.rule(
    "BLD-09",
    "high",
    WEBHOOK,
    reason="A build runs what a pull request says, with the project's role.",
    source="CodeBuild user guide, pull request comment approval; GitHub Security Lab, pwn requests",
    remedy="pullRequestBuildPolicy with ALL_PULL_REQUESTS, and roles that may write as approvers",
)
def nobody_read_it(subject: Subject, _: Estate) -> str | None:
    """A webhook for pull requests that waits for nobody, or for somebody who may only read."""
    if not _for_pull_requests(subject):
        return None
    if subject.one("pullRequestBuildPolicy.requiresCommentApproval") != "ALL_PULL_REQUESTS":
        return "builds pull requests that nobody has read"
    readers = [
        role
        for role in subject.get("pullRequestBuildPolicy.approverRoles[]")
        if not str(role).endswith(_WRITERS)
    ]
    return f"{', '.join(map(str, readers))} can have a build run" if readers else None


_WRITERS = ("_WRITE", "_MAINTAIN", "_MAINTAINER", "_ADMIN", "_DEVELOPER", "_OWNER")


def _for_pull_requests(hook: Subject) -> bool:
    return any("PULL_REQUEST" in str(p) for p in hook.get("filterGroups[].filters[].pattern"))

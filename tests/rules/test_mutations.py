"""The real program, made insecure one property at a time: some rule notices every time."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from policy import exceptions
from policy.estate import estate
from policy.model import Estate, Finding, Rules, Subject
from policy.rules import RULES
from tests.stacks import graph_of

# Switches that change what the shop costs, keeps or says, but not how safe or reliable it is; all
# others are turned in every resource that has them.
HARMLESS = {
    "cacheParameterGroup", "cloudwatchMetricsEnabled", "enableAcceptEncodingBrotli",
    "enableAcceptEncodingGzip", "isIpv6Enabled", "measureLatency", "preload",
    "propagateAtLaunch", "allowOverwrite", "evaluateTargetHealth", "override",
    "deleteOnTermination", "expiredObjectDeleteMarker", "special", "disabled",
    "updateDefaultVersion", "applyImmediately",
}  # fmt: skip
# Resources that guard another one: each is taken away.
GUARDS = (
    "aws:autoscaling/lifecycleHook:LifecycleHook",
    "aws:cloudwatch/logDeliverySource:LogDeliverySource",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "aws:ec2/flowLog:FlowLog",
    "aws:ec2/networkAcl:NetworkAcl",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLogging:BucketLogging",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    "kubernetes:policy/v1:PodDisruptionBudget",
)
# Properties whose absence is the danger.
MUST_STAY = {
    "capabilities", "contentSecurityPolicy", "customErrorResponses", "description",
    "frameOptions", "keyId", "kmsKeyArn", "kmsKeyId", "kmsMasterKeyId", "encryptionConfigKeyArn",
    "kmsMasterKeyArn", "limits", "livenessProbe", "performanceInsightsKmsKeyId",
    "readinessProbe", "redactedFields", "redrivePolicy", "requests", "responseHeadersPolicyId",
    "logDeliveryConfigurations", "seccompProfile", "securityGroupIds", "strictTransportSecurity",
    "topologySpreadConstraints", "vpcSecurityGroupIds", "webAclId", "authToken", "accessLogs",
    "enabledClusterLogTypes", "retentionInDays", "iamInstanceProfile", "instanceRefresh",
    "originAccessControlId", "securityGroups",
}  # fmt: skip
NUMBERS = {
    "backupRetentionPeriod": 0, "deletionWindowInDays": 1, "deregistrationDelay": 3600,
    "httpPutResponseHopLimit": 64, "messageRetentionSeconds": 60, "recoveryWindowInDays": 0,
    "retentionInDays": 1, "snapshotRetentionLimit": 0, "accessControlMaxAgeSec": 60,
    "runAsUser": 0, "maxUnavailable": 1, "minReplicas": 1, "replicas": 1, "idleTimeout": 5,
    "limit": 2_000_000_000, "unhealthyThreshold": 10, "activeDeadlineSeconds": 0,
    "terminationGracePeriodSeconds": 1,
}  # fmt: skip
TEXTS = {
    "httpTokens": "optional", "sslPolicy": "ELBSecurityPolicy-2016-08", "desyncMitigationMode":
    "monitor", "viewerProtocolPolicy": "allow-all", "originProtocolPolicy": "http-only",
    "billingMode": "PROVISIONED", "minimumProtocolVersion": "TLSv1", "authenticationMode":
    "CONFIG_MAP", "trafficType": "REJECT", "validationMethod": "EMAIL", "objectOwnership":
    "ObjectWriter", "supportType": "EXTENDED", "healthCheckType": "EC2", "signingBehavior":
    "never", "caCertIdentifier": "rds-ca-2019", "transitEncryptionMode": "preferred",
    "username": "postgres", "frameOption": "SAMEORIGIN", "image": "r.example/storefront:latest",
    "cookieBehavior": "none", "protocol": "HTTP",
}  # fmt: skip
# Where a property of that name is another thing, or belongs to nobody but its owner.
NOT_HERE = {
    ("aws:codebuild/project:Project", "securityGroupIds"),  # AWS refuses to leave them out
    ("aws:apigatewayv2/api:Api", "description"),
    ("aws:cloudfront/originAccessControl:OriginAccessControl", "description"),
    ("aws:cloudwatch/eventRule:EventRule", "description"),
    ("aws:lambda/function:Function", "description"),
    ("aws:cloudfront/originRequestPolicy:OriginRequestPolicy", "cookieBehavior"),
    ("aws:ec2/networkAcl:NetworkAcl", "protocol"),
    ("aws:elasticache/replicationGroup:ReplicationGroup", "description"),
    ("aws:elasticache/subnetGroup:SubnetGroup", "description"),
    ("aws:lb/targetGroup:TargetGroup", "protocol"),
    ("aws:rds/parameterGroup:ParameterGroup", "description"),
    ("aws:rds/subnetGroup:SubnetGroup", "description"),
    ("aws:scheduler/schedule:Schedule", "description"),
    ("aws:secretsmanager/secret:Secret", "description"),
    ("aws:ssm/parameter:Parameter", "description"),
    ("aws:wafv2/webAcl:WebAcl", "description"),
    ("kubernetes:batch/v1:Job", "terminationGracePeriodSeconds"),
    ("kubernetes:batch/v1:Job", "topologySpreadConstraints"),
    ("kubernetes:core/v1:Service", "protocol"),
    ("kubernetes:networking.k8s.io/v1:NetworkPolicy", "protocol"),
    ("kubernetes:policy/v1:PodDisruptionBudget", "maxUnavailable"),
}
# Switches of one type that change nothing about its safety.
NOT_SWITCHED = {
    ("aws:apigatewayv2/api:Api", "allowCredentials"),
    ("aws:apigatewayv2/stage:Stage", "autoDeploy"),
    ("aws:apigatewayv2/stage:Stage", "detailedMetricsEnabled"),
    ("aws:cloudfront/distribution:Distribution", "waitForDeployment"),
    ("aws:cloudfront/function:Function", "publish"),
    ("aws:sfn/stateMachine:StateMachine", "includeExecutionData"),
    ("kubernetes:core/v1:ConfigMap", "immutable"),
}
# Who updates and compares everything: excepted from the rules, judged by tests/test_pipeline.py.
WAIVED = ("pipeline-boundary", "pipeline-deploy-", "pipeline-drift", "pipeline-preview")
Mutation = tuple[str, Subject | None]  # what was done, and the resource after it (None: gone)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value inside a value, with the way to it."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key), inner
        if isinstance(inner, (dict, list)):
            yield from places(inner, (*path, key))


def changed(subject: Subject, path: tuple[Any, ...], value: Any) -> Subject:
    """The resource with another value at one place (None takes it away)."""
    inputs = copy.deepcopy(dict(subject.inputs))
    holder: Any = inputs
    for key in path[:-1]:
        holder = holder[key]
    if value is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return replace(subject, inputs=inputs)


def mutations(subject: Subject) -> Iterator[Mutation]:
    """Everything that is tried on one resource."""
    if subject.type in GUARDS and not _only_allows(subject):
        yield "taken away", None
    if subject.protect:
        yield "unprotected", replace(subject, protect=False)
    for key in subject.secrets:
        if subject.inputs.get("type") == "String":
            continue  # the provider calls every parameter's value secret
        yield f"{key} not secret", replace(subject, secrets=subject.secrets - {key})
    for path, value in places(dict(subject.inputs)):
        for other in _worse(subject, path, value):
            told = "left out" if other is None else other
            yield f"{'.'.join(map(str, path))} = {told}", changed(subject, path, other)
    yield from policies(subject)
    yield from ways(subject)


def _worse(subject: Subject, path: tuple[Any, ...], value: Any) -> Iterator[Any]:
    """What a value is turned into; None is leaving it out."""
    name = next((str(key) for key in reversed(path) if isinstance(key, str)), "")
    if isinstance(value, bool):
        if _matters(subject, name, value):
            yield not value
        return
    if path[-1] != name or not value or (subject.type, name) in NOT_HERE:
        return
    if name in MUST_STAY:
        yield None
    for other in (NUMBERS.get(name), TEXTS.get(name)):
        if other is not None and other != value:
            yield other


def ways(subject: Subject) -> Iterator[Mutation]:
    """Security groups, their rules and network ACLs, opened."""
    if subject.type.endswith(":NetworkAcl"):
        for way in ("ingress", "egress"):
            for at, _ in enumerate(subject.inputs[way]):
                for cidr in ("0.0.0.0/0", "10.0.0.0/8"):
                    yield f"{way} {cidr}", changed(subject, (way, at, "cidrBlock"), cidr)
    if subject.type.endswith("SecurityGroupIngressRule"):
        inputs = {k: v for k, v in subject.inputs.items() if k != "referencedSecurityGroupId"}
        cidrs = ["0.0.0.0/0", *(["10.0.0.0/8"] if inputs["fromPort"] in (5432, 6379) else [])]
        for cidr in cidrs:
            yield f"from {cidr}", replace(subject, inputs={**inputs, "cidrIpv4": cidr})
        yield "every port", changed(subject, ("fromPort",), 0)
        yield "every protocol", changed(subject, ("ipProtocol",), "-1")
    if subject.type.endswith("SecurityGroupEgressRule"):
        open_ = {"ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"}
        yield "lets out everything", replace(subject, inputs={**subject.inputs, **open_})
    if subject.type.endswith(":SecurityGroup"):
        yield (
            "lets out everything",
            replace(subject, inputs={**subject.inputs, "egress": [{"cidrBlocks": ["0.0.0.0/0"]}]}),
        )


def _matters(subject: Subject, name: str, value: bool) -> bool:
    if name in ("forceDestroy", "forceDelete") and value:
        return False  # turned off, it keeps more
    return name not in HARMLESS and (subject.type, name) not in NOT_SWITCHED


def _only_allows(subject: Subject) -> bool:
    """A network policy that opens something: without it the namespace is closed further."""
    spec = subject.inputs.get("spec") or {}
    return bool(spec.get("ingress") or spec.get("egress")) and "policyTypes" in spec


def policies(subject: Subject) -> Iterator[Mutation]:
    """Each statement of a policy, widened."""
    for key in ("policy", "assumeRolePolicy"):
        if not isinstance(subject.inputs.get(key), str):
            continue
        told = json.loads(subject.inputs[key])
        for at, statement in enumerate(told.get("Statement", ())):
            for what, value in (
                ("Action", "*"),
                ("Resource", "*"),
                ("Principal", {"AWS": "*"}),
                ("Condition", None),
            ):
                waived = subject.name.startswith(WAIVED) and "Principal" not in statement
                if what not in statement or waived or _no_wider(subject, statement, what):
                    continue
                wider = copy.deepcopy(told)
                if value is None:
                    del wider["Statement"][at][what]
                else:
                    wider["Statement"][at][what] = value
                inputs = {**subject.inputs, key: json.dumps(wider)}
                yield f"{key} {at}: {what} = {value}", replace(subject, inputs=inputs)


def _no_wider(subject: Subject, statement: dict[str, Any], what: str) -> bool:
    """Where the change would make nothing worse, or is what the service demands."""
    if statement["Effect"] == "Deny":
        return what != "Condition" or "Principal" not in statement
    in_key = subject.type.endswith(":Key")
    if what == "Action" and in_key:
        return True  # whoever is in a key's policy is held back by the policies of their own
    if what == "Action" and "Principal" in statement:
        return True  # a resource's policy: the principal is what matters
    if what == "Resource":
        from policy.rules.iam import WITHOUT_RESOURCES

        actions = statement["Action"]
        return (
            in_key
            or "Principal" in statement
            or set([actions] if isinstance(actions, str) else actions) <= WITHOUT_RESOURCES
        )
    if what == "Condition" and not in_key:
        # Conditions of a role's own permissions narrow what is named already, but for KMS.
        return "Principal" not in statement and "kms:Decrypt" not in statement["Action"]
    return False


@functools.cache
def _split(type_: str) -> tuple[Rules, Rules]:
    """The rules for a type alone, and all others."""
    own, others = Rules(), Rules()
    for id_, rule in RULES.all.items():
        (own if type_ in rule.types else others).all[id_] = rule
    return own, others


def test_a_rule_notices_every_change_for_the_worse() -> None:
    stack = "prod"
    subjects = list(estate(graph_of(stack)).subjects)
    kept = exceptions.read()

    def findings(estate: Estate, rules: Rules) -> list[Finding]:
        return exceptions.sift(rules.findings(estate), stack, kept)[0]

    assert not findings(Estate(subjects), RULES)
    tried, unnoticed = 0, []
    for at, subject in enumerate(subjects):
        own, others = _split(subject.type)
        for what, after in mutations(subject):
            tried += 1
            changed_ = Estate([*subjects[:at], *([after] if after else []), *subjects[at + 1 :]])
            # Mostly a rule for its type notices; all the others only need to look when none does.
            if not findings(changed_, own) and not findings(changed_, others):
                unnoticed.append(f"{subject.type.rpartition(':')[2]} {subject.name}: {what}")
    assert not unnoticed, f"{len(unnoticed)} of {tried}:\n" + "\n".join(unnoticed)
    assert tried >= 150

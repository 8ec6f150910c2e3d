"""Rules for every resource: tags, secrets, protection, regions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy.model import UNKNOWN, Estate, Rules, Subject

# Tables: a row a rule.
# fmt: off
RULES = Rules()
# What holds data that nobody could make again.
DATA = (
    "aws:backup/vault:Vault",
    "aws:dynamodb/table:Table",
    "aws:kms/key:Key",
    "aws:rds/instance:Instance",
    "aws:s3/bucket:Bucket",
    "aws:secretsmanager/secret:Secret",
)
CLOUD_CONTROL = "aws:cloudcontrol/resource:Resource"
LEARNED = ("AWS::Personalize::DatasetGroup", "AWS::Personalize::Dataset")
GLOBAL = "us-east-1"
SECRET_NAME = re.compile(
    r"(password|passwd|secretstring|authtoken|privatekey|apikey|_key)$", re.IGNORECASE
)
CREDENTIAL = re.compile(
    r"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----|ghp_[A-Za-z0-9]{36}|xox[bp]-[0-9A-Za-z-]{20,}"
)
TAGS = ("project", "stack", "tier")


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, f"{path}[]")
    else:
        yield path, value


@RULES.rule(
    "GEN-01",
    "critical",
    reason="Whoever reads a preview, a state file or a template reads the secret.",
    source="Well-Architected SEC02-BP03, FSBP CodeBuild.2, CKV_AWS_45, CKV_AWS_46",
    remedy="an Output that is secret, or the secret's ARN",
)
def plain_secret(subject: Subject, _: Estate) -> str | None:
    """An input that is called a secret, or looks like one, and is not kept as one."""
    for path, value in _leaves(dict(subject.inputs)):
        if subject.is_secret(path) or not isinstance(value, str) or not value:
            continue
        if SECRET_NAME.search(path) and not value.startswith("arn:"):
            return f"{path} is in the open"
        if CREDENTIAL.search(value):
            return f"{path} holds a credential"
    return None


@RULES.rule(
    "GEN-02",
    "medium",
    reason="Who pays for it, and whose is it?",
    source="Well-Architected COST03-BP02, FSBP tagging controls",
    remedy="the tags that every resource of the stack has",
)
def untagged(subject: Subject, _: Estate) -> str | None:
    """Tags that leave something out."""
    tags = subject.one("tags")
    if tags is None or tags is UNKNOWN or not subject.type.startswith("aws:"):
        return None
    if isinstance(tags, list):
        tags = {tag.get("key"): tag.get("value") for tag in tags}
    missing = [tag for tag in TAGS if not tags.get(tag)]
    return f"has no tag {', '.join(missing)}" if missing else None


@RULES.rule(
    "GEN-03",
    "high",
    *DATA,
    CLOUD_CONTROL,
    reason="An update that would delete it must stop and ask.",
    source="Well-Architected REL09-BP01; Pulumi, resource option protect",
    remedy="ResourceOptions(protect=True)",
)
def unprotected_data(subject: Subject, _: Estate) -> str | None:
    """Data that an update may delete."""
    other = subject.type == CLOUD_CONTROL and subject.one("typeName") not in LEARNED
    return None if subject.protect or other else "holds data, and may be deleted by an update"


@RULES.rule(
    "GEN-04",
    "high",
    "aws:wafv2/webAcl:WebAcl",
    "aws:cloudfront/distribution:Distribution",
    reason="CloudFront sees firewalls and certificates of one region only.",
    source="CloudFront developer guide; ACM user guide, regions",
    remedy=f"region {GLOBAL}",
)
def wrong_region(subject: Subject, estate: Estate) -> str | None:
    """A global thing, or what it is made of, in another region."""
    if subject.one("scope") == "CLOUDFRONT" and subject.one("region") != GLOBAL:
        return f"is in {subject.one('region')}"
    for part in estate.referred(subject, "viewerCertificate"):
        if part.one("region") not in (GLOBAL, None):
            return f"uses {part.name} of {part.one('region')}"
    return None


@RULES.rule(
    "GEN-05",
    "high",
    reason="The old ways are gone in the next version of the provider, or insecure already.",
    source="pulumi-aws 7 migration guide; FSBP ELB (classic), AutoScaling.9",
    remedy="the resource that has taken its place",
)
def outdated(subject: Subject, _: Estate) -> str | None:
    """Types that have a successor."""
    successor = {
        "aws:alb/loadBalancer:LoadBalancer": "aws.lb.LoadBalancer",
        "aws:cloudfront/originAccessIdentity:OriginAccessIdentity": "OriginAccessControl",
        "aws:ec2/launchConfiguration:LaunchConfiguration": "LaunchTemplate",
        "aws:ec2/securityGroupRule:SecurityGroupRule": "aws.vpc.SecurityGroupIngressRule",
        "aws:elb/loadBalancer:LoadBalancer": "aws.lb.LoadBalancer",
        "aws:s3/bucketAclV2:BucketAclV2": "BucketOwnershipControls",
        "aws:s3/bucketObject:BucketObject": "BucketObjectv2",
        "aws:waf/webAcl:WebAcl": "aws.wafv2.WebAcl",
        "kubernetes:core/v1:ReplicationController": "Deployment",
    }.get(subject.type)
    return f"has a successor: {successor}" if successor else None


@RULES.rule(
    "GEN-06",
    "medium",
    reason="Ids that somebody typed belong to one account, on one day.",
    source="Well-Architected OPS05-BP03",
    remedy="an output of the resource, or a setting",
)
def typed_id(subject: Subject, _: Estate) -> str | None:
    """An id of the network that comes from no resource."""
    for key in ("vpcId", "subnetId", "securityGroupId", "routeTableId"):
        value = subject.inputs.get(key)
        if isinstance(value, str) and value and not subject.refers.get(key):
            return f"{key} {value} comes from no resource"
    return None

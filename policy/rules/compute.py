"""Instances and their groups."""

from __future__ import annotations

from policy.model import UNKNOWN, Estate, Rules, Subject
from policy.want import ABSENT, GIVEN, TRUE, at_least, at_most, has, matching, one_of

# Tables: a row a rule.
# fmt: off
RULES = Rules()
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GROUP = "aws:autoscaling/group:Group"

RULES.must(
    "EC2-01", "high", TEMPLATE, "metadataOptions.httpTokens", one_of("required"),
    "Without tokens a request that a server was tricked into reads the role's credentials.",
    "FSBP EC2.8, AutoScaling.3; CIS 7.0 6.7",
)
RULES.must(
    "EC2-02", "medium", TEMPLATE, "metadataOptions.httpPutResponseHopLimit", at_most(2),
    "Credentials stay on the instance and its container.", "FSBP AutoScaling.4, CKV_AWS_341",
)
RULES.must(
    "EC2-03", "high", TEMPLATE, "keyName", ABSENT,
    "Nobody needs SSH: Session Manager knows who it was.", "Well-Architected SEC06-BP03",
)
RULES.must(
    "EC2-04", "critical", TEMPLATE, "networkInterfaces[].associatePublicIpAddress",
    one_of(False, "false"), "Instances are reached through the balancer only.",
    "FSBP EC2.9, AutoScaling.5; CKV_AWS_88",
)
RULES.must(
    "EC2-05", "high", TEMPLATE, "blockDeviceMappings[].ebs.encrypted", one_of(True, "true"),
    "Disks are copied; what is on them stays unreadable.", "FSBP EC2.3, EC2.7; CIS 7.0 6.1.1",
)
RULES.must(
    "EC2-06", "low", TEMPLATE, "blockDeviceMappings[].ebs.volumeType", one_of("gp3", None),
    "gp2 costs more and gives less.", "Well-Architected COST05-BP02",
)
RULES.must(
    "EC2-07", "medium", TEMPLATE, "iamInstanceProfile", GIVEN,
    "Without a role, credentials end up on the disk.", "Well-Architected SEC02-BP02",
)
RULES.must(
    "EC2-08", "medium", TEMPLATE, "imageId",
    matching(r"resolve:ssm:/aws/service/.*", "AWS's latest"),
    "An image that somebody wrote down is never patched.", "Well-Architected SEC06-BP01",
)
RULES.must(
    "EC2-09", "high", TEMPLATE, "networkInterfaces[].securityGroups", GIVEN,
    "Without a group of its own it has the VPC's default one.", "Well-Architected SEC05-BP02",
)
RULES.must(
    "EC2-10", "low", TEMPLATE, "monitoring.enabled", TRUE,
    "A minute is long enough to scale late; five are too long.", "CKV_AWS_126",
)
RULES.must(
    "ASG-01", "high", GROUP, "healthCheckType", one_of("ELB"),
    "An instance that runs and does not answer is replaced.", "FSBP AutoScaling.1, CKV2_AWS_15",
)
RULES.must(
    "ASG-02", "medium", GROUP, "mixedInstancesPolicy.launchTemplate.overrides[].instanceType",
    GIVEN, "Capacity of one type runs out.", "FSBP AutoScaling.6",
)
RULES.must(
    "ASG-03", "medium", GROUP, "instanceRefresh.strategy", one_of("Rolling"),
    "A new template reaches the instances by itself.", "Well-Architected OPS06-BP03",
)
RULES.must(
    "ASG-04", "medium", GROUP, "instanceRefresh.preferences.minHealthyPercentage", at_least(90),
    "A refresh takes nothing away before the new one is ready.", "Well-Architected REL08-BP04",
)
RULES.must(
    "ASG-05", "low", GROUP, "capacityRebalance", TRUE,
    "Spot instances are replaced before they are taken.", "EC2 user guide, capacity rebalancing",
)
RULES.must(
    "ASG-06", "low", GROUP, "maxInstanceLifetime", GIVEN,
    "An instance that lives for months is not the one that was tested.",
    "Well-Architected SEC06-BP01",
)
RULES.must(
    "ASG-07", "low", GROUP, "enabledMetrics", has("GroupInServiceInstances"),
    "Without it nobody sees how many there are.", "cdk-nag AS2",
)
RULES.companion(
    "ASG-08", "medium", GROUP, "aws:autoscaling/policy:Policy", "autoscalingGroupName",
    "The sale comes at night.", "Well-Architected REL07-BP01",
)
RULES.companion(
    "ASG-09", "medium", GROUP, "aws:autoscaling/lifecycleHook:LifecycleHook",
    "autoscalingGroupName", "An instance that is taken away finishes its requests first.",
    "Well-Architected REL08-BP04",
)


@RULES.rule(
    "ASG-10",
    "high",
    GROUP,
    reason="Spot instances can all be taken at the same time.",
    source="EC2 user guide, Spot best practices",
    remedy="onDemandBaseCapacity of 1 or more, or a share of on-demand instances",
)
def spot_only(subject: Subject, _: Estate) -> str | None:
    """A fleet that lives on spot capacity alone."""
    told = subject.one("mixedInstancesPolicy.instancesDistribution")
    if not told or told is UNKNOWN or not subject.one("maxSize"):
        return None
    base = told.get("onDemandBaseCapacity") or 0
    share = told.get("onDemandPercentageAboveBaseCapacity")
    return "lives on spot capacity alone" if base < 1 and share == 0 else None


@RULES.rule(
    "COST-03",
    "low",
    GROUP,
    reason="Graviton does the same for about a fifth less.",
    source="Well-Architected COST05-BP02, SUS05-BP02",
    remedy="types whose family ends with g",
)
def old_processors(subject: Subject, _: Estate) -> str | None:
    """Instance types without Graviton."""
    types = subject.get("mixedInstancesPolicy.launchTemplate.overrides[].instanceType")
    old = [t for t in types if isinstance(t, str) and "g" not in t.partition(".")[0][1:]]
    return f"may launch {', '.join(old)}" if old else None

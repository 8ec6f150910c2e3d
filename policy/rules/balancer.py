"""The load balancer and its targets."""

from __future__ import annotations

from policy.model import UNKNOWN, Estate, Rules, Subject
from policy.want import GIVEN, NOT_TRUE, TRUE, at_least, at_most, matching, one_of

# Tables: a row a rule.
# fmt: off
RULES = Rules()
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
TARGETS = "aws:lb/targetGroup:TargetGroup"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"

RULES.must(
    "ELB-01", "critical", BALANCER, "internal", TRUE,
    "Visitors come through CloudFront and its firewall; there is no second way in.",
    "Well-Architected SEC05-BP01",
)
RULES.must(
    "ELB-02", "medium", BALANCER, "dropInvalidHeaderFields", TRUE,
    "Malformed headers are how requests are smuggled past a check.", "FSBP ELB.4, CKV_AWS_131",
)
RULES.must(
    "ELB-03", "medium", BALANCER, "enableDeletionProtection", TRUE,
    "Deleting it by mistake takes the shop away.", "FSBP ELB.6, CKV_AWS_150",
)
RULES.must(
    "ELB-04", "medium", BALANCER, "accessLogs.enabled", TRUE,
    "Without access logs an incident has no first page.", "FSBP ELB.5, CKV_AWS_91",
)
RULES.must(
    "ELB-05", "medium", BALANCER, "desyncMitigationMode", one_of("defensive", "strictest"),
    "Requests that two servers read differently are an attack.", "FSBP ELB.12, CKV_AWS_328",
)
RULES.must(
    "ELB-06", "high", BALANCER, "securityGroups", GIVEN,
    "A balancer without a group of its own has the VPC's default one.",
    "Well-Architected SEC05-BP02",
)
RULES.must(
    "ELB-07", "high", LISTENER, "protocol", one_of("HTTPS"),
    "Orders and passwords travel encrypted, inside the VPC too.", "FSBP ELB.1, CKV_AWS_2",
)
RULES.must(
    "ELB-08", "high", LISTENER, "sslPolicy",
    matching(r"ELBSecurityPolicy-TLS13-1-[23]-.*", "TLS 1.2 and 1.3"),
    "Older versions of TLS are broken.", "FSBP ELB.17, CKV_AWS_103",
)
RULES.must(
    "ELB-09", "medium", TARGETS, "healthCheck.path",
    matching(r"/\w+", "a path that tells readiness"),
    "A target that cannot work must get no visitors.", "Well-Architected REL11-BP01, CKV_AWS_261",
)
RULES.must(
    "ELB-18", "high", TARGETS, "healthCheck.enabled", one_of(True, None),
    "Targets that nobody asks are all healthy, the dead ones too.", "Well-Architected REL11-BP01",
)
RULES.must(
    "ELB-10", "low", TARGETS, "stickiness.enabled", NOT_TRUE,
    "Nothing of a visitor lives in one process; sticking would only make load uneven.",
    "Well-Architected REL05-BP07",
)
RULES.must(
    "ELB-11", "medium", TARGETS, "deregistrationDelay", at_most(60),
    "The usual five minutes hold every rollout up.", "EKS best practices, load balancing",
)
RULES.must(
    "ELB-12", "low", BALANCER, "idleTimeout", at_least(60),
    "CloudFront keeps connections; closing first makes its requests fail.",
    "CloudFront developer guide, keep-alive time-out",
)
RULES.must(
    "ELB-13", "medium", BALANCER, "enableZonalShift", TRUE,
    "A zone in trouble can be left with one command.", "Well-Architected REL11-BP02",
)
RULES.must(
    "ELB-14", "medium", TARGETS, "healthCheck.unhealthyThreshold", at_most(3),
    "Visitors wait for as long as a dead target counts as healthy.", "Well-Architected REL11-BP01",
)
RULES.must(
    "ELB-15", "medium", TARGETS, "healthCheck.interval", at_most(15),
    "Visitors wait for as long as a dead target counts as healthy.", "Well-Architected REL11-BP01",
)


@RULES.rule(
    "ELB-16",
    "high",
    LISTENER,
    reason="Weights that send nobody anywhere are an outage.",
    source="Elastic Load Balancing user guide, weighted target groups",
    remedy="weights that add up to 100",
)
def weights(subject: Subject, _: Estate) -> str | None:
    """Weights that are no percentages."""
    found = subject.get("defaultActions[].forward.targetGroups[].weight")
    if UNKNOWN in found or not found or found == [None]:
        return None
    total = sum(int(weight) for weight in found)
    return None if total == 100 else f"its weights add up to {total}"


@RULES.rule(
    "ELB-17",
    "high",
    DEPLOYMENT,
    reason="A pod that is gone before the balancer has forgotten it loses requests.",
    source="EKS best practices, load balancing",
    remedy="terminationGracePeriodSeconds above the deregistration delay of its target group",
)
def grace(subject: Subject, estate: Estate) -> str | None:
    """Grace that ends before deregistration does."""
    if not any(subject.get("spec.template.spec.containers[].ports")):
        return None
    delays = [
        int(target.one("deregistrationDelay") or 300)
        for target in estate.of_type(TARGETS)
        if target.one("targetType") == "ip"
    ]
    told = subject.one("spec.template.spec.terminationGracePeriodSeconds") or 30
    late = [delay for delay in delays if delay >= told]
    return f"has {told} s of grace, deregistration takes {max(late)}" if late else None

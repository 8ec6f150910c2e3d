"""What runs in the cluster: pods, their limits and their neighbours."""

from __future__ import annotations

import re
from typing import Any

from policy.model import UNKNOWN, Estate, Rules, Subject
from policy.want import ABSENT, GIVEN, TRUE, at_least, has, one_of

# Tables: a row a rule.
# fmt: off
RULES = Rules()
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
JOB = "kubernetes:batch/v1:Job"
WORK = (DEPLOYMENT, JOB)
NAMESPACE = "kubernetes:core/v1:Namespace"
SERVICE = "kubernetes:core/v1:Service"
SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - a type
ACCOUNT = "kubernetes:core/v1:ServiceAccount"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
SCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
POD = "spec.template.spec"
EACH = f"{POD}.containers[]"
RESTRICTED = "Kubernetes, Pod Security Standards: restricted"

RULES.must(
    "K8S-01", "high", WORK, f"{POD}.securityContext.runAsNonRoot", TRUE,
    "Root in a container is one mistake away from root on the node.", RESTRICTED,
)
RULES.must(
    "K8S-02", "medium", WORK, f"{POD}.securityContext.runAsUser", at_least(10000),
    "A low user id may be somebody on the node.", "CKV_K8S_40",
)
RULES.must(
    "K8S-03", "high", WORK, f"{POD}.securityContext.seccompProfile.type",
    one_of("RuntimeDefault", "Localhost"), "Calls that nobody needs are how containers are left.",
    RESTRICTED,
)
RULES.must(
    "K8S-04", "high", WORK, f"{EACH}.securityContext.allowPrivilegeEscalation", one_of(False),
    "A process must not become more than it was.", RESTRICTED,
)
RULES.must(
    "K8S-05", "high", WORK, f"{EACH}.securityContext.capabilities.drop", has("ALL"),
    "A web server needs no capability.", RESTRICTED,
)
RULES.must(
    "K8S-06", "medium", WORK, f"{EACH}.securityContext.readOnlyRootFilesystem", TRUE,
    "What cannot be written cannot be replaced.", "CKV_K8S_22",
)
RULES.must(
    "K8S-07", "critical", WORK, f"{EACH}.securityContext.privileged", ABSENT,
    "A privileged container is the node.", "CKV_K8S_16",
)
RULES.must(
    "K8S-08", "high", WORK, f"{EACH}.resources.limits.memory", GIVEN,
    "One that leaks must not take its neighbours along.", "CKV_K8S_13",
)
RULES.must(
    "K8S-09", "medium", WORK, f"{EACH}.resources.requests.cpu", GIVEN,
    "Who asks for nothing is placed anywhere, and throttled first.", "CKV_K8S_10",
)
RULES.must(
    "K8S-10", "medium", WORK, f"{EACH}.resources.requests.memory", GIVEN,
    "Who asks for nothing is evicted first.", "CKV_K8S_12",
)
RULES.must(
    "K8S-11", "medium", WORK, f"{POD}.automountServiceAccountToken", one_of(False),
    "A token nobody uses is a token somebody steals.", "CKV_K8S_38",
)
for number, shared in enumerate(("hostNetwork", "hostPID", "hostIPC"), start=12):
    RULES.must(
        f"K8S-{number}",
        "critical",
        WORK,
        f"{POD}.{shared}",
        ABSENT,
        "What shares the node's own spaces is the node.",
        RESTRICTED,
    )
RULES.must(
    "K8S-15", "high", DEPLOYMENT, f"{EACH}.readinessProbe", GIVEN,
    "A pod that cannot work yet must get no visitors.", "CKV_K8S_9",
)
RULES.must(
    "K8S-16", "medium", DEPLOYMENT, f"{EACH}.livenessProbe", GIVEN,
    "A pod that hangs is started anew.", "CKV_K8S_8",
)
RULES.must(
    "K8S-17", "low", WORK, f"{POD}.enableServiceLinks", one_of(False),
    "Variables for every service of the namespace tell a pod more than it asks.", "CKV_K8S_155",
)
RULES.must(
    "K8S-18", "high", DEPLOYMENT, f"{POD}.topologySpreadConstraints", GIVEN,
    "Pods that gather in one zone are lost together.", "EKS best practices, reliability",
)
RULES.must(
    "K8S-19", "high", DEPLOYMENT, "spec.replicas", at_least(2),
    "One pod is an outage at every rollout and every lost node.", "CKV_K8S_35 (reliability)",
)
RULES.must(
    "K8S-20", "high", DEPLOYMENT, "spec.strategy.rollingUpdate.maxUnavailable", one_of(0, "0"),
    "A rollout takes nothing away before the new one is ready.", "EKS best practices, reliability",
)
RULES.must(
    "K8S-21", "medium", JOB, "spec.activeDeadlineSeconds", GIVEN,
    "A migration that hangs must end before the next one begins.", "Kubernetes, Jobs",
)
RULES.must(
    "K8S-22", "high", NAMESPACE, r"metadata.labels", has("pod-security.kubernetes.io/enforce"),
    "What the rules here miss, the cluster refuses.", RESTRICTED,
)
RULES.must(
    "K8S-23", "medium", ACCOUNT, "automountServiceAccountToken", one_of(False),
    "A token nobody uses is a token somebody steals.", "CKV_K8S_38",
)


@RULES.rule(
    "K8S-24",
    "high",
    SERVICE,
    "kubernetes:networking.k8s.io/v1:Ingress",
    reason="A load balancer that the cluster makes is left behind by destroy, and bypasses the edge.",
    source="aws-ia/terraform-aws-eks-blueprints #865, #1050",
    remedy="a ClusterIP service behind the declared target group",
)
def own_balancer(subject: Subject, _: Estate) -> str | None:
    """A Service or Ingress that makes the cluster create a load balancer."""
    if subject.type != SERVICE:
        return "makes the cluster create a load balancer"
    type_ = subject.one("spec.type")
    return f"is of type {type_}" if type_ in ("LoadBalancer", "NodePort") else None


@RULES.rule(
    "K8S-25",
    "high",
    SECRET,
    reason="A Kubernetes Secret is readable by whoever may list it, and in Pulumi's state.",
    source="pulumi-kubernetes #2300; CIS EKS benchmark 5.4",
    remedy="the secret's ARN; pods read it with their own role",
)
def kept_in_kubernetes(subject: Subject, _: Estate) -> str | None:
    """A secret in the cluster."""
    return f"keeps a secret in the cluster: {subject.name}"


@RULES.rule(
    "K8S-26",
    "high",
    *WORK,
    reason="A tag that moves runs what nobody tested.",
    source="CKV_K8S_14, CKV_K8S_43",
    remedy="a digest, or a tag that never moves",
)
def moving_image(subject: Subject, _: Estate) -> str | None:
    """An image without a tag, or with one that moves."""
    for image in subject.get(f"{EACH}.image"):
        if image is UNKNOWN:
            continue
        tag = re.search(r":([\w.-]+)$", str(image).rpartition("/")[2])
        if "@sha256:" not in str(image) and (tag is None or tag[1] in ("latest", "main", "stable")):
            return f"runs {image}"
    return None


@RULES.rule(
    "K8S-27",
    "high",
    DEPLOYMENT,
    reason="A liveness probe that asks the database restarts every pod when the database is slow.",
    source="EKS best practices, reliability: probes",
    remedy="another path for liveness than for readiness",
)
def same_probe(subject: Subject, _: Estate) -> str | None:
    """Liveness and readiness on one path."""
    live, ready = (
        subject.get(f"{EACH}.{probe}.httpGet.path") for probe in ("livenessProbe", "readinessProbe")
    )
    return f"lives and is ready by {live[0]}" if live[0] and live == ready else None


def _selected(labels: dict[str, Any], selector: dict[str, Any] | None) -> bool:
    return all(labels.get(key) == value for key, value in (selector or {}).items())


@RULES.rule(
    "K8S-28",
    "medium",
    DEPLOYMENT,
    reason="A node that is drained must not take all pods at once.",
    source="EKS best practices, reliability; CKV_K8S_35",
    remedy="a PodDisruptionBudget that selects its pods",
)
def no_budget(subject: Subject, estate: Estate) -> str | None:
    """No disruption budget for its pods."""
    labels = subject.one("spec.template.metadata.labels") or {}
    found = any(
        _selected(labels, b.one("spec.selector.matchLabels")) for b in estate.of_type(BUDGET)
    )
    return None if found else "has no disruption budget"


@RULES.rule(
    "K8S-29",
    "medium",
    DEPLOYMENT,
    reason="The sale comes at night.",
    source="EKS best practices, cost and performance",
    remedy="a HorizontalPodAutoscaler for it",
)
def not_scaled(subject: Subject, estate: Estate) -> str | None:
    """Nobody adds pods under load."""
    name = subject.one("metadata.name")
    found = any(s.one("spec.scaleTargetRef.name") == name for s in estate.of_type(SCALER))
    return None if found else "is not scaled"


@RULES.rule(
    "K8S-30",
    "high",
    NAMESPACE,
    reason="What nobody allowed is refused: a pod that is taken over finds no neighbours.",
    source="CIS EKS benchmark 4.3; CKV2_K8S_6",
    remedy="a NetworkPolicy without a podSelector, for Ingress and for Egress",
)
def no_default_deny(subject: Subject, estate: Estate) -> str | None:
    """Pods that are reached, or call, as they like."""
    name = subject.one("metadata.name")
    covered = {
        kind
        for policy in estate.of_type(POLICY)
        if policy.one("metadata.namespace") == name
        and not (policy.one("spec.podSelector.matchLabels"))
        for kind in policy.one("spec.policyTypes") or ()
    }
    missing = {"Ingress", "Egress"} - covered
    return f"has no default for {', '.join(sorted(missing))}" if missing else None


@RULES.rule(
    "K8S-31",
    "medium",
    SCALER,
    reason="A lower bound of one is an outage at every lost node.",
    source="EKS best practices, reliability",
    remedy="minReplicas of 2 or more",
)
def scales_to_one(subject: Subject, _: Estate) -> str | None:
    """Scaled down to a single pod."""
    least = subject.one("spec.minReplicas") or 1
    return f"scales down to {least}" if least is not UNKNOWN and least < 2 else None


@RULES.rule(
    "K8S-32",
    "high",
    POLICY,
    reason="A way in from everywhere is no policy.",
    source="CIS EKS benchmark 4.3",
    remedy="name the callers",
)
def admits_all(subject: Subject, _: Estate) -> str | None:
    """An ingress rule without a source."""
    if "Ingress" not in (subject.one("spec.policyTypes") or ()):
        return None
    loose = [rule for rule in subject.one("spec.ingress") or () if not rule.get("from")]
    return "admits everybody" if loose else None

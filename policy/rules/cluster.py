"""EKS: the cluster itself."""

from __future__ import annotations

from policy.model import UNKNOWN, Estate, Rules, Subject
from policy.want import GIVEN, TRUE, has, one_of

# Tables: a row a rule.
# fmt: off
RULES = Rules()
CLUSTER = "eks:index:Cluster"
LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
WORLD = ("0.0.0.0/0", "::/0")
# In standard support; past it, a cluster costs six times as much.
VERSIONS = ("1.33", "1.34", "1.35")

RULES.must(
    "EKS-01", "high", CLUSTER, "enabledClusterLogTypes", has(*LOGS),
    "Who did what in the cluster is asked afterwards.", "FSBP EKS.8, CKV_AWS_37",
)
RULES.must(
    "EKS-02", "high", CLUSTER, "endpointPrivateAccess", TRUE,
    "Nodes and deployments reach the cluster without the internet.", "FSBP EKS.1, cdk-nag EKS1",
)
RULES.must(
    "EKS-03", "medium", CLUSTER, "endpointPublicAccess", one_of(False),
    "What deploys runs inside; nobody else needs the API.", "FSBP EKS.1, CKV_AWS_39",
)
RULES.must(
    "EKS-04", "high", CLUSTER, "encryptionConfigKeyArn", GIVEN,
    "What the cluster keeps is encrypted with a key of ours.", "FSBP EKS.3, CKV_AWS_58",
)
RULES.must(
    "EKS-05", "medium", CLUSTER, "deletionProtection", TRUE,
    "Deleting it by mistake takes the shop away.", "Well-Architected REL09-BP01",
)
RULES.must(
    "EKS-06", "medium", CLUSTER, "version", one_of(*VERSIONS),
    "Old versions get no fixes, and cost six times as much.", "FSBP EKS.2, CKV_AWS_339",
)
RULES.must(
    "EKS-07", "medium", CLUSTER, "upgradePolicy.supportType", one_of("STANDARD"),
    "Extended support is billed without anybody asking for it.", "EKS user guide, upgrade policy",
)
RULES.must(
    "EKS-08", "high", CLUSTER, "authenticationMode", one_of("API"),
    "Who gets in stands in access entries, not in a text inside the cluster.",
    "EKS best practices, identity",
)
RULES.must(
    "EKS-09", "medium", CLUSTER, "autoMode.enabled", TRUE,
    "Nodes are replaced and patched by AWS within three weeks.", "EKS user guide, Auto Mode",
)
RULES.must(
    "EKS-10", "medium", CLUSTER, "privateSubnetIds", GIVEN,
    "Nodes without public addresses are not found from outside.", "EKS best practices, network",
)


@RULES.rule(
    "EKS-11",
    "critical",
    CLUSTER,
    reason="The API of the cluster is guessed at by everybody who can reach it.",
    source="FSBP EKS.1, CKV_AWS_38",
    remedy="publicAccessCidrs of your own networks, or no public endpoint",
)
def open_api(subject: Subject, _: Estate) -> str | None:
    """A public endpoint for everybody."""
    if subject.one("endpointPublicAccess") is False:
        return None
    cidrs = subject.one("publicAccessCidrs")
    if cidrs is UNKNOWN:
        return None
    everybody = not cidrs or set(cidrs) & set(WORLD)
    return "its API is open to the world" if everybody else None


@RULES.rule(
    "EKS-12",
    "high",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    reason="Pods of another namespace must not get the shop's role.",
    source="EKS best practices, identity",
    remedy="a trust policy with the namespace and service account as request tags",
)
def loose_identity(subject: Subject, estate: Estate) -> str | None:
    """A role that any pod of the account could be given."""
    for role in estate.referred(subject, "roleArn"):
        told = role.one("assumeRolePolicy")
        if told is not UNKNOWN and "aws:RequestTag/kubernetes-service-account" not in str(told):
            return f"its role {role.name} names no service account"
    return None

"""Roles: who takes them on, and how many share one."""

from __future__ import annotations

from policy.model import UNKNOWN, Estate, Rules, Subject, listed, statements
from policy.want import matching

# Tables: a row a rule.
# fmt: off
RULES = Rules()
ROLE = "aws:iam/role:Role"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
# AWS's own policies for its own machinery; nothing of ours is in them.
MANAGED = ("AmazonRDSEnhancedMonitoringRole",)

RULES.must(
    "IAM-15", "low", ROLE, "description", matching(r".{10,}", "what the role is for"),
    "A role without a purpose is never removed.", "Well-Architected SEC03-BP04",
)


@RULES.rule(
    "IAM-07",
    "critical",
    ROLE,
    reason="A role is taken by whom it names.",
    source="CKV_AWS_60, CKV_AWS_61, FSBP IAM.21",
    remedy="name the service or the account",
)
def taken_by_anybody(subject: Subject, _: Estate) -> str | None:
    """A trust policy that names nobody."""
    for s in statements(subject.one("assumeRolePolicy")):
        principal = s.get("Principal") or {}
        everybody = principal == "*" or "*" in listed(principal.get("AWS"))
        if s["Effect"] == "Allow" and everybody:
            return "may be taken on by anybody"
    return None


@RULES.rule(
    "IAM-08",
    "high",
    ROLE,
    reason="A service can be made to act on a stranger's behalf.",
    source="IAM user guide, the confused deputy problem",
    remedy="a condition on aws:SourceAccount, aws:SourceArn or a request tag",
)
def confused_deputy(subject: Subject, _: Estate) -> str | None:
    """A service's trust without a condition; EC2 and Lambda take roles of their own account only."""
    own = {"ec2.amazonaws.com", "lambda.amazonaws.com"}
    for s in statements(subject.one("assumeRolePolicy")):
        services = set(listed((s.get("Principal") or {}).get("Service")))
        if services - own and not s.get("Condition"):
            return f"{', '.join(sorted(services))} may take it on for a stranger"
        if "Federated" in (s.get("Principal") or {}) and ":sub" not in str(s.get("Condition")):
            return "anybody whom the identity provider knows may take it on"
    return None


@RULES.rule(
    "IAM-09",
    "high",
    ATTACHMENT,
    reason="AWS's own policies fit everybody, and so nobody.",
    source="cdk-nag IAM4, CKV_AWS_274",
    remedy="a policy beside the role, with what it needs",
)
def managed_policy(subject: Subject, _: Estate) -> str | None:
    """A managed policy that is not for AWS's own machinery."""
    arn = subject.one("policyArn")
    if arn is UNKNOWN or str(arn).rpartition("/")[2] in MANAGED:
        return None
    return f"attaches {arn}" if ":aws:policy/" in str(arn) else None


@RULES.rule(
    "IAM-10",
    "high",
    "aws:iam/user:User",
    "aws:iam/accessKey:AccessKey",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/group:Group",
    reason="A key that never ends is found sooner or later.",
    source="FSBP IAM.2, IAM.3; CIS 7.0 2.1; CKV_AWS_273",
    remedy="roles, and people through IAM Identity Center",
)
def users(subject: Subject, _: Estate) -> str | None:
    """People or machines with keys of their own."""
    return f"{subject.type.rpartition(':')[2]} {subject.name} should not be"


@RULES.rule(
    "IAM-14",
    "medium",
    ROLE,
    reason="Two kinds of work under one role have each other's permissions.",
    source="Well-Architected SEC03-BP02 (blast radius)",
    remedy="a role a workload",
)
def shared_role(subject: Subject, estate: Estate) -> str | None:
    """A role that several functions, pods or projects share."""
    takers = [
        *estate.referring(subject, "aws:lambda/function:Function", "role"),
        *estate.referring(subject, "aws:codebuild/project:Project", "serviceRole"),
        *estate.referring(
            subject, "aws:eks/podIdentityAssociation:PodIdentityAssociation", "roleArn"
        ),
    ]
    return f"is shared by {', '.join(t.name for t in takers)}" if len(takers) > 1 else None

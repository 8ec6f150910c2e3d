"""The firewall before everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policy.model import Estate, Rules, Subject
from policy.want import TRUE, one_of

# Tables: a row a rule.
# fmt: off
RULES = Rules()
ACL = "aws:wafv2/webAcl:WebAcl"
ACL_LOG = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"

RULES.companion(
    "WAF-01", "medium", ACL, ACL_LOG, "resourceArn",
    "What was refused, and why, is asked afterwards.", "FSBP WAF.11, CKV2_AWS_31",
)
RULES.must(
    "WAF-02", "medium", ACL, "rules[].visibilityConfig.cloudwatchMetricsEnabled", TRUE,
    "A rule without a number refuses customers unnoticed.", "FSBP WAF.12",
)
RULES.must(
    "WAF-09", "medium", ACL, "rules[].visibilityConfig.sampledRequestsEnabled", one_of(False),
    "Samples would show cookies.", "Well-Architected SEC07-BP02",
)
RULES.must(
    "WAF-03", "medium", ACL, "visibilityConfig.sampledRequestsEnabled", one_of(False),
    "Samples would show cookies.", "Well-Architected SEC07-BP02",
)


def _rules(subject: Subject) -> list[Mapping[str, Any]]:
    return [rule for rule in subject.one("rules") or () if isinstance(rule, Mapping)]


@RULES.rule(
    "WAF-04",
    "high",
    ACL,
    reason="One address that asks without end slows the shop down for all.",
    source="AWS WAF developer guide, rate-based rules; OWASP ASVS 5.0 2.4.1",
    remedy="a rate rule without a scope, of 10,000 requests or less in five minutes",
)
def no_rate_limit(subject: Subject, _: Estate) -> str | None:
    """Nobody is held back."""
    limits = [
        statement["limit"]
        for rule in _rules(subject)
        if (statement := (rule.get("statement") or {}).get("rateBasedStatement"))
        and not statement.get("scopeDownStatement")
    ]
    return None if limits and min(limits) <= 10_000 else "holds nobody back"


@RULES.rule(
    "WAF-05",
    "high",
    ACL,
    reason="Passwords are tried and cards are tested by the thousand.",
    source="OWASP ASVS 5.0 6.3.1; AWS WAF developer guide",
    remedy="a rate rule for signing in and buying, of 1,000 requests or less in five minutes",
)
def no_guard(subject: Subject, _: Estate) -> str | None:
    """Sign-in and checkout have no limit of their own."""
    limits = [
        statement["limit"]
        for rule in _rules(subject)
        if (statement := (rule.get("statement") or {}).get("rateBasedStatement"))
        and "login" in str(statement.get("scopeDownStatement"))
    ]
    return None if limits and min(limits) <= 1_000 else "does not guard signing in"


@RULES.rule(
    "WAF-06",
    "medium",
    ACL,
    reason="Known attacks are refused without knowing the shop.",
    source="FSBP WAF.10, CKV2_AWS_47",
    remedy="AWS's core, known-bad-inputs, SQL and reputation groups",
)
def no_managed_rules(subject: Subject, _: Estate) -> str | None:
    """A managed group is missing."""
    there = {
        ((rule.get("statement") or {}).get("managedRuleGroupStatement") or {}).get("name")
        for rule in _rules(subject)
    }
    wanted = {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesSQLiRuleSet",
    }
    missing = sorted(wanted - there)
    return f"has no {', '.join(missing)}" if missing else None


@RULES.rule(
    "WAF-07",
    "high",
    ACL,
    reason="Rules that only count refuse nobody.",
    source="AWS WAF developer guide, testing and tuning",
    remedy="mode block, once the counts look right",
)
def only_counts(subject: Subject, _: Estate) -> str | None:
    """Every rule counts."""
    rules = _rules(subject)
    counting = [
        rule.get("name")
        for rule in rules
        if "count" in (rule.get("action") or {}) or "count" in (rule.get("overrideAction") or {})
    ]
    return f"only counts: {', '.join(map(str, counting))}" if counting else None


@RULES.rule(
    "WAF-08",
    "high",
    ACL_LOG,
    reason="A log with sessions in it is a list of sessions to steal.",
    source="OWASP ASVS 5.0 16.2.5",
    remedy="redact the cookie and authorization headers",
)
def sessions_logged(subject: Subject, _: Estate) -> str | None:
    """Headers with credentials are logged."""
    redacted = set(subject.get("redactedFields[].singleHeader.name"))
    missing = sorted({"cookie", "authorization"} - redacted)
    return f"logs {', '.join(missing)}" if missing else None

"""Lambda functions and the HTTP API before them."""

from __future__ import annotations

from policy.model import UNKNOWN, Estate, Rules, Subject
from policy.want import GIVEN, TRUE, at_least, at_most, matching, one_of

# Tables: a row a rule.
# fmt: off
RULES = Rules()
FUNCTION = "aws:lambda/function:Function"
PERMISSION = "aws:lambda/permission:Permission"
ALIAS = "aws:lambda/alias:Alias"
API = "aws:apigatewayv2/api:Api"
STAGE = "aws:apigatewayv2/stage:Stage"
ROUTE = "aws:apigatewayv2/route:Route"
DOMAIN = "aws:apigatewayv2/domainName:DomainName"

RULES.must(
    "FUN-01", "medium", FUNCTION, "runtime", matching(r"python3\.1[2-4]", "a Python with fixes"),
    "A runtime without fixes is refused by AWS one day, and broken before.",
    "FSBP Lambda.2, CKV_AWS_363",
)
RULES.must(
    "FUN-02", "medium", FUNCTION, "reservedConcurrentExecutions", at_least(1),
    "One function must not use up the account's capacity, nor the database's connections.",
    "CKV_AWS_115",
)
RULES.must(
    "FUN-03", "low", FUNCTION, "tracingConfig.mode", one_of("Active"),
    "Slow is found by seeing what waits for what.", "CKV_AWS_50",
)
RULES.must(
    "FUN-04", "medium", FUNCTION, "kmsKeyArn", GIVEN,
    "The environment is encrypted with a key of ours.", "CKV_AWS_173",
)
RULES.must(
    "FUN-05", "low", FUNCTION, "architectures", one_of(["arm64"]),
    "Graviton does the same for a fifth less.", "Well-Architected COST05-BP02",
)
RULES.must(
    "FUN-06", "medium", FUNCTION, "publish", TRUE,
    "Without versions there is nothing to go back to.", "CodeDeploy user guide, Lambda",
)
RULES.must(
    "FUN-07", "medium", FUNCTION, "timeout", at_most(900),
    "A function that hangs is paid for until it ends.", "Well-Architected REL05-BP05",
)
RULES.companion(
    "FUN-08", "medium", FUNCTION, ALIAS, "functionName",
    "Callers name an alias, so that a version can be tried on a few of them.",
    "CodeDeploy user guide, Lambda",
)
RULES.must(
    "FUN-09", "high", PERMISSION, "sourceArn", GIVEN,
    "A service can be made to act on a stranger's behalf.", "FSBP Lambda.1, CKV_AWS_364",
)
RULES.must(
    "FUN-10", "critical", PERMISSION, "principal",
    matching(r"[\w.-]+\.amazonaws\.com", "a service"),
    "A function that anybody may call is anybody's.", "FSBP Lambda.1, CKV_AWS_301",
)
RULES.must(
    "API-07", "medium", API, "disableExecuteApiEndpoint", TRUE,
    "Under its own name the API is past the firewall.", "Well-Architected SEC05-BP01",
)
RULES.must(
    "API-01", "medium", STAGE, "accessLogSettings.destinationArn", GIVEN,
    "Who asked for what is asked afterwards.", "FSBP APIGateway.9, CKV_AWS_76",
)
RULES.must(
    "API-02", "medium", STAGE, "defaultRouteSettings.throttlingRateLimit", GIVEN,
    "One caller must not use up everybody's capacity.", "Well-Architected REL05-BP02",
)
RULES.must(
    "API-03", "medium", DOMAIN, "domainNameConfiguration.securityPolicy", one_of("TLS_1_2"),
    "Older versions of TLS are broken.", "CKV_AWS_206",
)


@RULES.rule(
    "FUN-11",
    "critical",
    "aws:lambda/functionUrl:FunctionUrl",
    reason="A function with an address of its own is past the firewall.",
    source="CKV_AWS_258",
    remedy="a route of the HTTP API",
)
def own_address(subject: Subject, _: Estate) -> str | None:
    """An address without authorization."""
    kind = subject.one("authorizationType")
    return None if kind == "AWS_IAM" else f"is open to everybody ({kind})"


@RULES.rule(
    "FUN-12",
    "medium",
    FUNCTION,
    reason="Logs that AWS makes by itself are kept for ever, with AWS's key.",
    source="CKV_AWS_338, CKV_AWS_158",
    remedy="loggingConfig.logGroup of a declared log group",
)
def own_log(subject: Subject, estate: Estate) -> str | None:
    """No declared log group."""
    declared = estate.referred(subject, "loggingConfig")
    named = {g.one("name") for g in estate.of_type("aws:cloudwatch/logGroup:LogGroup")}
    told = subject.one("loggingConfig.logGroup")
    if declared or told is UNKNOWN or (told and told in named):
        return None
    return "has no log group of ours"


@RULES.rule(
    "FUN-13",
    "high",
    FUNCTION,
    reason="A function of the VPC without a closed group is in the VPC's default one.",
    source="FSBP Lambda.3, Well-Architected SEC05-BP02",
    remedy="vpcConfig.securityGroupIds of its own",
)
def loose_function(subject: Subject, _: Estate) -> str | None:
    """In the VPC without a group."""
    told = subject.one("vpcConfig")
    if not told or told is UNKNOWN or not told.get("subnetIds"):
        return None
    return None if told.get("securityGroupIds") else "has no security group"


@RULES.rule(
    "API-04",
    "high",
    API,
    reason="Everybody's pages could read what the shop says to its visitors.",
    source="CKV2_AWS_75, OWASP ASVS 5.0 3.4.2",
    remedy="the shop's own origin, or no CORS at all",
)
def open_cors(subject: Subject, _: Estate) -> str | None:
    """CORS for everybody."""
    origins = subject.one("corsConfiguration.allowOrigins")
    return "allows every origin" if origins and "*" in listed_or_empty(origins) else None


def listed_or_empty(value: object) -> list[object]:
    """A list as it is; nothing of what is not known yet."""
    return list(value) if isinstance(value, (list, tuple)) else []


@RULES.rule(
    "API-05",
    "high",
    STAGE,
    reason="A log with sessions in it is a list of sessions to steal.",
    source="OWASP ASVS 5.0 16.2.5",
    remedy="a format without cookies, tokens and bodies",
)
def logs_sessions(subject: Subject, _: Estate) -> str | None:
    """Access logs with credentials."""
    told = str(subject.one("accessLogSettings.format") or "").lower()
    found = [word for word in ("cookie", "authorization", "$input") if word in told]
    return f"logs {', '.join(found)}" if found else None


@RULES.rule(
    "API-06",
    "medium",
    ROUTE,
    reason="A catch-all route is a way to whatever is added behind it.",
    source="OWASP API Security 2023, API9",
    remedy="a method and a path",
)
def catch_all(subject: Subject, _: Estate) -> str | None:
    """A route for everything."""
    key = str(subject.one("routeKey") or "")
    return f"serves {key}" if key in ("", "$default") or key.startswith("ANY ") else None

"""Which metrics a laptop has, and why it does not have the others."""

from __future__ import annotations

from collections.abc import Mapping

from .alarms import MetricAlarm

# Namespace of AWS -> metrics that something here really measures.
_HERE: Mapping[str, frozenset[str]] = {
    "CloudWatchSynthetics": frozenset(),
    "ContainerInsights": frozenset(),
    "AWS/ApplicationELB": frozenset(
        ["RequestCount", "TargetResponseTime", "HTTPCode_ELB_5XX_Count", "HealthyHostCount",
         "UnHealthyHostCount", *(f"HTTPCode_Target_{n}XX_Count" for n in (2, 3, 4, 5))]
    ),
    "AWS/CloudFront": frozenset(["Requests", "4xxErrorRate", "5xxErrorRate"]),
    "AWS/WAFV2": frozenset(["BlockedRequests"]),
    "AWS/Route53": frozenset(["HealthCheckStatus"]),
    "AWS/SQS": frozenset(["ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"]),
    "AWS/RDS": frozenset(["DatabaseConnections", "FreeStorageSpace"]),
    "AWS/ElastiCache": frozenset(
        ["DatabaseMemoryUsagePercentage", "EngineCPUUtilization", "CurrConnections"]
    ),
    "AWS/ApiGateway": frozenset(["Count", "4xx", "5xx", "Latency"]),
    "AWS/Lambda": frozenset(["Invocations", "Errors", "Duration", "Throttles"]),
    "AWS/States": frozenset(["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed",
                             "ExecutionsTimedOut"]),
}  # fmt: skip
_WHY: Mapping[str, str] = {
    "AWS/Backup": "nothing is backed up by itself on a laptop",
    "AWS/CertificateManager": "the front door has no certificate",
    "AWS/DynamoDB": "the emulator never throttles",
    "AWS/EKS": "there is no control plane: pods are processes",
    "AWS/Firehose": "the emulator delivers at once",
    "AWS/Lambda": "nobody invokes asynchronously, so nothing is put aside",
    "AWS/RDS": "the processors are the whole laptop's, and there is no replica",
    "CloudWatchSynthetics": "nobody tries to buy by the clock",
    "ContainerInsights": "there are no nodes: pods are processes",
}


def ours(namespace: str) -> bool:
    """Whether it is a stack's own, such as shop-local: whatever is told there is measured."""
    return not namespace.startswith("AWS/") and namespace not in _HERE


def missing(alarm: MetricAlarm) -> str:
    """Why an alarm cannot be judged on a laptop; "" when it can.

    It can with a part of its metrics when it takes the others for a number where they say nothing.
    """
    if alarm.threshold is None:
        return "CloudWatch learns from weeks what is usual"
    absent: list[str] = []
    for id_, query in alarm.queries.items():
        known = _HERE.get(query.namespace, frozenset())
        if not ours(query.namespace) and query.name not in known:
            why = _WHY.get(query.namespace, "nothing here measures it")
            said = f"{query.namespace} {query.name}: {why}"
            if f"FILL({id_}, " not in alarm.expression:
                return said
            absent.append(said)
    return absent[0] if len(absent) == len(alarm.queries) else ""

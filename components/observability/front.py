"""Alarms on what visitors meet: the edge, the load balancer and the cluster.

Objectives (`slos.py`) say when visitors suffer, and wake somebody. Rows here and in `behind.py` say
why, or what will break next; they page only where waiting for visitors to suffer would be too late.
"""

from __future__ import annotations

from .alarms import AGAIN, DEAD, QUIET, Alarm, Silence
from .metrics import Metric, Statistic

MINUTE, DAY = 60, 24 * 3600
BUYING = Silence(treat="breaching", why="it tries every few minutes, and says how that went")


def _edge(name: str, statistic: Statistic) -> Metric:
    told = {"DistributionId": "@distribution", "Region": "Global"}
    return Metric(namespace="AWS/CloudFront", name=name, dimensions=told, statistic=statistic)


def _balancer(name: str, statistic: Statistic) -> Metric:
    told = {"LoadBalancer": "@balancer"}
    return Metric(namespace="AWS/ApplicationELB", name=name, dimensions=told, statistic=statistic)


def _pools(name: str, statistic: Statistic) -> Metric:
    told = {"LoadBalancer": "@balancer", "TargetGroup": "@pools"}
    return Metric(namespace="AWS/ApplicationELB", name=name, dimensions=told, statistic=statistic)


def _cluster(name: str) -> Metric:
    return Metric(namespace="AWS/EKS", name=name, dimensions={"ClusterName": "@cluster"})


def _insights(name: str) -> Metric:
    return Metric(
        namespace="ContainerInsights",
        name=name,
        dimensions={"ClusterName": "@insights"},
        statistic="Maximum",
    )


def _certificate(which: str) -> Metric:
    return Metric(
        namespace="AWS/CertificateManager",
        name="DaysToExpiry",
        dimensions={"CertificateArn": which},
        statistic="Minimum",
    )


EDGE = (
    Alarm(
        part="cannot-buy",
        says="Who only tries to buy something cannot.",
        metrics=(
            Metric(
                namespace="CloudWatchSynthetics",
                name="SuccessPercent",
                dimensions={"CanaryName": "@canary"},
                statistic="Average",
            ),
        ),
        beyond="<",
        limit=100,
        periods=2,
        silence=BUYING,
        urgency="page",
        runbook="cannot-buy",
    ),
    Alarm(
        part="unreachable",
        says="Nobody reaches the shop from outside.",
        far=True,
        metrics=(
            Metric(
                namespace="AWS/Route53",
                name="HealthCheckStatus",
                statistic="Minimum",
                dimensions={"HealthCheckId": "@health"},
            ),
        ),
        beyond="<",
        limit=1,
        seconds=MINUTE,
        periods=3,
        silence=DEAD,
        urgency="page",
        runbook="unreachable",
    ),
    Alarm(
        part="edge-errors",
        says="CloudFront answers with errors.",
        far=True,
        metrics=(_edge("5xxErrorRate", "Average"),),
        limit=5,
        silence=QUIET,
        urgency="ticket",
        runbook="edge",
    ),
    Alarm(
        part="firewall-refuses",
        says="The firewall refuses unusually many requests.",
        far=True,
        metrics=(
            Metric(
                namespace="AWS/WAFV2",
                name="BlockedRequests",
                dimensions={"WebACL": "all", "Rule": "ALL"},
            ),
        ),
        limit=5000,
        silence=QUIET,
        urgency="ticket",
        runbook="edge",
    ),
    Alarm(
        part="certificate-expires",
        says="A certificate of the load balancer or the API expires.",
        metrics=(_certificate("@certificate"),),
        beyond="<",
        limit=30,
        combine="MIN",
        seconds=DAY,
        periods=1,
        silence=AGAIN,
        urgency="ticket",
        runbook="certificate",
    ),
    Alarm(
        part="edge-certificate-expires",
        says="The certificate that visitors see expires.",
        metrics=(_certificate("@far-certificate"),),
        beyond="<",
        limit=30,
        combine="MIN",
        far=True,
        seconds=DAY,
        periods=1,
        silence=AGAIN,
        urgency="ticket",
        runbook="certificate",
    ),
)
WEB = (
    Alarm(
        part="no-hosts",
        says="No pod and no instance is healthy behind the load balancer.",
        metrics=(_pools("HealthyHostCount", "Minimum"),),
        beyond="<",
        limit=1,
        seconds=MINUTE,
        periods=3,
        silence=DEAD,
        urgency="page",
        runbook="no-hosts",
    ),
    Alarm(
        part="hosts-unhealthy",
        says="Pods or instances stay unhealthy.",
        metrics=(_pools("UnHealthyHostCount", "Maximum"),),
        limit=0,
        silence=QUIET,
        urgency="ticket",
        runbook="balancer",
    ),
    Alarm(
        part="pages-slow",
        says="One page of a hundred takes longer than two seconds.",
        metrics=(_balancer("TargetResponseTime", "p99"),),
        limit=2,
        silence=QUIET,
        urgency="ticket",
        runbook="balancer",
    ),
    Alarm(
        part="pods-troubled",
        says="Pods crash again and again or find no node to run on, or nodes fail.",
        metrics=(
            _cluster("scheduler_pending_pods_UNSCHEDULABLE"),
            _insights("pod_container_status_waiting_reason_crash_loop_back_off"),
            _insights("cluster_failed_node_count"),
        ),
        limit=0,
        silence=QUIET,
        urgency="ticket",
        runbook="cluster",
    ),
    Alarm(
        part="control-plane-errors",
        says="The cluster's API fails.",
        metrics=(_cluster("apiserver_request_total_5XX"),),
        limit=100,
        silence=QUIET,
        urgency="ticket",
        runbook="cluster",
    ),
)

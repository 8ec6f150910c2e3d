"""docs/architecture.md: the tiers, what they are made of and who needs whom, from the graph."""

from __future__ import annotations

from collections import Counter

from .model import Graph, Resource

# Parts of a type token that read better under the service's own name.
_SERVICES = {
    "apigatewayv2": "API Gateway",
    "backup": "AWS Backup",
    "budgets": "Budgets",
    "cloudtrail": "CloudTrail",
    "cloudwatch": "CloudWatch",
    "costexplorer": "Cost Explorer",
    "dynamodb": "DynamoDB",
    "ec2": "VPC",
    "eks": "EKS",
    "elasticache": "ElastiCache",
    "guardduty": "GuardDuty",
    "iam": "IAM",
    "kinesis": "Firehose",
    "kms": "KMS",
    "kubernetes": "Kubernetes",
    "lambda": "Lambda",
    "random": "Random",
    "rds": "RDS",
    "s3": "S3",
    "scheduler": "EventBridge Scheduler",
    "secretsmanager": "Secrets Manager",
    "sesv2": "SES",
    "sfn": "Step Functions",
    "sns": "SNS",
    "sqs": "SQS",
    "ssm": "Systems Manager",
    "vpc": "VPC",
    "xray": "X-Ray",
}


def service(resource: Resource) -> str:
    """The service that a resource belongs to."""
    package, module, _ = resource.type.split(":")
    key = module.split("/", maxsplit=1)[0] if package == "aws" else package
    if key == "cloudcontrol":  # makes things of any service: AWS::Service::Kind
        return str(resource.inputs["typeName"]).split("::")[1]
    return _SERVICES.get(key, key)


def markdown(graph: Graph) -> str:
    """A Mermaid flowchart and a table, stable for the same program."""
    tiers = [r for r in graph if not r.parent and not r.custom]
    lines = [
        "# Architecture",
        "",
        f"Drawn from the `{graph.stack}` stack by `make diagram`; do not edit.",
        "",
        "```mermaid",
        "flowchart LR",
    ]
    lines += [f'    {_id(tier)}["{_kind(tier)}"]' for tier in tiers]
    lines += [f"    {user} --> {used}" for user, used in sorted(_edges(graph))]
    lines += ["```", "", "An arrow points to what a tier needs.", ""]
    lines += ["| tier | resources |", "| --- | --- |"]
    for tier in tiers:
        count = Counter(
            service(r)
            for r in graph
            if r.custom and not r.type.startswith("pulumi:") and graph.tier(r) == tier
        )
        parts = ", ".join(f"{name} {number}" for name, number in sorted(count.items()))
        lines.append(f"| {_kind(tier)} | {parts} |")
    return "\n".join(lines) + "\n"


def _kind(tier: Resource) -> str:
    return tier.type.rsplit(":", 1)[1]


def _id(tier: Resource) -> str:
    return _kind(tier).lower()


def _edges(graph: Graph) -> set[tuple[str, str]]:
    owner = {r.urn: graph.tier(r) for r in graph}
    edges = set()
    for resource in graph:
        mine = owner[resource.urn]
        for urn in resource.dependencies:
            other = owner.get(urn)
            if mine and other and mine != other:
                edges.add((_id(mine), _id(other)))
    return edges

"""Stacks for tests: the committed stack files, with single values changed."""

from __future__ import annotations

import contextlib
import copy
import functools
import hashlib
import json
import os
import pickle
from pathlib import Path
from typing import Any

import yaml

from graph import Graph, evaluate

ROOT = Path(__file__).resolve().parent.parent
STACKS = ("dev", "prod", "local")
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
JOB = "kubernetes:batch/v1:Job"
KEPT = "KEPT_GRAPHS"  # environment variable: a folder of this test run
MISSING = object()  # as a value: take the key away

# What a stack without NAT must reach inside the VPC.
FOR_PODS = ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "secretsmanager", "sqs", "sts"]
WITHOUT_NAT = [
    *(*FOR_PODS, "autoscaling", "codedeploy-commands-secure", "elasticache", "logs"),
    *("ssm", "ssmmessages"),
]
# A stack with a domain, and one without.
NO_DOMAIN: dict[str, Any] = {"shop:edge.domain": None, "shop:edge.zone": None}
OWN_DOMAIN: dict[str, Any] = {
    "shop:edge.domain": "shop.example.org",
    "shop:edge.zone": {"name": "shop.example.org", "source": "create"},
}
# Campaigns never rest.
CAMPAIGNS: dict[str, Any] = {
    "shop:recommendations.serving": "campaign",
    "shop:recommendations.training.rest": None,
}
THREE_ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]


def config(stack: str, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """A stack's config; ``changes`` maps paths such as "shop:data.cache.nodes" to values."""
    values: dict[str, Any] = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    for path, value in (changes or {}).items():
        *owners, key = path.split(".")
        owner = values
        for name in owners:
            owner = owner[name]
        if value is MISSING:
            del owner[key]
        else:
            owner[key] = copy.deepcopy(value)
    return values


def graph_of(stack: str, changes: dict[str, Any] | None = None) -> Graph:
    """The evaluated stack; the same question is evaluated once in a test run."""
    return _graph(stack, json.dumps(changes or {}, sort_keys=True))


@functools.cache
def _graph(stack: str, changes: str) -> Graph:
    kept = _kept(stack, changes)
    with contextlib.suppress(FileNotFoundError):
        graph: Graph = pickle.loads(kept.read_bytes())
        return graph
    graph = evaluate(stack, config=config(stack, json.loads(changes)))
    mine = kept.with_suffix(f".{os.getpid()}")
    mine.write_bytes(pickle.dumps(graph))
    mine.replace(kept)
    return graph


def _kept(stack: str, changes: str) -> Path:
    """Where the workers of this run keep a graph for each other."""
    return Path(os.environ[KEPT]) / hashlib.sha256(f"{stack} {changes}".encode()).hexdigest()


def pods(graph: Graph) -> dict[str, dict[str, Any]]:
    """Logical name -> pod spec of everything that runs."""
    owners = [*graph.of_type(DEPLOYMENT), *graph.of_type(JOB)]
    return {owner.name: owner.inputs["spec"]["template"]["spec"] for owner in owners}

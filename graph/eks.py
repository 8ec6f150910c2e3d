"""What `pulumi_eks.Cluster`, a component of another language, hands back and makes out of sight."""

from __future__ import annotations

import json

from .model import Resource
from .subject import Outputs, Subject


def outputs(s: Subject) -> Outputs:
    """Its own outputs."""
    name = str(s.inputs.get("name") or f"{s.name}-{s.hash(7)}")
    server = f"https://{s.hash(32).upper()}.gr7.{s.region}.eks.amazonaws.com"
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "aws",
        "clusters": [
            {
                "name": "kubernetes",
                "cluster": {"server": server, "certificate-authority-data": "TFMwdA=="},
            }
        ],
        "contexts": [{"name": "aws", "context": {"cluster": "kubernetes", "user": "aws"}}],
        "users": [
            {
                "name": "aws",
                "user": {
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1beta1",
                        "command": "aws",
                        "args": ["eks", "get-token", "--cluster-name", name],
                    }
                },
            }
        ],
    }
    return {
        "kubeconfig": kubeconfig,
        "kubeconfigJson": json.dumps(kubeconfig),
        "clusterSecurityGroupId": f"sg-0{s.hash(16)}",
        "autoModeNodeRoleName": f"{s.name}-autoModeNodeRole-{s.hash(7)}",
    }


def children(component: Resource) -> dict[str, Resource]:
    """Output name -> resource for what it hands back as a resource."""
    if component.type != "eks:index:Cluster":
        return {}
    prefix = component.urn.rsplit("::", 1)[0]
    type_, name = "aws:eks/cluster:Cluster", f"{component.name}-eksCluster"
    urn = f"{prefix}${type_}::{name}"
    told = component.inputs
    subject = Subject(type_, name, urn, {"name": told.get("name")}, "us-east-1")
    vpc = {
        "subnetIds": told.get("subnetIds") or told.get("privateSubnetIds"),
        "endpointPrivateAccess": told.get("endpointPrivateAccess", False),
        "endpointPublicAccess": told.get("endpointPublicAccess", True),
        "publicAccessCidrs": told.get("publicAccessCidrs"),
    }
    inputs = {
        "name": subject.physical,
        "vpcConfig": vpc,
        "enabledClusterLogTypes": told.get("enabledClusterLogTypes"),
        "version": told.get("version"),
    }
    kubeconfig = component.outputs["kubeconfig"]
    computed = {
        "arn": subject.arn("eks", f"cluster/{subject.physical}"),
        "endpoint": kubeconfig["clusters"][0]["cluster"]["server"],
        "vpcConfig": {**vpc, "clusterSecurityGroupId": f"sg-0{subject.hash(16)}"},
    }
    cluster = Resource(
        type=type_,
        name=name,
        urn=urn,
        id=subject.physical,
        parent=component.urn,
        custom=True,
        inputs=inputs,
        outputs=computed,
        dependencies=component.dependencies,
        remote=True,
    )
    return {"eksCluster": cluster}

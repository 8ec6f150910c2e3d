"""Realistic outputs for what the program declares.

Everything is derived from the resource's own inputs and URN: the same program gives the same graph.
An output that is not listed here has no answer, and using it fails by name (see `cloud.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from . import delivery, edge, eks, observability, personalize, recommendations
from .subject import ACCOUNT, Outputs, Subject

# Types whose id is a prefix and 17 hexadecimal digits, with the ARN's resource part where used.
_EC2_IDS = {
    "aws:ec2/vpc:Vpc": "vpc",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/internetGateway:InternetGateway": "igw",
    "aws:ec2/natGateway:NatGateway": "nat",
    "aws:ec2/eip:Eip": "eipalloc",
    "aws:ec2/networkAcl:NetworkAcl": "acl",
    "aws:ec2/routeTable:RouteTable": "rtb",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "rtbassoc",
    "aws:ec2/securityGroup:SecurityGroup": "sg",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "sg",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "sgr",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "sgr",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpce",
    "aws:ec2/flowLog:FlowLog": "fl",
    "aws:ec2/launchTemplate:LaunchTemplate": "lt",
}


def _named(service: str, kind: str = "", *, regional: bool = True) -> Callable[[Subject], Outputs]:
    def answer(s: Subject) -> Outputs:
        return {
            "id": s.physical,
            "name": s.physical,
            "arn": s.arn(service, f"{kind}{s.physical}", regional=regional),
        }

    return answer


def _ec2(s: Subject) -> Outputs:
    id_ = f"{_EC2_IDS[s.type]}-0{s.hash(16)}"
    kind = s.type.rsplit(":", 1)[1]
    dashed = "".join(f"-{c.lower()}" if c.isupper() else c for c in kind).lstrip("-")
    answer: Outputs = {"id": id_, "arn": s.arn("ec2", f"{dashed}/{id_}")}
    return answer | ({"latestVersion": 1} if kind == "LaunchTemplate" else {})


def _bucket(s: Subject) -> Outputs:
    bucket = str(s.inputs.get("bucket") or f"{s.name}-{s.hash(7)}")
    return {
        "id": bucket,
        "bucket": bucket,
        "arn": f"arn:aws:s3:::{bucket}",
        "bucketDomainName": f"{bucket}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{bucket}.s3.{s.region}.amazonaws.com",
        "region": s.region,
    }


def _database(s: Subject) -> Outputs:
    identifier = str(s.inputs.get("identifier") or f"{s.name}-{s.hash(7)}")
    address = f"{identifier}.c{s.hash(11)}.{s.region}.rds.amazonaws.com"
    port = s.inputs.get("port", 5432)
    secret = s.arn("secretsmanager", f"secret:rds!db-{s.hash(8)}-{s.hash(6)}")
    return {
        "id": f"db-{s.hash(26).upper()}",
        "identifier": identifier,
        "arn": s.arn("rds", f"db:{identifier}"),
        "address": address,
        "port": port,
        "endpoint": f"{address}:{port}",
        "resourceId": f"db-{s.hash(26).upper()}",
        "masterUserSecrets": [
            {
                "secretArn": secret,
                "secretStatus": "active",
                "kmsKeyId": s.inputs.get("masterUserSecretKmsKeyId", ""),
            }
        ],
    }


def _cache(s: Subject) -> Outputs:
    group = str(s.inputs.get("replicationGroupId") or f"{s.name}-{s.hash(7)}")
    domain = f"{group}.{s.hash(6)}.use1.cache.amazonaws.com"
    return {
        "id": group,
        "replicationGroupId": group,
        "arn": s.arn("elasticache", f"replicationgroup:{group}"),
        "primaryEndpointAddress": f"master.{domain}",
        "readerEndpointAddress": f"replica.{domain}",
        "port": s.inputs.get("port", 6379),
    }


def _queue(s: Subject) -> Outputs:
    url = f"https://sqs.{s.region}.amazonaws.com/{ACCOUNT}/{s.physical}"
    return {"id": url, "url": url, "name": s.physical, "arn": s.arn("sqs", s.physical)}


def _secret(s: Subject) -> Outputs:
    arn = s.arn("secretsmanager", f"secret:{s.physical}-{s.hash(6)}")
    return {"id": arn, "arn": arn, "name": s.physical}


def _secret_version(s: Subject) -> Outputs:
    arn = str(s.inputs.get("secretId"))
    version = f"{s.hash(8)}-{s.hash(12)[8:]}-4000-8000-{s.hash(24)[12:]}"
    return {"id": f"{arn}|{version}", "arn": arn, "versionId": version}


def _object(s: Subject) -> Outputs:
    written = json.dumps([s.inputs.get(name) for name in ("contentBase64", "content")])
    return {"versionId": hashlib.sha256((s.urn + written).encode()).hexdigest()[:32]}


def _key(s: Subject) -> Outputs:
    h = s.hash(32)
    id_ = f"{h[:8]}-{h[8:12]}-4{h[13:16]}-8{h[17:20]}-{h[20:32]}"
    return {"id": id_, "keyId": id_, "arn": s.arn("kms", f"key/{id_}")}


def _role(s: Subject) -> Outputs:
    return {
        "id": s.physical,
        "name": s.physical,
        "arn": s.arn("iam", f"role/{s.physical}", regional=False),
        "uniqueId": f"AROA{s.hash(16).upper()}",
    }


def _log_group(s: Subject) -> Outputs:
    return {"id": s.physical, "name": s.physical, "arn": s.arn("logs", f"log-group:{s.physical}")}


def _identity(s: Subject) -> Outputs:
    identity = str(s.inputs["emailIdentity"])
    digits = s.hash(60)  # three labels that SES wants to see in the domain's zone
    signing = {"tokens": [digits[i : i + 20] for i in range(0, 60, 20)]}
    return {
        "id": identity,
        "arn": s.arn("ses", f"identity/{identity}"),
        "dkimSigningAttributes": {**s.inputs.get("dkimSigningAttributes", {}), **signing},
    }


def _password(s: Subject) -> Outputs:
    length = int(s.inputs.get("length", 32))
    text = "".join(s.hash(64) for _ in range(length // 64 + 1))[:length]
    return {"id": "none", "result": text}


def _kubernetes(s: Subject) -> Outputs:
    metadata = dict(s.inputs.get("metadata") or {})
    metadata.setdefault("name", f"{s.name}-{s.hash(8)}")
    namespace = metadata.get("namespace")
    id_ = f"{namespace}/{metadata['name']}" if namespace else metadata["name"]
    return {"id": id_, "metadata": metadata}


def _load_balancer(s: Subject) -> Outputs:
    suffix = f"app/{s.physical}/{s.hash(16)}"
    arn = s.arn("elasticloadbalancing", f"loadbalancer/{suffix}")
    host = f"internal-{s.physical}-{int(s.hash(8), 16)}.{s.region}.elb.amazonaws.com"
    return {
        "id": arn,
        "arn": arn,
        "arnSuffix": suffix,
        "name": s.physical,
        "dnsName": host,
        "zoneId": "Z35SXDOTRQ7X7K",
    }


def _target_group(s: Subject) -> Outputs:
    suffix = f"targetgroup/{s.physical}/{s.hash(16)}"
    arn = s.arn("elasticloadbalancing", suffix)
    return {"id": arn, "arn": arn, "arnSuffix": suffix, "name": s.physical}


def _listener(s: Subject) -> Outputs:
    balancer = str(s.inputs.get("loadBalancerArn")).replace(":loadbalancer/", ":listener/")
    return {"id": f"{balancer}/{s.hash(16)}", "arn": f"{balancer}/{s.hash(16)}"}


def _auto_scaling_group(s: Subject) -> Outputs:
    path = f"autoScalingGroup:{s.hash(8)}:autoScalingGroupName/{s.physical}"
    return {"id": s.physical, "name": s.physical, "arn": s.arn("autoscaling", path)}


def _parameter(s: Subject) -> Outputs:
    path = s.physical if s.physical.startswith("/") else f"/{s.physical}"
    return {"id": s.physical, "name": s.physical, "arn": s.arn("ssm", f"parameter{path}")}


_ANSWERS: dict[str, Callable[[Subject], Outputs]] = {
    **dict.fromkeys(_EC2_IDS, _ec2),
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:dynamodb/table:Table": _named("dynamodb", "table/"),
    "aws:elasticache/parameterGroup:ParameterGroup": _named("elasticache", "parametergroup:"),
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:elasticache/subnetGroup:SubnetGroup": _named("elasticache", "subnetgroup:"),
    "aws:autoscaling/group:Group": _auto_scaling_group,
    "aws:iam/instanceProfile:InstanceProfile": _named("iam", "instance-profile/", regional=False),
    "aws:ssm/parameter:Parameter": _parameter,
    "aws:iam/role:Role": _role,
    "aws:kms/key:Key": _key,
    "aws:lb/listener:Listener": _listener,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:lb/targetGroup:TargetGroup": _target_group,
    "aws:rds/instance:Instance": _database,
    "aws:rds/parameterGroup:ParameterGroup": _named("rds", "pg:"),
    "aws:rds/subnetGroup:SubnetGroup": _named("rds", "subgrp:"),
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketObjectv2:BucketObjectv2": _object,
    "aws:secretsmanager/secret:Secret": _secret,
    "aws:secretsmanager/secretVersion:SecretVersion": _secret_version,
    "aws:sesv2/configurationSet:ConfigurationSet": _named("ses", "configuration-set/"),
    "aws:sesv2/emailIdentity:EmailIdentity": _identity,
    "aws:sqs/queue:Queue": _queue,
    **delivery.ANSWERS,
    **edge.ANSWERS,
    **observability.ANSWERS,
    **personalize.ANSWERS,
    **recommendations.ANSWERS,
    "eks:index:Cluster": eks.outputs,
    "random:index/randomPassword:RandomPassword": _password,
}


def realistic(subject: Subject, *, custom: bool) -> tuple[str, Outputs]:
    """The id and all outputs (inputs included) of a resource."""
    if subject.type.startswith("pulumi:providers:"):
        return f"provider-{subject.name}", dict(subject.inputs)
    if subject.type.startswith("kubernetes:"):
        answer: Outputs = _kubernetes(subject)
    elif subject.type in _ANSWERS:
        answer = _ANSWERS[subject.type](subject)
    else:
        answer = {"id": f"{subject.name}-{subject.hash(7)}"} if custom else {}
    id_ = str(answer.pop("id", ""))
    return id_, {**subject.inputs, **answer}

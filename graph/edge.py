"""Realistic outputs for what stands before the shop: names, certificates, CloudFront."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from .subject import ACCOUNT, Outputs, Subject


def _id(prefix: str, length: int = 13) -> Callable[[Subject], Outputs]:
    return lambda s: {"id": f"{prefix}{s.hash(length).upper()}"}


def _uuid(s: Subject) -> str:
    h = s.hash(32)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-8{h[17:20]}-{h[20:32]}"


def _distribution(s: Subject) -> Outputs:
    id_ = f"E{s.hash(13).upper()}"
    return {
        "id": id_,
        "arn": s.arn("cloudfront", f"distribution/{id_}", regional=False),
        "domainName": f"d{s.hash(13)}.cloudfront.net",
        "hostedZoneId": "Z2FDTNDATAQYW2",  # the same for every distribution
    }


def _vpc_origin(s: Subject) -> Outputs:
    id_ = f"vo_{s.hash(22)}"
    return {"id": id_, "arn": s.arn("cloudfront", f"vpcorigin/{id_}", regional=False)}


def _function(s: Subject) -> Outputs:
    return {
        "id": s.physical,
        "name": s.physical,
        "arn": s.arn("cloudfront", f"function/{s.physical}", regional=False),
    }


def _web_acl(s: Subject) -> Outputs:
    id_ = _uuid(s)
    return {"id": id_, "arn": s.arn("wafv2", f"global/webacl/{s.physical}/{id_}")}


def _proof(name: str) -> str:
    """The same for every certificate of an account, and for a wildcard as for what it is below."""
    return hashlib.sha256(f"{ACCOUNT} {name.removeprefix('*.')}".encode()).hexdigest()


def _certificate(s: Subject) -> Outputs:
    arn = s.arn("acm", f"certificate/{_uuid(s)}")
    domain = str(s.inputs["domainName"])
    names = [domain, *s.inputs.get("subjectAlternativeNames", [])]
    options = [
        {
            "domainName": name,
            "resourceRecordName": f"_{digits[:32]}.{name.removeprefix('*.')}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": f"_{digits[32:]}.acm-validations.aws.",
        }
        for name, digits in ((name, _proof(name)) for name in reversed(names))
    ]
    return {"id": arn, "arn": arn, "domainValidationOptions": options}


def _validation(s: Subject) -> Outputs:
    return {"id": "2026-01-01T00:00:00Z", "certificateArn": s.inputs["certificateArn"]}


def _zone(s: Subject) -> Outputs:
    id_ = f"Z{s.hash(20).upper()}"
    servers = [f"ns-{n}.awsdns-0{n}.com" for n in range(1, 5)]
    arn = f"arn:aws:route53:::hostedzone/{id_}"
    return {"id": id_, "zoneId": id_, "arn": arn, "nameServers": servers}


def _record(s: Subject) -> Outputs:
    name = str(s.inputs["name"]).rstrip(".")
    return {"id": f"{s.inputs['zoneId']}_{name}_{s.inputs['type']}", "fqdn": name}


def _delivery(kind: str) -> Callable[[Subject], Outputs]:
    def answer(s: Subject) -> Outputs:
        arn = s.arn("logs", f"{kind}:{s.physical}")
        return {"id": s.physical, "name": s.physical, "arn": arn}

    return answer


def _health_check(s: Subject) -> Outputs:
    return {"id": _uuid(s), "arn": f"arn:aws:route53::{ACCOUNT}:healthcheck/{_uuid(s)}"}


def _policy(s: Subject) -> Outputs:
    return {"id": _uuid(s), "etag": f"E{s.hash(13).upper()}"}


ANSWERS: dict[str, Callable[[Subject], Outputs]] = {
    "aws:acm/certificate:Certificate": _certificate,
    "aws:acm/certificateValidation:CertificateValidation": _validation,
    "aws:cloudfront/cachePolicy:CachePolicy": _policy,
    "aws:cloudfront/distribution:Distribution": _distribution,
    "aws:cloudfront/function:Function": _function,
    "aws:cloudfront/originAccessControl:OriginAccessControl": _id("E"),
    "aws:cloudfront/originRequestPolicy:OriginRequestPolicy": _policy,
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": _policy,
    "aws:cloudfront/vpcOrigin:VpcOrigin": _vpc_origin,
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": _delivery(
        "delivery-destination"
    ),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": _delivery("delivery-source"),
    "aws:route53/healthCheck:HealthCheck": _health_check,
    "aws:route53/record:Record": _record,
    "aws:route53/zone:Zone": _zone,
    "aws:wafv2/webAcl:WebAcl": _web_acl,
}

"""Realistic outputs for what is built and how it gets where it runs."""

from __future__ import annotations

from collections.abc import Callable

from .subject import ACCOUNT, Outputs, Subject


def _repository(s: Subject) -> Outputs:
    return {
        "id": s.physical,
        "name": s.physical,
        "arn": s.arn("ecr", f"repository/{s.physical}"),
        "registryId": ACCOUNT,
        "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{s.region}.amazonaws.com/{s.physical}",
    }


def _image(s: Subject) -> Outputs:
    digest = f"sha256:{s.hash(64)}"
    tags = s.inputs.get("tags") or []
    return {"id": digest, "digest": digest, "ref": f"{tags[0]}@{digest}" if tags else ""}


def _named(service: str, kind: str) -> Callable[[Subject], Outputs]:
    def answer(s: Subject) -> Outputs:
        return {"id": s.physical, "name": s.physical, "arn": s.arn(service, f"{kind}{s.physical}")}

    return answer


def _alarm(s: Subject) -> Outputs:
    name = s.physical
    return {"id": name, "name": name, "arn": s.arn("cloudwatch", f"alarm:{name}")}


def _connection(s: Subject) -> Outputs:
    h = s.hash(32)
    arn = s.arn("codeconnections", f"connection/{h[:8]}-{h[8:12]}-4{h[13:16]}-8{h[17:20]}-{h[20:]}")
    return {"id": arn, "arn": arn, "name": s.physical, "connectionStatus": "PENDING"}


def _issuer(s: Subject) -> Outputs:
    host = str(s.inputs["url"]).removeprefix("https://")
    arn = s.arn("iam", f"oidc-provider/{host}", regional=False)
    return {"id": arn, "arn": arn}


def _policy(s: Subject) -> Outputs:
    arn = s.arn("iam", f"policy/{s.physical}", regional=False)
    return {"id": arn, "arn": arn, "name": s.physical}


ANSWERS: dict[str, Callable[[Subject], Outputs]] = {
    "aws:ecr/repository:Repository": _repository,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:codebuild/project:Project": _named("codebuild", "project/"),
    "aws:codeconnections/connection:Connection": _connection,
    "aws:codedeploy/application:Application": _named("codedeploy", "application:"),
    "aws:codepipeline/pipeline:Pipeline": _named("codepipeline", ""),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _issuer,
    "aws:iam/policy:Policy": _policy,
    "aws:sns/topic:Topic": _named("sns", ""),
    "docker-build:index:Image": _image,
}

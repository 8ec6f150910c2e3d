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


ANSWERS: dict[str, Callable[[Subject], Outputs]] = {
    "aws:ecr/repository:Repository": _repository,
    "docker-build:index:Image": _image,
}

"""Policies as plain data, beside the role that needs them.

Plain dictionaries through `Output.json_dumps`: tests and policy see the finished document, which
a lookup of `aws.iam.get_policy_document` would hide from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

Statement = Mapping[str, Any]
Conditions = Mapping[str, Mapping[str, Input[str] | Sequence[Input[str]]]]


def allow(
    actions: Sequence[str], on: Sequence[Input[str]], when: Conditions | None = None
) -> Statement:
    """Permission for ``actions`` on the resources ``on``, under conditions if any."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": list(on),
    }
    return statement | ({"Condition": when} if when else {})


def without_resources(actions: Sequence[str], when: Conditions | None = None) -> Statement:
    """Permission for ``actions`` that know no resources: of them AWS accepts nothing but "*".

    A test holds every such action against AWS's list.
    """
    return allow(actions, on=["*"], when=when)


def use_key(
    keys: Sequence[Input[str]],
    region: str,
    services: Sequence[str],
    actions: Sequence[str] = ("kms:Decrypt", "kms:GenerateDataKey"),
) -> Statement:
    """Customer keys (ARNs), but only through the ``services`` that hold what they encrypt."""
    via = [f"{service}.{region}.amazonaws.com" for service in services]
    return allow(actions, on=keys, when={"StringEquals": {"kms:ViaService": via}})


def trust(
    service: str, actions: Sequence[str] = ("sts:AssumeRole",), when: Conditions | None = None
) -> Statement:
    """Which AWS service may take on a role."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": list(actions),
    }
    return statement | ({"Condition": when} if when else {})


def deny_unencrypted(service: str, resources: Sequence[Input[str]]) -> Statement:
    """Nobody, whoever they are, uses the resource without TLS."""
    return {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": f"{service}:*",
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def document(*statements: Statement) -> Output[str]:
    """A policy document."""
    return Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def role(
    name: str,
    *,
    description: str,
    trusted: Statement,
    allowed: Sequence[Statement],
    opts: ResourceOptions,
) -> aws.iam.Role:
    """A role that ``trusted`` may take on and that may do exactly what is ``allowed``."""
    return role_with_policy(
        name, description=description, trusted=trusted, allowed=allowed, opts=opts
    )[0]


def role_with_policy(
    name: str,
    *,
    description: str,
    trusted: Statement,
    allowed: Sequence[Statement],
    opts: ResourceOptions,
) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
    """The same, and the policy: for who must wait until the role may do its work."""
    made = aws.iam.Role(
        name, description=description, assume_role_policy=document(trusted), opts=opts
    )
    policy = aws.iam.RolePolicy(name, role=made.name, policy=document(*allowed), opts=opts)
    return made, policy


def account_id() -> Output[str]:
    """The account that is being deployed to."""
    return aws.get_caller_identity_output().account_id


def same_account() -> Conditions:
    """Calls on behalf of this account only: a service must not be used by a stranger."""
    return {"StringEquals": {"aws:SourceAccount": account_id()}}


def our_distributions() -> Conditions:
    """Calls on behalf of a CloudFront distribution of this account.

    Of any: keys and buckets are there before the distribution that reads them.
    """
    arns = account_id().apply(lambda id_: f"arn:aws:cloudfront::{id_}:distribution/*")
    return {"ArnLike": {"aws:SourceArn": arns}}

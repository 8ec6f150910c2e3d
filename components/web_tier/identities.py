"""Who the pods are to AWS: three accounts, each with what its own work needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
import pulumi_kubernetes as k8s
from pulumi import Output, Resource, ResourceOptions

from components import buckets, iam
from components.data_tier import DataLinks
from components.recommendations import EVENTS, StoreLinks

from .cluster import Cluster

# The services that decrypt with the data key while pods call them.
_BY_SERVICES = ("dynamodb", "s3", "secretsmanager", "sqs", "ssm")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A service account, and the binding without which its pods start without credentials."""

    account: Output[str]
    binding: Resource


@dataclass(frozen=True, kw_only=True)
class Identities:
    """One for each kind of pod."""

    storefront: Identity
    worker: Identity
    migrate: Identity


def identities(
    name: str,
    cluster: Cluster,
    data: DataLinks,
    records: StoreLinks,
    sender_arn: Output[str] | None,
    region: str,
    mine: ResourceOptions,
) -> Identities:
    """Service accounts with their roles; ``sender_arn`` is the SES identity, if mail goes there."""
    user, secrets = [data.database.secret_arn], _secrets(data)
    key = _use_key(data, region)
    work = {
        "storefront": storefront_work(data, region),
        "worker": [
            _read_secrets(secrets),
            _items(data.carts.arn),
            iam.allow(
                [
                    "sqs:ChangeMessageVisibility",
                    "sqs:DeleteMessage",
                    "sqs:GetQueueAttributes",
                    "sqs:ReceiveMessage",
                    "sqs:SendMessage",
                ],
                on=[data.order_events.arn],
            ),
            *buckets.read_below(records.arn, EVENTS),
            *([] if sender_arn is None else [iam.allow(["ses:SendEmail"], on=[sender_arn])]),
            key,
        ],
        # Makes the storefront's user, so it reads what that user's password shall be.
        "migrate": [_read_secrets([data.database.master_secret_arn, *user]), key],
    }
    made = {
        part: _identity(f"{name}-{part}", part, cluster, allowed, mine)
        for part, allowed in work.items()
    }
    return Identities(**made)


def storefront_work(data: DataLinks, region: str) -> list[iam.Statement]:
    """What the storefront's web process does, in a pod or on an instance."""
    return [
        _read_secrets(_secrets(data)),
        _items(data.carts.arn),
        _items(data.sessions.arn),
        iam.allow(["s3:GetObject", "s3:PutObject"], on=[_objects(data)]),
        # Without it S3 calls a picture that is not there forbidden, not missing.
        iam.allow(["s3:ListBucket"], on=[data.images.arn]),
        _use_key(data, region),
    ]


def _secrets(data: DataLinks) -> list[Output[str]]:
    found = (data.database.secret_arn, data.cache.secret_arn, data.canary_secret_arn)
    return [arn for arn in found if arn is not None]


def _identity(
    name: str,
    account: str,
    cluster: Cluster,
    allowed: Sequence[iam.Statement],
    mine: ResourceOptions,
) -> Identity:
    service_account = k8s.core.v1.ServiceAccount(
        name,
        metadata={"name": account, "namespace": cluster.namespace},
        automount_service_account_token=False,  # no pod of ours talks to Kubernetes
        opts=cluster.inside,
    )
    role = iam.role(
        name,
        description=f"Pods of the shop: {account}",
        trusted=iam.trust(
            "pods.eks.amazonaws.com",
            actions=("sts:AssumeRole", "sts:TagSession"),
            when={
                "StringEquals": {
                    "aws:RequestTag/eks-cluster-name": cluster.name,
                    "aws:RequestTag/kubernetes-namespace": cluster.namespace,
                    "aws:RequestTag/kubernetes-service-account": account,
                }
            },
        ),
        allowed=allowed,
        opts=mine,
    )
    binding = aws.eks.PodIdentityAssociation(
        name,
        cluster_name=cluster.name,
        namespace=cluster.namespace,
        service_account=account,
        role_arn=role.arn,
        opts=mine,
    )
    return Identity(account=service_account.metadata.name, binding=binding)


def _read_secrets(arns: Sequence[Output[str]]) -> iam.Statement:
    return iam.allow(["secretsmanager:GetSecretValue"], on=arns)


def _items(table_arn: Output[str]) -> iam.Statement:
    return iam.allow(
        ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
        on=[table_arn],
    )


def _objects(data: DataLinks) -> Output[str]:
    return data.images.arn.apply(lambda arn: f"{arn}/*")


def _use_key(data: DataLinks, region: str) -> iam.Statement:
    """The data key, but only through the services that hold the data."""
    return iam.use_key([data.key_arn], region, _BY_SERVICES)

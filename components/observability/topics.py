"""SNS: whom to wake, and what can wait until the morning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components import iam, keys
from settings import ObservabilitySettings

Urgency = Literal["page", "ticket"]
# Who tells: alarms, budgets, unusual costs, findings of guards.
TELLERS = ("cloudwatch", "budgets", "costalerts", "events")


@dataclass(frozen=True, kw_only=True)
class Topics:
    """ARNs of topics of one region."""

    page: Output[str]
    ticket: Output[str]

    def of(self, urgency: Urgency) -> Output[str]:
        """The topic for what is as urgent as this."""
        return self.page if urgency == "page" else self.ticket


def key(
    name: str,
    *,
    also: tuple[iam.Statement, ...] = (),
    region: str | None = None,
    opts: ResourceOptions,
) -> aws.kms.Key:
    """A key that those who tell may use, on behalf of this account."""
    tellers: iam.Statement = {
        "Sid": "Tellers",
        "Effect": "Allow",
        "Principal": {"Service": [f"{teller}.amazonaws.com" for teller in TELLERS]},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": iam.same_account(),
    }
    return keys.customer_key(
        name,
        description="What is told about the shop, and the trail of who did what",
        recovery_days=30,
        also=(tellers, *also),
        region=region,
        opts=opts,
    )


def topics(
    name: str,
    settings: ObservabilitySettings,
    key_arn: Output[str],
    *,
    region: str | None = None,
    opts: ResourceOptions,
) -> Topics:
    """Both topics, with who reads them; in another ``region`` than the stack's where given."""
    page = _topic(f"{name}-page", "Shop: page", settings.pages, key_arn, region, opts)
    ticket = _topic(f"{name}-ticket", "Shop: ticket", settings.tickets, key_arn, region, opts)
    return Topics(page=page, ticket=ticket)


def _topic(
    name: str,
    shown: str,
    readers: Sequence[str],
    key_arn: Input[str],
    region: str | None,
    opts: ResourceOptions,
) -> Output[str]:
    made = aws.sns.Topic(
        name, display_name=shown, kms_master_key_id=key_arn, region=region, opts=opts
    )
    told: iam.Statement = {
        "Sid": "Tellers",
        "Effect": "Allow",
        "Principal": {"Service": [f"{teller}.amazonaws.com" for teller in TELLERS]},
        "Action": "sns:Publish",
        "Resource": made.arn,
        "Condition": iam.same_account(),
    }
    # A topic's policy takes no "sns:*": that would name actions which know no topic.
    in_the_clear = {**iam.deny_unencrypted("sns", [made.arn]), "Action": "sns:Publish"}
    aws.sns.TopicPolicy(
        name, arn=made.arn, policy=iam.document(in_the_clear, told), region=region, opts=opts
    )
    for place, reader in enumerate(readers):
        aws.sns.TopicSubscription(
            f"{name}-{place}",
            topic=made.arn,
            protocol="email",
            endpoint=reader,
            region=region,
            opts=opts,
        )
    return made.arn

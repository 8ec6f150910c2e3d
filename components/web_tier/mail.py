"""Who the shop's mail is from: a domain that SES may sign for."""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components.names import Site
from settings import MailSettings

TOKENS = 3  # SES asks for so many, to change keys without a gap
# Regions that keep DKIM keys themselves (AWS General Reference, SES endpoints, DKIM domains).
OWN_KEYS = {
    "af-south-1",
    "ap-northeast-3",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-5",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "il-central-1",
    "me-central-1",
    "us-gov-east-1",
}


def mail_sender(
    name: str, mail: MailSettings, site: Site | None, region: str, mine: ResourceOptions
) -> aws.sesv2.EmailIdentity | None:
    """The sender's domain as an SES identity, if mail goes out at all.

    What proves it goes into the shop's zone if it belongs there; SES sends nothing until it is
    proved.
    """
    if mail.transport != "ses":
        return None
    domain = mail.sender.rpartition("@")[2]
    made = aws.sesv2.EmailIdentity(
        f"{name}-mail",
        email_identity=domain,
        dkim_signing_attributes={"next_signing_key_length": "RSA_2048_BIT"},
        opts=mine,
    )
    if site is not None and f".{domain}".endswith(f".{site.domain}"):
        keys = f"dkim.{region}.amazonses.com" if region in OWN_KEYS else "dkim.amazonses.com"
        _prove(f"{name}-mail", domain, site.zone_id, tokens(made), keys, mine)
    return made


def tokens(sender: aws.sesv2.EmailIdentity) -> Output[list[str]]:
    """The labels of the CNAME records that prove the domain."""
    return sender.dkim_signing_attributes.tokens.apply(lambda found: list(found or []))


def _prove(
    name: str,
    domain: str,
    zone_id: Input[str],
    labels: Output[list[str]],
    keys: str,
    mine: ResourceOptions,
) -> None:
    for number in range(TOKENS):
        label = _label(labels, number)
        aws.route53.Record(
            f"{name}-{number + 1}",
            zone_id=zone_id,
            name=Output.concat(label, "._domainkey.", domain),
            type="CNAME",
            ttl=3600,
            records=[Output.concat(label, ".", keys)],
            allow_overwrite=True,  # somebody may have written it from `mail_records`
            opts=mine,
        )


def _label(labels: Output[list[str]], number: int) -> Output[str]:
    # A preview may know fewer than SES will ask for, and goes on; Route 53 refuses an empty one.
    return labels.apply(lambda found: "".join(found[number : number + 1]))

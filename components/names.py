"""Names: the shop's domain, its hosted zone, and certificates that prove it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from settings import EdgeSettings, ZoneSettings

from . import iam, keys
from .balancer import Origin
from .links import plain
from .network import NetworkLinks

GLOBAL = "us-east-1"  # where CloudFront, its firewall and Route 53 keep what belongs to them
# Labels below the domain: the shop's other name, and how the edge calls load balancer and API.
WWW, ORIGIN, API = "www", "origin", "api"
LOG_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class NamesArgs:
    """The network says which region the load balancer will be in."""

    settings: EdgeSettings
    network: NetworkLinks


@dataclass(frozen=True, kw_only=True)
class Site:
    """A domain of ours, and a certificate for it where CloudFront wants it."""

    domain: str
    zone_id: Output[str]
    certificate_arn: Output[str]


@dataclass(frozen=True, kw_only=True)
class NamesLinks:
    """Both None in a shop without a domain."""

    site: Site | None
    origin: Origin | None


class Names(ComponentResource):
    """Zone, who may issue certificates, and one certificate a region; empty without a domain."""

    links: NamesLinks

    def __init__(self, name: str, args: NamesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("shop:index:Names", name, None, opts)
        self._name, self._mine = name, ResourceOptions(parent=self)
        self.links = NamesLinks(site=None, origin=None)
        domain, zone = args.settings.domain, args.settings.zone
        if domain is not None and zone is not None:
            zone_id = self._zone(zone, args.network)
            self._authorities(domain, zone_id)
            certificates = self._certificates(domain, zone_id, args.network.region)
            self.links = NamesLinks(
                site=Site(domain=domain, zone_id=zone_id, certificate_arn=certificates[GLOBAL]),
                origin=Origin(
                    name=f"{ORIGIN}.{domain}", certificate_arn=certificates[args.network.region]
                ),
            )
        self.register_outputs({"links": plain(self.links)})

    def _zone(self, zone: ZoneSettings, network: NetworkLinks) -> Output[str]:
        if zone.source == "lookup":
            return aws.route53.get_zone_output(name=zone.name, private_zone=False).zone_id
        made = aws.route53.Zone(
            self._name, name=zone.name, comment="The shop's names", opts=self._mine
        )
        self._query_log(zone.name, made, network)
        return made.zone_id

    def _query_log(self, zone: str, made: aws.route53.Zone, network: NetworkLinks) -> None:
        """Who asked for which name; of a zone that was there already, its owner decides."""
        group = aws.cloudwatch.LogGroup(
            f"{self._name}-queries",
            name=f"/aws/route53/{zone}",
            retention_in_days=LOG_DAYS,
            kms_key_id=keys.for_logs(
                f"{self._name}-logs", network.log_key_arn, network.region, GLOBAL, self._mine
            ),
            region=GLOBAL,
            opts=self._mine,
        )
        delivery: iam.Statement = {
            "Effect": "Allow",
            "Principal": {"Service": "route53.amazonaws.com"},
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": group.arn.apply(lambda arn: f"{arn}:log-stream:*"),
            "Condition": iam.same_account(),
        }
        policy = aws.cloudwatch.LogResourcePolicy(
            f"{self._name}-queries",
            policy_name=f"route53-{zone}",
            policy_document=iam.document(delivery),
            region=GLOBAL,
            opts=self._mine,
        )
        aws.route53.QueryLog(
            self._name,
            zone_id=made.zone_id,
            cloudwatch_log_group_arn=group.arn,
            # Hidden dependency: Route 53 tries to write before it agrees.
            opts=ResourceOptions(parent=self, depends_on=[policy]),
        )

    def _authorities(self, domain: str, zone_id: Input[str]) -> None:
        aws.route53.Record(
            f"{self._name}-authorities",
            zone_id=zone_id,
            name=domain,
            type="CAA",
            ttl=3600,
            records=['0 issue "amazon.com"', '0 issuewild ";"'],  # wildcards: nobody
            opts=self._mine,
        )

    def _certificates(
        self, domain: str, zone_id: Input[str], region: str
    ) -> dict[str, Output[str]]:
        """Region -> certificate for what is called there, by its names and no others.

        CloudFront passes on the name that visitors asked for: load balancers are called by it, too.
        """
        called = {place: [domain] for place in (region, GLOBAL)}
        called[GLOBAL].append(f"{WWW}.{domain}")
        called[region] += [f"{label}.{domain}" for label in (ORIGIN, API)]
        made = {
            place: aws.acm.Certificate(
                f"{self._name}-{place}",
                domain_name=domain,
                subject_alternative_names=hosts[1:],
                validation_method="DNS",
                region=place,
                opts=self._mine,
            )
            for place, hosts in called.items()
        }
        # A name has one proof in an account, whichever certificate asks for it.
        asks = {host: made[place] for place, hosts in called.items() for host in hosts}
        proofs = {host: self._proof(domain, host, zone_id, asks[host]) for host in asks}
        return {
            place: aws.acm.CertificateValidation(
                f"{self._name}-{place}",
                certificate_arn=certificate.arn,
                validation_record_fqdns=[proofs[host].fqdn for host in called[place]],
                region=place,
                opts=self._mine,
            ).certificate_arn
            for place, certificate in made.items()
        }

    def _proof(
        self, domain: str, host: str, zone_id: Input[str], asking: aws.acm.Certificate
    ) -> aws.route53.Record:
        # AWS lists what it asks for in an order of its own.
        asked = asking.domain_validation_options.apply(
            lambda options: next(option for option in options if option.domain_name == host)
        )
        label = host.removesuffix(domain).removesuffix(".")
        return aws.route53.Record(
            f"{self._name}-proof" + (f"-{label}" if label else ""),
            zone_id=zone_id,
            name=asked.resource_record_name,
            type=asked.resource_record_type,
            ttl=300,
            records=[asked.resource_record_value],
            allow_overwrite=True,  # another stack with the same domain asks for the same
            opts=self._mine,
        )


def alias(
    name: str,
    site: Site,
    host: str,
    kind: str,
    target: Input[str],
    target_zone: Input[str],
    opts: ResourceOptions,
) -> None:
    """One name that stands for another of AWS's."""
    aws.route53.Record(
        name,
        zone_id=site.zone_id,
        name=host,
        type=kind,
        aliases=[{"name": target, "zone_id": target_zone, "evaluate_target_health": False}],
        opts=opts,
    )

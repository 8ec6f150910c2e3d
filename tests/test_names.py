"""Names: zone, records and certificates with a domain, CloudFront's own name without."""

from __future__ import annotations

from typing import Any

import pytest

from graph import Resource
from tests.stacks import NO_DOMAIN, OWN_DOMAIN, graph_of
from tests.test_edge import DISTRIBUTION, origins

OPTIONS = "domainValidationOptions"
AT: dict[str, dict[str, Any]] = {
    "us-east-1": {},
    "eu-west-1": {
        "aws:region": "eu-west-1",
        "shop:network.zones": ["eu-west-1a", "eu-west-1b"],
    },
}


def test_without_a_domain_the_shop_is_on_cloudfronts_name() -> None:
    graph = graph_of("prod", NO_DOMAIN)
    made = graph.one(DISTRIBUTION)
    assert made.inputs["viewerCertificate"] == {"cloudfrontDefaultCertificate": True}
    assert "aliases" not in made.inputs
    for kind in ("acm/certificate:Certificate", "route53/record:Record", "route53/zone:Zone"):
        assert graph.of_type(f"aws:{kind}") == []
    url = f"https://{made.outputs['domainName']}"
    assert graph.exports["public_url"] == url
    config_map = graph.one("kubernetes:core/v1:ConfigMap", "web-storefront").inputs["data"]
    assert config_map["PUBLIC_URL"] == url
    check = graph.one("aws:route53/healthCheck:HealthCheck").inputs
    assert check["fqdn"] == made.outputs["domainName"]


@pytest.mark.parametrize(
    ("stack", "changes", "domain"),
    [
        ("prod", {}, "shop.example.com"),
        ("dev", {}, "dev.shop.example.com"),
        ("dev", OWN_DOMAIN, "shop.example.org"),
    ],
)
def test_with_a_domain_names_and_certificates_lead_to_the_edge(
    stack: str, changes: dict[str, Any], domain: str
) -> None:
    graph = graph_of(stack, changes)
    made = graph.one(DISTRIBUTION)
    validated = graph.one("aws:acm/certificateValidation:CertificateValidation")
    assert validated.inputs["region"] == "us-east-1"
    assert made.inputs["aliases"] == [domain, f"www.{domain}"]
    viewer = made.inputs["viewerCertificate"]
    assert viewer["acmCertificateArn"] == validated.outputs["certificateArn"]
    assert validated.urn in made.property_dependencies["viewerCertificate"]
    assert viewer["minimumProtocolVersion"] == "TLSv1.2_2021"
    records = {
        (r.inputs["name"], r.inputs["type"]): r.inputs
        for r in graph.of_type("aws:route53/record:Record")
    }
    for host in (domain, f"www.{domain}"):
        for kind in ("A", "AAAA"):
            (alias,) = records[host, kind]["aliases"]
            assert alias["name"] == made.outputs["domainName"]
    authorities = records[domain, "CAA"]["records"]
    assert authorities == ['0 issue "amazon.com"', '0 issuewild ";"']
    # The load balancer's name and certificate are those that the edge checks.
    listener = graph.one("aws:lb/listener:Listener").inputs
    assert listener["certificateArn"] == validated.outputs["certificateArn"]
    assert origins(graph)["shop"]["domainName"] == f"origin.{domain}"
    assert (f"origin.{domain}", "A") in records
    assert graph.exports["public_url"] == f"https://{domain}"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_certificates_are_for_what_is_served_and_each_name_has_one_proof(region: str) -> None:
    graph = graph_of("prod", AT[region])
    asked: dict[str, Resource] = {
        c.inputs["region"]: c for c in graph.of_type("aws:acm/certificate:Certificate")
    }
    told = {
        place: [c.inputs["domainName"], *c.inputs["subjectAlternativeNames"]]
        for place, c in asked.items()
    }
    site = graph.one(DISTRIBUTION).inputs["aliases"]
    # The domain, too: CloudFront calls the load balancer and passes on what visitors asked for.
    here = [site[0], origins(graph)["shop"]["domainName"], origins(graph)["api"]["domainName"]]
    served = {"us-east-1": set(site), region: {*here, *(site if region == "us-east-1" else ())}}
    assert {place: set(names) for place, names in told.items()} == served
    assert all(len(names) == len(set(names)) for names in told.values())
    records = {r.inputs["name"]: r for r in graph.of_type("aws:route53/record:Record")}
    proofs = {name for name in records if name.startswith("_")}
    for validation in graph.of_type("aws:acm/certificateValidation:CertificateValidation"):
        certificate = asked[validation.inputs["region"]]
        assert validation.inputs["certificateArn"] == certificate.outputs["arn"]
        wanted = {o["resourceRecordName"]: o for o in certificate.outputs[OPTIONS]}
        proved = validation.inputs["validationRecordFqdns"]
        assert set(proved) == {name.rstrip(".") for name in wanted}
        assert set(wanted) <= proofs
        for name, option in wanted.items():
            assert records[name].urn in validation.dependencies
            assert records[name].inputs["type"] == option["resourceRecordType"]
            assert records[name].inputs["records"] == [option["resourceRecordValue"]]
    made = [r for r in graph.of_type("aws:route53/record:Record") if r.inputs["name"] in proofs]
    assert len(made) == len(proofs) == 4
    hosts = sorted(name.partition(".")[2].rstrip(".") for name in proofs)
    assert hosts == sorted({*site, *here})


def test_elsewhere_the_load_balancer_has_a_certificate_of_its_region() -> None:
    graph = graph_of("dev", {**AT["eu-west-1"], **OWN_DOMAIN})
    regions = {
        r.inputs["region"]: r.outputs["certificateArn"]
        for r in graph.of_type("aws:acm/certificateValidation:CertificateValidation")
    }
    assert set(regions) == {"us-east-1", "eu-west-1"}
    assert graph.one("aws:lb/listener:Listener").inputs["certificateArn"] == regions["eu-west-1"]
    viewer = graph.one(DISTRIBUTION).inputs["viewerCertificate"]
    assert viewer["acmCertificateArn"] == regions["us-east-1"]
    # A log group can use a key of its own region only.
    keys = {k.outputs["arn"]: k.inputs.get("region") for k in graph.of_type("aws:kms/key:Key")}
    for group in graph.of_type("aws:cloudwatch/logGroup:LogGroup"):
        assert keys[group.inputs["kmsKeyId"]] == group.inputs.get("region")


def test_a_zone_of_ours_logs_queries_and_a_found_one_is_left_alone() -> None:
    own = graph_of("dev", OWN_DOMAIN)
    zone, log = own.one("aws:route53/zone:Zone"), own.one("aws:route53/queryLog:QueryLog")
    assert log.inputs["zoneId"] == zone.outputs["zoneId"]
    group = own.one("aws:cloudwatch/logGroup:LogGroup", "names-queries")
    assert group.inputs["region"] == "us-east-1"
    assert group.inputs["name"] == "/aws/route53/shop.example.org"
    found = graph_of("prod")
    assert found.of_type("aws:route53/zone:Zone") == []
    assert found.of_type("aws:route53/queryLog:QueryLog") == []

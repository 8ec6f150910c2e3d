"""CloudFront, names and certificates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policy.model import UNKNOWN, Estate, Rules, Subject
from policy.want import ABSENT, GIVEN, TRUE, at_least, matching, one_of

# Tables: a row a rule.
# fmt: off
RULES = Rules()
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
HEADERS = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
CACHE_POLICY = "aws:cloudfront/cachePolicy:CachePolicy"
ACCESS = "aws:cloudfront/originAccessControl:OriginAccessControl"
VPC_ORIGIN = "aws:cloudfront/vpcOrigin:VpcOrigin"
DELIVERY = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
CERTIFICATE = "aws:acm/certificate:Certificate"
VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
ZONE = "aws:route53/zone:Zone"
YEAR = 31_536_000
SECURITY = "securityHeadersConfig"
HTTPS = ("redirect-to-https", "https-only")

RULES.must(
    "CDN-01", "high", DISTRIBUTION, "defaultCacheBehavior.viewerProtocolPolicy", one_of(*HTTPS),
    "Passwords travel encrypted.", "FSBP CloudFront.3, CKV_AWS_34",
)
RULES.must(
    "CDN-02", "high", DISTRIBUTION, "orderedCacheBehaviors[].viewerProtocolPolicy", one_of(*HTTPS),
    "What is loaded in the clear is changed on the way.", "FSBP CloudFront.3, CKV_AWS_34",
)
RULES.must(
    "CDN-03", "high", DISTRIBUTION, "webAclId", GIVEN,
    "Without a firewall every request reaches the shop.", "FSBP CloudFront.6, CKV_AWS_68",
)
RULES.must(
    "CDN-04", "medium", DISTRIBUTION, "defaultCacheBehavior.responseHeadersPolicyId", GIVEN,
    "Errors that CloudFront makes itself need security headers too.", "CKV2_AWS_32",
)
RULES.must(
    "CDN-05", "medium", DISTRIBUTION, "orderedCacheBehaviors[].responseHeadersPolicyId", GIVEN,
    "Files need security headers too.", "CKV2_AWS_32",
)
RULES.must(
    "CDN-06", "medium", DISTRIBUTION, "enabled", TRUE, "A distribution that is off is an outage.",
    "CKV_AWS_216",
)
RULES.must(
    "CDN-07", "low", DISTRIBUTION, "httpVersion", one_of("http2and3", "http2"),
    "Pages of many files wait for each other on HTTP/1.1.", "Well-Architected PERF04-BP05",
)
RULES.must(
    "CDN-08", "low", DISTRIBUTION, "defaultCacheBehavior.compress", TRUE,
    "Text in full is paid for, and waited for.", "Well-Architected PERF04-BP05",
)
RULES.must(
    "CDN-18", "low", DISTRIBUTION, "orderedCacheBehaviors[].compress", TRUE,
    "Text in full is paid for, and waited for.", "Well-Architected PERF04-BP05",
)
RULES.must(
    "CDN-09", "medium", DISTRIBUTION, "customErrorResponses", GIVEN,
    "When nobody answers, visitors are told so.", "FSBP CloudFront.4, Well-Architected REL11-BP02",
)
RULES.must(
    "CDN-10", "high", ACCESS, "signingBehavior", one_of("always"),
    "A bucket answers to this distribution only.", "FSBP CloudFront.13, CKV2_AWS_46",
)
RULES.must(
    "CDN-11", "high", VPC_ORIGIN, "vpcOriginEndpointConfig.originProtocolPolicy",
    one_of("https-only"), "Orders and passwords travel encrypted to the end.",
    "FSBP CloudFront.9, CKV2_AWS_72",
)
RULES.must(
    "CDN-12", "high", VPC_ORIGIN, "vpcOriginEndpointConfig.originSslProtocols.items",
    one_of(["TLSv1.2"]), "Older versions of TLS are broken.", "FSBP CloudFront.10, CKV2_AWS_54",
)
RULES.companion(
    "CDN-13", "medium", DISTRIBUTION, DELIVERY, "resourceArn",
    "Who asked for what is asked afterwards.", "FSBP CloudFront.5, CKV_AWS_86",
)
RULES.must(
    "HDR-01", "medium", HEADERS, f"{SECURITY}.strictTransportSecurity.accessControlMaxAgeSec",
    at_least(YEAR), "A browser that remembers never asks in the clear.", "OWASP ASVS 5.0 3.4.1",
)
RULES.must(
    "HDR-02", "medium", HEADERS, f"{SECURITY}.strictTransportSecurity.includeSubdomains", TRUE,
    "A name below could set cookies for the shop.", "OWASP ASVS 5.0 3.4.1",
)
RULES.must(
    "HDR-03", "high", HEADERS, f"{SECURITY}.contentSecurityPolicy.contentSecurityPolicy",
    matching(r"default-src 'none';(?!.*script-src[^;]*(unsafe|\*)).*", "nothing but what is named"),
    "A script that got in must not run.", "OWASP ASVS 5.0 3.4.3",
)
RULES.must(
    "HDR-04", "medium", HEADERS, f"{SECURITY}.frameOptions.frameOption", one_of("DENY"),
    "A shop in a stranger's frame sells what the visitor did not see.", "OWASP ASVS 5.0 3.4.6",
)
RULES.must(
    "HDR-05", "medium", HEADERS, f"{SECURITY}.contentTypeOptions",
    one_of({"override": False}, {"override": True}), "A picture must not be run as a script.",
    "OWASP ASVS 5.0 3.4.4",
)
RULES.must(
    "HDR-06", "low", HEADERS, f"{SECURITY}.referrerPolicy.referrerPolicy",
    one_of("strict-origin-when-cross-origin", "same-origin", "no-referrer", "strict-origin"),
    "Addresses of orders stay in the shop.", "OWASP ASVS 5.0 3.4.5",
)
RULES.must(
    "HDR-07", "low", HEADERS, "corsConfig", ABSENT, "Nobody else's pages read the shop's.",
    "CKV2_AWS_75",
)
RULES.must(
    "CRT-01", "medium", CERTIFICATE, "validationMethod", one_of("DNS"), "It renews itself.",
    "FSBP ACM.1",
)
RULES.companion(
    "CRT-02", "medium", CERTIFICATE, VALIDATION, "certificateArn",
    "What uses a certificate waits until it is one.", "METR/hawk PR #318",
)
RULES.must(
    "CRT-03", "medium", CERTIFICATE, "keyAlgorithm",
    one_of(None, "RSA_2048", "RSA_3072", "EC_prime256v1", "EC_secp384r1"),
    "Shorter keys are broken.", "FSBP ACM.2",
)
RULES.companion(
    "DNS-01", "medium", ZONE, "aws:route53/queryLog:QueryLog", "zoneId",
    "Names that are asked for tell of attacks to come.", "FSBP Route53.2, CKV2_AWS_39",
)


@RULES.rule(
    "CRT-04",
    "medium",
    CERTIFICATE,
    reason="Who has the key of a wildcard can pose as any name below, also as names to come.",
    source="Well-Architected SEC09-BP01, CKV2_AWS_71",
    remedy="each name that is served, and no other",
)
def wildcards(subject: Subject, _: Estate) -> str | None:
    """Certificates for names that nobody serves."""
    names = (subject.one("domainName"), *(subject.one("subjectAlternativeNames") or ()))
    wide = [str(name) for name in names if str(name).startswith("*.")]
    return f"is for {', '.join(wide)}" if wide else None


@RULES.rule(
    "CDN-14",
    "medium",
    DISTRIBUTION,
    reason="CloudFront's own certificate admits old versions of TLS.",
    source="FSBP CloudFront.7, CloudFront.8; CKV_AWS_174, CKV2_AWS_42",
    remedy="a domain: minimumProtocolVersion TLSv1.2_2021 or newer, sni-only",
)
def viewer_tls(subject: Subject, _: Estate) -> str | None:
    """Visitors may use old versions of TLS."""
    told = subject.one("viewerCertificate") or {}
    if told is UNKNOWN:
        return None
    if not told.get("acmCertificateArn"):
        return "uses CloudFront's own certificate"
    version = str(told.get("minimumProtocolVersion"))
    if version not in ("TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"):
        return f"admits {version}"
    return None if told.get("sslSupportMethod") == "sni-only" else "pays for an address of its own"


@RULES.rule(
    "CDN-15",
    "high",
    DISTRIBUTION,
    reason="Who can ask the origin is past the firewall.",
    source="FSBP CloudFront.13; CloudFront developer guide, VPC origins",
    remedy="a VPC origin, an origin access control, or HTTPS with a secret header that is asked for",
)
def open_origins(subject: Subject, _: Estate) -> str | None:
    """Origins that answer others, too, or that are asked in the clear."""
    for origin in subject.one("origins") or ():
        if origin.get("vpcOriginConfig") or origin.get("originAccessControlId"):
            continue
        custom, name = origin.get("customOriginConfig") or {}, origin.get("originId")
        if custom.get("originProtocolPolicy") != "https-only":
            return f"origin {name} is open"
        if not origin.get("customHeaders"):
            return f"origin {name} cannot tell who asks"
        if not subject.is_secret("origins[].customHeaders[].value"):
            return f"the header by which origin {name} tells who asks is not marked secret"
    return None


@RULES.rule(
    "CDN-19",
    "medium",
    DISTRIBUTION,
    reason="CloudFront refuses the whole distribution, after everything before it was made.",
    source="CloudFront developer guide, custom headers that CloudFront can't add",
    remedy="a name of our own, such as x-shop-...",
)
def refused_headers(subject: Subject, _: Estate) -> str | None:
    """Names of custom headers that CloudFront keeps for itself."""
    names = [str(name).lower() for name in subject.get("origins[].customHeaders[].name") if name]
    taken = [name for name in names if name.startswith(("x-amz-", "x-edge-", "x-real-ip"))]
    return f"sends {', '.join(taken)}" if taken else None


@RULES.rule(
    "CDN-16",
    "critical",
    CACHE_POLICY,
    reason="A page that one visitor got and another is shown tells who the first one is.",
    source="CloudFront developer guide, caching by cookies",
    remedy="the session cookies in the key, or no cookies and no default time",
)
def shared_sessions(subject: Subject, _: Estate) -> str | None:
    """A policy that keeps by cookies, and not by all that tell visitors apart."""
    told: Mapping[str, Any] = subject.one("parametersInCacheKeyAndForwardedToOrigin") or {}
    cookies = told.get("cookiesConfig") or {}
    names = set((cookies.get("cookies") or {}).get("items") or ())
    if cookies.get("cookieBehavior") != "whitelist":
        return None
    missing = {"session", "__Host-session", "visitor", "__Host-visitor"} - names
    return f"does not tell {', '.join(sorted(missing))} apart" if missing else None


@RULES.rule(
    "CDN-17",
    "high",
    DISTRIBUTION,
    reason="A behaviour that forwards cookies under a key without them mixes visitors up.",
    source="CloudFront developer guide, caching by cookies",
    remedy="a key with the session cookies for the default behaviour",
)
def default_key(subject: Subject, estate: Estate) -> str | None:
    """Pages that are kept under a key without cookies."""
    told = subject.one("defaultCacheBehavior") or {}
    for policy in estate.referred(subject, "defaultCacheBehavior"):
        if policy.type != CACHE_POLICY:
            continue
        key = policy.one("parametersInCacheKeyAndForwardedToOrigin.cookiesConfig.cookieBehavior")
        if key == "none" and told.get("originRequestPolicyId"):
            return "keeps pages without regard to cookies"
    return None

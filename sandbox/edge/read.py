"""Reads the edge that the program declares: distribution, origins, policies, firewall.

What the laptop cannot do is said where it is declared; what it does not know is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sandbox.kubernetes import RefusedError

from . import policies, statements
from .plan import Behaviour, ErrorPage, Named, Origin, Plan, Rule

if TYPE_CHECKING:
    from graph import Graph, Resource

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
VPC_ORIGIN = "aws:cloudfront/vpcOrigin:VpcOrigin"
ACCESS = "aws:cloudfront/originAccessControl:OriginAccessControl"
ACL = "aws:wafv2/webAcl:WebAcl"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
TARGETS = "aws:lb/targetGroup:TargetGroup"
BINDING = "kubernetes:eks.amazonaws.com/v1:TargetGroupBinding"
BUCKET = "aws:s3/bucket:Bucket"

Mark = Callable[["Resource", Literal["served", "recorded", "refused"], str], None]
Told = Mapping[str, Any]
_LOOPBACK = re.compile(r"(127\.0\.0\.\d+|localhost):(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """Where buckets are: host and port, and what a signed request's Authorization says."""

    address: tuple[str, int]
    authorization: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The plan, and the Services (namespace, name) whose pods stand behind the load balancer."""

    plan: Plan
    services: frozenset[tuple[str, str]]


def read(graph: Graph, emulator: Emulator, mark: Mark) -> Edge | None:
    """The edge of a program, None when it declares none; raises RefusedError."""
    found = graph.of_type(DISTRIBUTION)
    if not found:
        return None
    if len(found) > 1:
        raise RefusedError("there is one front door, so one distribution")
    return _Reader(graph, emulator, mark, found[0]).edge()


class _Reader:
    def __init__(
        self, graph: Graph, emulator: Emulator, mark: Mark, distribution: Resource
    ) -> None:
        self._graph, self._emulator, self._mark = graph, emulator, mark
        self._distribution = distribution
        self._told = distribution.inputs
        self._services: set[tuple[str, str]] = set()
        self._balancer = self._acl = ""
        self._missing: list[str] = ["no TLS, so nothing is redirected to it; no compression"]

    def edge(self) -> Edge:
        origins = tuple(self._origin(told) for told in self._told["origins"])
        groups = {g["originId"]: g for g in self._told.get("originGroups") or []}
        ordered = self._told.get("orderedCacheBehaviors") or []
        behaviours = [
            *(self._behaviour(told, str(told["pathPattern"]), groups) for told in ordered),
            self._behaviour(self._told["defaultCacheBehavior"], "*", groups),
        ]
        rules, blocks = self._firewall()
        if (self._told.get("restrictions") or {}).get("geoRestriction", {}).get("locations"):
            self._missing.append("countries are not told apart")
        plan = Plan(
            behaviours=tuple(behaviours),
            origins=origins,
            errors=self._errors(),
            rules=rules,
            blocks=blocks,
            named=Named(
                distribution=self._distribution.id, balancer=self._balancer, firewall=self._acl
            ),
        )
        said = f"the front door, {len(behaviours)} behaviours; {'; '.join(self._missing)}"
        self._mark(self._distribution, "served", said)
        self._mark_policies()
        return Edge(plan=plan, services=frozenset(self._services))

    def _errors(self) -> tuple[ErrorPage, ...]:
        return tuple(
            ErrorPage(
                code=int(told["errorCode"]),
                status=int(told.get("responseCode") or told["errorCode"]),
                path=str(told["responsePagePath"]),
            )
            for told in self._told.get("customErrorResponses") or []
            if told.get("responsePagePath")
        )

    def _behaviour(self, told: Told, pattern: str, groups: Mapping[str, Told]) -> Behaviour:
        target = str(told["targetOriginId"])
        members: tuple[str, ...] = (target,)
        codes: tuple[int, ...] = ()
        if group := groups.get(target):
            members = tuple(str(member["originId"]) for member in group["members"])
            codes = tuple(int(code) for code in group["failoverCriteria"]["statusCodes"])
        if told.get("functionAssociations"):
            self._missing.append(f"functions of {pattern} do not run")
        if told.get("lambdaFunctionAssociations"):
            raise RefusedError(f"behaviour {pattern}: the laptop has no Lambda@Edge")
        if not told.get("cachePolicyId"):
            raise RefusedError(f"behaviour {pattern}: the laptop reads cache policies only")
        caching = policies.caching(self._graph, told["cachePolicyId"])
        asked = told.get("originRequestPolicyId")
        headers, removed = policies.response_headers(
            self._graph, told.get("responseHeadersPolicyId")
        )
        return Behaviour(
            pattern=pattern,
            origins=members,
            failover=codes,
            methods=tuple(told["allowedMethods"]),
            caching=caching,
            forwarding=policies.forwarding(self._graph, asked, caching),
            headers=headers,
            removed=removed,
        )

    def _origin(self, told: Told) -> Origin:
        name, host = str(told["originId"]), str(told["domainName"])
        prefix = str(told.get("originPath") or "")
        says = tuple(
            (str(h["name"]).lower(), str(h["value"])) for h in told.get("customHeaders") or ()
        )
        if vpc := told.get("vpcOriginConfig"):
            self._behind(str(vpc["vpcOriginId"]))
            seconds = float(vpc.get("originReadTimeout") or 30)
            return Origin(
                name=name, kind="pods", host=host, prefix=prefix, says=says, read_seconds=seconds
            )
        if self._is_bucket(host):
            return Origin(
                name=name,
                kind="bucket",
                host=host,
                prefix=prefix,
                address=self._emulator.address,
                says=(*says, *self._signed(told.get("originAccessControlId"))),
            )
        seconds = float((told.get("customOriginConfig") or {}).get("originReadTimeout") or 30)
        if local := _LOOPBACK.fullmatch(host):
            address = ("127.0.0.1" if local[1] == "localhost" else local[1], int(local[2]))
            return Origin(
                name=name,
                kind="http",
                host=host,
                address=address,
                prefix=prefix,
                says=says,
                read_seconds=seconds,
            )
        self._missing.append(f"origin {name} ({host}) is not on this machine and never answers")
        return Origin(name=name, kind="away", host=host)

    def _is_bucket(self, host: str) -> bool:
        return any(
            host in (b.outputs.get("bucketRegionalDomainName"), b.outputs.get("bucketDomainName"))
            for b in self._graph.of_type(BUCKET)
        )

    def _signed(self, access: str | None) -> list[tuple[str, str]]:
        """Without access control a request is anonymous, and the emulator refuses it as S3 does."""
        for resource in self._graph.of_type(ACCESS):
            if resource.id == access:
                self._mark(resource, "served", "signs requests; the emulator checks no signature")
                signs = resource.inputs["signingBehavior"] != "never"
                return [("authorization", self._emulator.authorization)] if signs else []
        return []

    def _behind(self, vpc_origin: str) -> None:
        """Follow the declared way: VPC origin, load balancer, listener, target group, Service."""
        origin = policies.named(self._graph, VPC_ORIGIN, vpc_origin)
        arn = origin.inputs["vpcOriginEndpointConfig"]["arn"]
        self._mark(origin, "served", "the front door; no TLS")
        for balancer in self._graph.of_type(BALANCER):
            if balancer.outputs["arn"] == arn:
                self._mark(balancer, "served", "the front door, in turns to ready pods")
                self._balancer = str(arn).partition(":loadbalancer/")[2]
        for listener in self._graph.of_type(LISTENER):
            if listener.inputs["loadBalancerArn"] == arn:
                self._mark(listener, "served", "the front door; default action only")
                for action in listener.inputs["defaultActions"]:
                    self._forward(action)

    def _forward(self, action: Told) -> None:
        weights = {
            target["arn"]: int(target.get("weight") or 0)
            for target in (action.get("forward") or {}).get("targetGroups") or []
        }
        if action.get("targetGroupArn"):
            weights[action["targetGroupArn"]] = 1
        for group in self._graph.of_type(TARGETS):
            weight = weights.get(group.outputs["arn"])
            if weight is None:
                continue
            bound = [b for b in self._graph.of_type(BINDING) if _binds(b, group)]
            if weight and not bound:
                said = "its share goes to the pods: there are no instances on the laptop"
                self._mark(group, "recorded", said)
            for binding in bound:
                metadata = binding.inputs.get("metadata") or {}
                service = binding.inputs["spec"]["serviceRef"]["name"]
                self._services.add((str(metadata.get("namespace") or "default"), str(service)))
                self._mark(group, "served", "healthy are the pods that are ready; no slow start")
                self._mark(binding, "served", f"the pods of Service {service}")

    def _firewall(self) -> tuple[tuple[Rule, ...], bool]:
        for acl in self._graph.of_type(ACL):
            if acl.outputs["arn"] != self._told.get("webAclId"):
                continue
            self._acl = str((acl.inputs.get("visibilityConfig") or {}).get("metricName") or "")
            served, recorded, refused = statements.rules(acl.inputs)
            said = [
                f"{r.name} {r.action}s" + (f" above {r.limit} in {r.window} s" if r.limit else "")
                for r in served
            ]
            said += [f"only recorded: {', '.join(recorded)}"] if recorded else []
            self._mark(acl, "refused" if refused else "served", "; ".join([*refused, *said]))
            return tuple(served), "block" in (acl.inputs.get("defaultAction") or {})
        return (), False

    def _mark_policies(self) -> None:
        told = [*(self._told.get("orderedCacheBehaviors") or [])]
        told.append(self._told["defaultCacheBehavior"])
        for key, type_, said in (
            ("cachePolicyId", policies.CACHE, "the front door's cache"),
            ("originRequestPolicyId", policies.REQUEST, "what the front door sends on"),
            ("responseHeadersPolicyId", policies.RESPONSE, "headers of the front door"),
        ):
            used = {one.get(key) for one in told}
            for resource in self._graph.of_type(type_):
                if resource.id in used:
                    self._mark(resource, "served", said)


def _binds(binding: Resource, group: Resource) -> bool:
    told: Any = (binding.inputs.get("spec") or {}).get("targetGroupARN")
    return bool(told == group.outputs["arn"])

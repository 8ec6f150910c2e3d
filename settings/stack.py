"""A stack's settings as a whole: the only reader of `pulumi.Config`."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import pulumi

from .data import NEEDED_BY_ROTATION, DataSettings
from .edge import EdgeSettings
from .network import NEEDED_BY_AGENT, NEEDED_BY_INSTANCES, NetworkSettings
from .observability import ObservabilitySettings
from .pipeline import PipelineSettings
from .reading import Problem, attempt, read, show
from .recommendations import NEEDED_BY_SHELVES, RecommendationsSettings
from .web import WebSettings

# No AWS account has this number: a stack that is bound to it cannot be deployed.
NO_ACCOUNT = "000000000000"
KEYS = (
    "shop:runs_on",
    "shop:network",
    "shop:data",
    "shop:recommendations",
    "shop:edge",
    "shop:web",
    "shop:pipeline",
    "shop:observability",
)
T = TypeVar("T")


class SettingsError(pulumi.RunError):
    """The stack file does not describe a stack; one line a problem, without a traceback."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that differs between stacks.

    ``name`` is project and stack, for the few physical names that others must know.
    ``runs_on`` "laptop" is a stack for the sandbox: only there may traffic go unencrypted, and it
    is bound to an account that does not exist.
    """

    project: str
    stack: str
    region: str
    runs_on: Literal["aws", "laptop"]
    network: NetworkSettings
    data: DataSettings
    recommendations: RecommendationsSettings
    edge: EdgeSettings
    web: WebSettings
    pipeline: PipelineSettings
    observability: ObservabilitySettings

    @property
    def rehearsed(self) -> bool:
        """Whether somebody only tries to buy."""
        return self.observability.canary is not None

    @property
    def name(self) -> str:
        """Project and stack, such as "shop-prod"."""
        return f"{self.project}-{self.stack}"


def load() -> Settings:
    """This stack's settings; raises SettingsError that names every problem."""
    problems: list[str] = []
    config = pulumi.Config("shop")
    network = _tier(config, "network", NetworkSettings, problems)
    data = _tier(config, "data", DataSettings, problems)
    recommendations = _tier(config, "recommendations", RecommendationsSettings, problems)
    edge = _tier(config, "edge", EdgeSettings, problems)
    web = _tier(config, "web", WebSettings, problems)
    pipeline = _tier(config, "pipeline", PipelineSettings, problems)
    observability = _tier(config, "observability", ObservabilitySettings, problems)
    problems.extend(
        f"{key} is unknown; accepted: {', '.join(KEYS)}"
        for key in sorted(_configured())
        if key.startswith("shop:") and key not in KEYS
    )
    region, runs_on = _region(problems), _runs_on(config, problems)
    if network and region:
        problems.extend(_lines(lambda: _foreign_zones(network, region)))
    if network and web:
        problems.extend(_lines(lambda: _room_for_pods(network, web)))
        problems.extend(_lines(lambda: _way_out_for_instances(network, web)))
        problems.extend(_lines(lambda: _way_out_for_agent(network, web)))
    if network and recommendations:
        problems.extend(_lines(lambda: _way_out_for_shelves(network, recommendations)))
    problems.extend(_lines(lambda: _way_out_for_rotation(network, data)))
    if edge and web:
        problems.extend(_lines(lambda: _other_address(edge, web)))
    problems.extend(_lines(lambda: _copy_at_home(observability, region)))
    if web and runs_on == "laptop":
        problems.extend(_lines(lambda: _laptop_without_address(web)))
    if data and runs_on == "aws":
        problems.extend(_lines(lambda: _database_in_the_clear(data)))
        problems.extend(_lines(lambda: _cache_in_the_clear(data)))
    if web and runs_on == "aws":
        for check in (_cookies_in_the_clear, _pages_in_the_clear, _mail_in_files):
            problems.extend(_lines(functools.partial(check, web)))
    if problems or not (
        network and data and recommendations and edge and web and pipeline and observability
    ):
        lines = [f"Pulumi.{pulumi.get_stack()}.yaml:", *(f"  {line}" for line in problems)]
        raise SettingsError("\n".join(lines))
    return Settings(
        project=pulumi.get_project(),
        stack=pulumi.get_stack(),
        region=region,
        runs_on=runs_on,
        network=network,
        data=data,
        recommendations=recommendations,
        edge=edge,
        web=web,
        pipeline=pipeline,
        observability=observability,
    )


def _foreign_zones(network: NetworkSettings, region: str) -> Iterator[Problem]:
    if any(zone[:-1] != region for zone in network.zones):
        yield Problem(
            key="shop:network.zones",
            value=network.zones,
            given=f"with aws:region = {region}",
            accepted=f"zones of {region}",
        )


def _room_for_pods(network: NetworkSettings, web: WebSettings) -> Iterator[Problem]:
    # A pod has an address of its own, and a rollout may double the pods. Half of the VPC is for
    # pods, split in four; AWS keeps five addresses of each subnet.
    pods = 2 * (web.storefront.replicas.max + web.worker.replicas.max + web.fleet.max)
    subnet = ipaddress.IPv4Network(network.cidr).num_addresses // 8 - 5
    if pods > subnet * len(network.zones):
        yield Problem(
            key="shop:network.cidr",
            value=network.cidr,
            given=f"with up to {pods} pods and instances in a rollout",
            accepted=f"a network with room for them (this has {subnet} addresses a zone)",
        )


def _way_out_for_instances(network: NetworkSettings, web: WebSettings) -> Iterator[Problem]:
    if (most := web.fleet.max) > 0:
        yield from _way_out(network, "shop:web.fleet.max", most, NEEDED_BY_INSTANCES, "0")


def _way_out_for_agent(network: NetworkSettings, web: WebSettings) -> Iterator[Problem]:
    if web.agent:
        yield from _way_out(network, "shop:web.agent", True, NEEDED_BY_AGENT, "false")


def _way_out_for_shelves(
    network: NetworkSettings, recommendations: RecommendationsSettings
) -> Iterator[Problem]:
    if (serving := recommendations.serving) != "off":
        key = "shop:recommendations.serving"
        yield from _way_out(network, key, serving, NEEDED_BY_SHELVES, '"off"')


def _way_out_for_rotation(
    network: NetworkSettings | None, data: DataSettings | None
) -> Iterator[Problem]:
    if network and data and data.rotation is not None and data.cache.tls:
        days, key = data.rotation.days, "shop:data.rotation.days"
        yield from _way_out(network, key, days, NEEDED_BY_ROTATION, "rotation: null")


def _way_out(
    network: NetworkSettings, key: str, value: object, needed: Sequence[str], instead: str
) -> Iterator[Problem]:
    missing = [name for name in needed if name not in network.interface_endpoints]
    if network.nat == "none" and missing:
        yield Problem(
            key=key,
            value=value,
            given=f"with nat = none and without the interface_endpoints {', '.join(missing)}",
            accepted=f"{instead}, a nat, or those endpoints",
        )


def _other_address(edge: EdgeSettings, web: WebSettings) -> Iterator[Problem]:
    if edge.domain is not None and web.public_url not in (None, f"https://{edge.domain}"):
        yield Problem(
            key="shop:web.public_url",
            value=web.public_url,
            given=f"with shop:edge.domain = {edge.domain}",
            accepted="no public_url: the domain says it",
        )


def _copy_at_home(told: ObservabilitySettings | None, region: str) -> Iterator[Problem]:
    if told and told.backup is not None and told.backup.copy_to == region:
        yield Problem(
            key="shop:observability.backup.copy_to",
            value=region,
            given=f"with aws:region = {region}",
            accepted="another region, or null",
        )


def _laptop_without_address(web: WebSettings) -> Iterator[Problem]:
    if web.public_url is None:
        yield Problem(
            key="shop:web.public_url",
            value=None,
            given="with shop:runs_on = laptop",
            accepted='an address such as "http://127.0.0.1:8080"',
        )


_LAPTOP = "or shop:runs_on: laptop, for a stack that is never deployed"


def _database_in_the_clear(data: DataSettings) -> Iterator[Problem]:
    if data.database.tls == "disable":
        accepted = f"require, verify-full, {_LAPTOP}"
        yield Problem(key="shop:data.database.tls", value="disable", accepted=accepted)


def _cache_in_the_clear(data: DataSettings) -> Iterator[Problem]:
    if not data.cache.tls:
        yield Problem(key="shop:data.cache.tls", value=False, accepted=f"true, {_LAPTOP}")


def _cookies_in_the_clear(web: WebSettings) -> Iterator[Problem]:
    if not web.cookie_secure:
        yield Problem(key="shop:web.cookie_secure", value=False, accepted=f"true, {_LAPTOP}")


def _pages_in_the_clear(web: WebSettings) -> Iterator[Problem]:
    if (web.public_url or "").startswith("http:"):
        accepted = f"an address with https, {_LAPTOP}"
        yield Problem(key="shop:web.public_url", value=web.public_url, accepted=accepted)


def _mail_in_files(web: WebSettings) -> Iterator[Problem]:
    if web.mail.transport == "file":
        yield Problem(key="shop:web.mail.transport", value="file", accepted=f"ses, {_LAPTOP}")


def _lines(check: Callable[[], Iterator[Problem]]) -> list[str]:
    return [problem.line("") for problem in attempt(check)]


def _tier(config: pulumi.Config, key: str, kind: type[T], problems: list[str]) -> T | None:
    data: object
    try:
        data = config.get_object(key)
    except pulumi.ConfigTypeError:
        data = config.get(key)
    if data is None:
        problems.append(f"shop:{key} is missing; accepted: the settings of that tier")
        return None
    return read(kind, data, f"shop:{key}", problems)


def _region(problems: list[str]) -> str:
    region = pulumi.Config("aws").get("region") or ""
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region):
        accepted = 'a region such as "us-east-1"'
        problems.append(f"aws:region is {show(region)}; accepted: {accepted}")
        return ""
    return region


def _runs_on(config: pulumi.Config, problems: list[str]) -> Literal["aws", "laptop"]:
    value = config.get("runs_on")
    if value == "laptop":
        # The AWS provider itself refuses to work in any account that is not in this list.
        try:
            accounts = pulumi.Config("aws").get_object("allowedAccountIds")
        except pulumi.ConfigTypeError:
            accounts = pulumi.Config("aws").get("allowedAccountIds")
        if accounts != [NO_ACCOUNT]:
            problems.append(
                f"aws:allowedAccountIds is {show(accounts)} with shop:runs_on = laptop; "
                f'accepted: ["{NO_ACCOUNT}"], so that it cannot be deployed'
            )
        return "laptop"
    if value != "aws":
        problems.append(f"shop:runs_on is {show(value)}; accepted: aws, laptop")
    return "aws"


def _configured() -> set[str]:
    # Config can be asked for names only; what a name was misspelt as is in its source.
    return {*pulumi.runtime.config.CONFIG.get(), *pulumi.runtime.config.get_config_env()}

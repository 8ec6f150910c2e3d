"""The shop and its whole AWS estate; stacks differ in Pulumi.<stack>.yaml only.

network ──▶ data ──▶ names ──▶ recommendations ──▶ balancer ──▶ edge ──▶ registry ──▶ web
                                             all of them ──▶ pipeline, observability
"""

import pulumi

import settings
from components.balancer import Balancer, BalancerArgs
from components.data_tier import DataArgs, DataTier
from components.edge import Edge, EdgeArgs
from components.links import plain
from components.names import Names, NamesArgs
from components.network import Network, NetworkArgs
from components.observability import Observability, ObservabilityArgs
from components.pipeline import Pipeline, PipelineArgs
from components.recommendations import Recommendations, RecommendationsArgs
from components.registry import Registry, RegistryArgs
from components.tags import tag_everything
from components.web_tier import WebArgs, WebTier

stack = settings.load()
tag_everything(stack.project, stack.stack)
# A tier a paragraph.
# fmt: off
network = Network("network", NetworkArgs(settings=stack.network, region=stack.region))
data = DataTier("data", DataArgs(
    settings=stack.data, identifier=stack.name, network=network.links, rehearsed=stack.rehearsed,
))
names = Names("names", NamesArgs(settings=stack.edge, network=network.links))

recommendations = Recommendations("recommendations", RecommendationsArgs(
    settings=stack.recommendations, physical=stack.name, web=stack.web,
    gradual=stack.pipeline.gradual, network=network.links, data=data.links, names=names.links,
))

balancer = Balancer("balancer", BalancerArgs(
    settings=stack.web, cluster_name=stack.name,
    network=network.links, logs=data.links.logs, origin=names.links.origin,
))

edge = Edge("edge", EdgeArgs(
    settings=stack.edge, assets_url=stack.web.assets_url, physical=stack.name,
    network=network.links, data=data.links, names=names.links, balancer=balancer.links,
    http_api=recommendations.links.http_api,
))

public_url = stack.web.public_url or edge.links.url
registry = Registry("registry", RegistryArgs(
    settings=stack.web, physical=stack.name, data=data.links,
))

web = WebTier("web", WebArgs(
    settings=stack.web, cluster_name=stack.name, registry=registry.links,
    network=network.links, data=data.links, names=names.links,
    records=recommendations.links.records, balancer=balancer.links, public_url=public_url,
))

pipeline = Pipeline("pipeline", PipelineArgs(
    settings=stack.pipeline, network=network.links, data=data.links, registry=registry.links,
    balancer=balancer.links, web=web.links, recommendations=recommendations.links,
))

Observability("observability", ObservabilityArgs(
    settings=stack.observability, physical=stack.name,
    network=network.links, data=data.links, names=names.links, balancer=balancer.links,
    recommendations=recommendations.links, edge=edge.links, web=web.links, public_url=public_url,
))
# fmt: on

pulumi.export("public_url", public_url)
pulumi.export("distribution_id", edge.links.distribution_id)
pulumi.export("image", registry.links.image)
pulumi.export("cluster_name", web.links.cluster_name)
pulumi.export("namespace", web.links.namespace)
pulumi.export("database_host", data.links.database.host)
pulumi.export("images_bucket", data.links.images.name)
pulumi.export("mail_records", web.links.mail_records)
pulumi.export("delivery", plain(pipeline.links))

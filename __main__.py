"""The shop and its whole AWS estate.

    network ──▶ data ──▶ balancer ──▶ web

Stacks differ in Pulumi.<stack>.yaml only.
"""

import pulumi

import settings
from components.balancer import Balancer, BalancerArgs
from components.data_tier import DataArgs, DataTier
from components.network import Network, NetworkArgs
from components.tags import tag_everything
from components.web_tier import WebArgs, WebTier

stack = settings.load()
tag_everything(stack.project, stack.stack)

network = Network("network", NetworkArgs(settings=stack.network, region=stack.region))

data = DataTier(
    "data",
    DataArgs(settings=stack.data, identifier=stack.name, network=network.links),
)

balancer = Balancer(
    "balancer",
    BalancerArgs(
        settings=stack.web.balancer,
        pools=stack.web.pools,
        cluster_name=stack.name,
        network=network.links,
        logs=data.links.logs,
        origin=None,
    ),
)

web = WebTier(
    "web",
    WebArgs(
        settings=stack.web,
        cluster_name=stack.name,
        region=stack.region,
        network=network.links,
        data=data.links,
        balancer=balancer.links,
    ),
)

pulumi.export("public_url", stack.web.public_url)
pulumi.export("cluster_name", web.links.cluster_name)
pulumi.export("namespace", web.links.namespace)
pulumi.export("database_host", data.links.database.host)
pulumi.export("images_bucket", data.links.images.name)
pulumi.export("order_events_queue_url", data.links.order_events.url)
pulumi.export("mail_records", web.links.mail_records)

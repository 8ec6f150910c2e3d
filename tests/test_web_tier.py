"""WebTier: a closed cluster, and three identities with what their work needs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.web_tier.agent import OTLP_PORT
from graph import Graph, Resource
from tests.stacks import DEPLOYMENT, NO_DOMAIN, OWN_DOMAIN, STACKS, config, graph_of, pods


def statements(graph: Graph, name: str) -> dict[str, list[str]]:
    """Action -> resources of the policy of a role."""
    role = graph.one("aws:iam/role:Role", name)
    policies = [
        p for p in graph.of_type("aws:iam/rolePolicy:RolePolicy") if p.inputs["role"] == role.id
    ]
    allowed: dict[str, list[str]] = {}
    for policy in policies:
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in statement["Action"]:
                allowed.setdefault(action, []).extend(statement["Resource"])
    return allowed


@pytest.mark.parametrize("stack", STACKS)
def test_the_cluster_is_closed_encrypted_and_logged(stack: str) -> None:
    graph, told = graph_of(stack), config(stack)["shop:web"]["cluster"]
    cluster = graph.one("eks:index:Cluster")
    made = cluster.inputs
    assert made["name"] == f"shop-{stack}"
    assert made["autoMode"]["enabled"] is True
    assert made["authenticationMode"] == "API"
    assert made["version"] == told["kubernetes_version"]
    assert made["endpointPrivateAccess"] is True
    assert made["endpointPublicAccess"] is bool(told["public_access_cidrs"])
    assert made.get("publicAccessCidrs", []) == told["public_access_cidrs"]
    assert made["deletionProtection"] is told["deletion_protection"]
    assert set(made["enabledClusterLogTypes"]) == {
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    }
    key = graph.one("aws:kms/key:Key", "web-cluster")
    assert made["encryptionConfigKeyArn"] == key.outputs["arn"]
    subnets = {s.id for s in graph.of_type("aws:ec2/subnet:Subnet") if "-application-" in s.name}
    assert set(made["privateSubnetIds"]) == subnets
    log = graph.one("aws:cloudwatch/logGroup:LogGroup", "web-cluster")
    assert log.inputs["name"] == f"/aws/eks/shop-{stack}/cluster"
    assert log.urn in cluster.options.depends_on


def test_dev_has_small_nodes_before_any_pod_and_until_all_are_gone() -> None:
    graph, told = graph_of("dev"), config("dev")["shop:web"]["cluster"]["nodes"]
    pool = graph.one("kubernetes:karpenter.sh/v1:NodePool")
    made = graph.one("kubernetes:eks.amazonaws.com/v1:NodeClass")
    spec, machine = pool.inputs["spec"], made.inputs["spec"]
    assert spec["weight"] > 0  # the built-in pools have none
    inside = spec["template"]["spec"]
    assert inside["nodeClassRef"] == {
        "group": "eks.amazonaws.com",
        "kind": "NodeClass",
        "name": made.inputs["metadata"]["name"],
    }
    asked = {r["key"]: r["values"] for r in inside["requirements"]}
    assert asked["node.kubernetes.io/instance-type"] == told["instance_types"]
    assert machine["ephemeralStorage"] == {"size": f"{told['disk_gib']}Gi"}
    cluster = graph.one("eks:index:Cluster")
    assert machine["role"] == cluster.outputs["autoModeNodeRoleName"]
    assert machine["securityGroupSelectorTerms"] == [
        {"id": cluster.outputs["clusterSecurityGroupId"]}
    ]
    subnets = {s.id for s in graph.of_type("aws:ec2/subnet:Subnet") if "-application-" in s.name}
    assert {term["id"] for term in machine["subnetSelectorTerms"]} == subnets
    assert made.urn in pool.options.depends_on
    addon = graph.one("aws:eks/addon:Addon")
    assert pool.urn in addon.options.depends_on
    assert graph_of("prod").of_type("kubernetes:karpenter.sh/v1:NodePool") == []


@pytest.mark.parametrize("stack", STACKS)
def test_everything_in_the_cluster_goes_through_its_own_provider(stack: str) -> None:
    graph = graph_of(stack)
    provider = graph.one("pulumi:providers:kubernetes")
    inside = [r for r in graph if r.type.startswith("kubernetes:")]
    assert inside
    for resource in inside:
        assert resource.options.provider.startswith(provider.urn), resource.name


def test_the_namespace_refuses_pods_that_are_not_locked_down() -> None:
    namespace = graph_of("prod").one("kubernetes:core/v1:Namespace").inputs["metadata"]
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize(
    ("account", "pod"), [("storefront", "web-web"), ("worker", "web-worker"), ("migrate", None)]
)
def test_each_pod_has_an_identity_of_its_own(account: str, pod: str | None) -> None:
    graph = graph_of("prod")
    bound = graph.one(
        "aws:eks/podIdentityAssociation:PodIdentityAssociation", f"web-{account}"
    ).inputs
    role = graph.one("aws:iam/role:Role", f"web-{account}")
    service_account = graph.one("kubernetes:core/v1:ServiceAccount", f"web-{account}")
    assert bound["roleArn"] == role.outputs["arn"]
    assert bound["clusterName"] == "shop-prod"
    assert bound["namespace"] == service_account.inputs["metadata"]["namespace"] == "shop"
    assert bound["serviceAccount"] == service_account.inputs["metadata"]["name"] == account
    assert pods(graph)[pod or "web-migrate"]["serviceAccountName"] == account
    (trusted,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert trusted["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trusted["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert trusted["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-name": "shop-prod",
        "aws:RequestTag/kubernetes-namespace": "shop",
        "aws:RequestTag/kubernetes-service-account": account,
    }


def arn(graph: Graph, resource: Resource) -> str:
    found: str = resource.outputs["arn"]
    return found


def test_identities_may_do_their_own_work_and_nothing_else() -> None:
    graph = graph_of("prod")

    def of(type_: str, name: str) -> str:
        return arn(graph, graph.one(type_, name))

    user = of("aws:secretsmanager/secret:Secret", "data-database-user")
    token = of("aws:secretsmanager/secret:Secret", "data-cache")
    canary = of("aws:secretsmanager/secret:Secret", "data-canary")
    carts = of("aws:dynamodb/table:Table", "data-carts")
    sessions = of("aws:dynamodb/table:Table", "data-sessions")
    images = of("aws:s3/bucket:Bucket", "data-images")
    records = of("aws:s3/bucket:Bucket", "recommendations-records")
    queue = of("aws:sqs/queue:Queue", "data-order-events")
    key = of("aws:kms/key:Key", "data")
    identity = arn(graph, graph.one("aws:sesv2/emailIdentity:EmailIdentity"))
    database = graph.one("aws:rds/instance:Instance", "data-database")
    master = database.outputs["masterUserSecrets"][0]["secretArn"]
    use_key = {"kms:Decrypt": [key], "kms:GenerateDataKey": [key]}
    items = ("DeleteItem", "GetItem", "PutItem", "UpdateItem")

    assert statements(graph, "web-storefront") == {
        "secretsmanager:GetSecretValue": [user, token, canary],
        **{f"dynamodb:{action}": [carts, sessions] for action in items},
        "s3:GetObject": [f"{images}/*"],
        "s3:PutObject": [f"{images}/*"],
        "s3:ListBucket": [images],
        **use_key,
    }
    messages = ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage", "SendMessage")
    assert statements(graph, "web-worker") == {
        "secretsmanager:GetSecretValue": [user, token, canary],
        **{f"dynamodb:{action}": [carts] for action in items},
        **{f"sqs:{action}": [queue] for action in (*messages, "ChangeMessageVisibility")},
        "ses:SendEmail": [identity],
        "s3:GetObject": [f"{records}/events/*"],
        "s3:ListBucket": [records],
        **use_key,
    }
    assert statements(graph, "web-migrate") == {
        "secretsmanager:GetSecretValue": [master, user],
        **use_key,
    }


def test_mail_comes_from_the_senders_domain_or_from_nobody() -> None:
    identity = graph_of("prod").one("aws:sesv2/emailIdentity:EmailIdentity").inputs
    assert identity["emailIdentity"] == "shop.example.com"
    local = graph_of("local")
    assert local.of_type("aws:sesv2/emailIdentity:EmailIdentity") == []
    assert "ses:SendEmail" not in statements(local, "web-worker")


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({}, "dkim.amazonses.com"),
        (
            {**OWN_DOMAIN, "shop:web.mail.sender": "shop@post.shop.example.org"},
            "dkim.amazonses.com",
        ),
        (
            {"aws:region": "eu-south-1", "shop:network.zones": ["eu-south-1a", "eu-south-1b"]},
            "dkim.eu-south-1.amazonses.com",
        ),
    ],
)
def test_a_sender_in_the_shops_zone_is_proved_there(changes: dict[str, Any], keys: str) -> None:
    graph = graph_of("dev", changes)
    identity = graph.one("aws:sesv2/emailIdentity:EmailIdentity")
    domain, labels = identity.inputs["emailIdentity"], graph.exports["mail_records"]
    assert len(labels) == len(set(labels)) == 3
    zones = {
        r.inputs["zoneId"]
        for r in graph.of_type("aws:route53/record:Record")
        if r.inputs["type"] == "CAA"
    }
    records = {
        r.inputs["name"]: (r.inputs["type"], r.inputs["records"], {r.inputs["zoneId"]})
        for r in graph.of_type("aws:route53/record:Record")
        if r.name.startswith("web-mail-")
    }
    assert records == {
        f"{label}._domainkey.{domain}": ("CNAME", [f"{label}.{keys}"], zones) for label in labels
    }


@pytest.mark.parametrize(
    "changes", [NO_DOMAIN, {"shop:web.mail.sender": "orders@ourdev.shop.example.com"}]
)
def test_what_proves_a_sender_elsewhere_is_only_told(changes: dict[str, Any]) -> None:
    graph = graph_of("dev", changes)
    assert len(graph.exports["mail_records"]) == 3
    records = graph.of_type("aws:route53/record:Record")
    assert not [r.name for r in records if r.name.startswith("web-")]


def test_traffic_that_nobody_named_is_refused() -> None:
    graph = graph_of("prod")
    policies = {
        p.name: p.inputs["spec"]
        for p in graph.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy")
    }
    deny = policies["web-deny-all"]
    assert deny["podSelector"].get("matchLabels", {}) == {}
    assert set(deny["policyTypes"]) == {"Ingress", "Egress"}
    assert not deny.get("ingress")
    assert not deny.get("egress")
    (into,) = policies["web-web"]["ingress"]
    blocks = {peer["ipBlock"]["cidr"] for peer in into["from"]}
    assert blocks == {
        s.inputs["cidrBlock"]
        for s in graph.of_type("aws:ec2/subnet:Subnet")
        if "-application-" in s.name
    }
    open_to_all = [
        {port["port"] for port in rule["ports"]}
        for rule in policies["web-calls-out"]["egress"]
        if not rule.get("to") or rule["to"] == [{"ipBlock": {"cidr": "0.0.0.0/0"}}]
    ]
    assert open_to_all == [{53}, {443}, {OTLP_PORT}]  # the agent is the node's, with its address
    enabled = graph.one("kubernetes:core/v1:ConfigMap", "web-network-policies").inputs
    assert enabled["metadata"] == {"name": "amazon-vpc-cni", "namespace": "kube-system"}
    assert enabled["data"] == {"enable-network-policy-controller": "true"}


def test_the_service_finds_the_web_pods() -> None:
    graph = graph_of("dev")
    service = graph.one("kubernetes:core/v1:Service").inputs["spec"]
    template = graph.one(DEPLOYMENT, "web-web").inputs["spec"]["template"]
    assert service["type"] == "ClusterIP"
    assert service["selector"].items() <= template["metadata"]["labels"].items()
    assert service["ports"] == [{"name": "http", "port": 8080, "targetPort": "http"}]

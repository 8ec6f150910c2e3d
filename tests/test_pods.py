"""Pods: locked down, spread, healthy, and told exactly what the storefront reads."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pytest
from kubernetes_validate import validate
from storefront import settings as storefront_settings

from graph import Graph
from tests.stacks import DEPLOYMENT, JOB, ROOT, RULE, STACKS, config, graph_of, pods


def environment(graph: Graph, name: str) -> dict[str, str]:
    """What the only container of a pod is told."""
    (container,) = pods(graph)[name]["containers"]
    (source,) = container["envFrom"]
    (config_map,) = [
        c
        for c in graph.of_type("kubernetes:core/v1:ConfigMap")
        if c.outputs["metadata"]["name"] == source["configMapRef"]["name"]
    ]
    own = {variable["name"]: variable["value"] for variable in container.get("env", [])}
    assert not own.keys() & config_map.inputs["data"].keys()
    return {**config_map.inputs["data"], **own}


@pytest.mark.parametrize("stack", STACKS)
def test_manifests_are_valid(stack: str) -> None:
    version = config(stack)["shop:web"]["cluster"]["kubernetes_version"]
    for resource in graph_of(stack):
        # Of Auto Mode's own types there is no schema here; tests/test_balancer.py and
        # tests/test_web_tier.py have them.
        own = ("kubernetes:eks.amazonaws.com", "kubernetes:karpenter.sh")
        if resource.type.startswith("kubernetes:") and not resource.type.startswith(own):
            group, kind = resource.type.removeprefix("kubernetes:").rsplit(":", 1)
            # Pulumi leaves the group "core" out of what it sends.
            manifest = {
                **resource.inputs,
                "apiVersion": group.removeprefix("core/"),
                "kind": kind,
            }
            validate(manifest, version, strict=True)


@pytest.mark.parametrize("stack", STACKS)
def test_pods_meet_the_restricted_standard(stack: str) -> None:
    for name, spec in pods(graph_of(stack)).items():
        (container,) = spec["containers"]
        assert spec["securityContext"] == {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        }, name
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert container["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
        (volume,) = spec["volumes"]
        assert volume["emptyDir"]["sizeLimit"]
        assert container["image"] == graph_of(stack).exports["image"]
        sizes = container["resources"]
        assert sizes["requests"]["memory"] == sizes["limits"]["memory"]
        assert cores(sizes["requests"]["cpu"]) <= cores(sizes["limits"]["cpu"])


def cores(quantity: str) -> Fraction:
    return Fraction(quantity[:-1]) / 1000 if quantity.endswith("m") else Fraction(quantity)


@pytest.mark.parametrize(
    ("name", "command"), [("web-web", "web"), ("web-worker", "worker"), ("web-migrate", "migrate")]
)
def test_pods_run_the_storefronts_commands(name: str, command: str) -> None:
    (container,) = pods(graph_of("dev"))[name]["containers"]
    assert container["command"] == ["python", "-m", "storefront", command]


def test_web_pods_are_asked_for_their_health_and_leave_in_peace() -> None:
    spec = pods(graph_of("prod"))["web-web"]
    (container,) = spec["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": 8080}]
    paths = {
        probe: container[probe]["httpGet"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    assert paths == {
        "startupProbe": {"path": "/readyz", "port": "http"},
        "readinessProbe": {"path": "/readyz", "port": "http"},
        "livenessProbe": {"path": "/healthz", "port": "http"},
    }
    wait = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    # A request may take what the database may take, and more.
    assert wait + 20 < spec["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("name", ["web-web", "web-worker"])
def test_pods_are_spread_and_replaced_without_a_gap(name: str) -> None:
    graph = graph_of("prod")
    deployment = graph.one(DEPLOYMENT, name).inputs["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"] == labels
    spread = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert {s["topologyKey"] for s in spread} == {
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    }
    assert all(s["labelSelector"]["matchLabels"] == labels for s in spread)
    assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": "25%"}
    budget = graph.one("kubernetes:policy/v1:PodDisruptionBudget", name).inputs["spec"]
    assert budget["selector"]["matchLabels"] == labels
    assert budget["maxUnavailable"] == 1


@pytest.mark.parametrize(("name", "key"), [("web-web", "storefront"), ("web-worker", "worker")])
@pytest.mark.parametrize("stack", STACKS)
def test_the_autoscaler_owns_the_number_of_pods(stack: str, name: str, key: str) -> None:
    graph, told = graph_of(stack), config(stack)["shop:web"][key]["replicas"]
    deployment = graph.one(DEPLOYMENT, name)
    assert deployment.inputs["spec"]["replicas"] == told["min"]
    assert deployment.options.ignore_changes == ("spec.replicas",)
    scaler = graph.one("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", name).inputs["spec"]
    assert scaler["scaleTargetRef"]["name"] == deployment.inputs["metadata"]["name"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (told["min"], told["max"])


def test_a_new_image_migrates_again_and_an_old_one_does_not() -> None:
    def name(tag: str) -> str:
        graph = graph_of("dev", {"shop:web.image": f"storefront:{tag}"})
        found: str = graph.one(JOB).inputs["metadata"]["name"]
        return found

    assert name("1.0.0") == name("1.0.0")
    assert name("1.0.0") != name("1.0.1")
    assert re.fullmatch(r"migrate-[0-9a-f]{10}", name("1.0.0"))


def test_pods_wait_for_the_migration_and_their_identity() -> None:
    graph = graph_of("prod", {"shop:network.interface_endpoints": ["sqs"]})
    job = graph.one(JOB)
    for part, identity in (("web", "storefront"), ("worker", "worker")):
        deployment = graph.one(DEPLOYMENT, f"web-{part}")
        bound = graph.one(
            "aws:eks/podIdentityAssociation:PodIdentityAssociation", f"web-{identity}"
        )
        assert {job.urn, bound.urn} <= set(deployment.options.depends_on)
    bound = graph.one("aws:eks/podIdentityAssociation:PodIdentityAssociation", "web-migrate")
    assert bound.urn in job.options.depends_on
    # A Job has few attempts: what it reaches must be open before.
    cluster = graph.one("eks:index:Cluster").outputs["clusterSecurityGroupId"]
    rules = [r for r in graph.of_type(RULE) if r.inputs.get("referencedSecurityGroupId") == cluster]
    policies = graph.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy")
    assert len(rules) == len(policies) == 3
    # ... and the node that comes with the add-on there.
    for way in (*rules, *policies, graph.one("aws:eks/addon:Addon", "web-metrics")):
        assert way.urn in job.options.depends_on, way.name
    assert job.inputs["spec"]["ttlSecondsAfterFinished"] > 0
    assert job.inputs["spec"]["template"]["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize("stack", STACKS)
def test_pods_are_told_exactly_what_the_storefront_reads(stack: str) -> None:
    read: set[str] = set()

    class Asked(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            read.add(name)
            return super().get(name, default)

    graph = graph_of(stack)
    storefront_settings.read(Asked(environment(graph, "web-web")))
    master = {"DATABASE_MASTER_SECRET_ARN"}
    read -= {"TELEMETRY_SPEED"}  # of the sandbox's scaled clock; nobody declares another one
    assert set(environment(graph, "web-web")) == read - master
    assert set(environment(graph, "web-worker")) == read - master
    read.clear()
    storefront_settings.read_database(Asked(environment(graph, "web-migrate")))
    assert set(environment(graph, "web-migrate")) == read


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("name", ["web-web", "web-worker"])
def test_the_storefront_starts_with_what_pods_are_told(stack: str, name: str) -> None:
    graph, told = graph_of(stack), config(stack)
    settings = storefront_settings.read(environment(graph, name))
    tls = told["shop:data"]["database"]["tls"]
    assert (settings.port, settings.database_port, settings.cache_port) == (8080, 5432, 6379)
    assert settings.database_tls == tls
    assert settings.database_ca_file or tls != "verify-full"
    assert settings.cache_tls is (stack != "local")
    assert bool(settings.cache_secret_arn) is settings.cache_tls
    assert settings.cookie_secure is (stack != "local")
    assert settings.mail_transport == ("file" if stack == "local" else "ses")
    assert not settings.database_master_secret_arn
    owner = storefront_settings.read_database(environment(graph, "web-migrate"))
    assert owner.database_host == settings.database_host
    assert owner.database_tls == tls
    assert owner.database_master_secret_arn
    shop = told["shop:web"]["shop"]
    assert settings.shop_name == shop["name"]
    assert settings.pricing.shipping["standard"].free_from == 5000
    assert settings.pricing.tax == shop["tax"]
    assert settings.pricing.coupons["FIVEOFF"].amount == 500
    assert settings.carts_table == graph.one("aws:dynamodb/table:Table", "data-carts").id
    assert settings.images_bucket == graph.one("aws:s3/bucket:Bucket", "data-images").id


def test_changed_settings_get_a_config_map_of_their_own() -> None:
    def name(level: str) -> str:
        graph = graph_of("dev", {"shop:web.log_level": level})
        made = graph.one("kubernetes:core/v1:ConfigMap", "web-storefront").inputs
        assert made["immutable"] is True
        found: str = made["metadata"]["name"]
        return found

    assert name("info") == name("info")
    assert name("info") != name("warning")


def test_the_image_has_the_authorities_that_pods_are_told_of() -> None:
    told = environment(graph_of("prod"), "web-web")["DATABASE_CA_FILE"]
    assert f" {told}\n" in (ROOT / "services/storefront/Dockerfile").read_text()


def test_the_storefront_is_told_its_asset_host() -> None:
    host = "https://assets.example.com"
    for graph, told in (
        (graph_of("prod"), ""),
        (graph_of("prod", {"shop:web.assets_url": host}), host),
    ):
        assert storefront_settings.read(environment(graph, "web-web")).assets_url == told

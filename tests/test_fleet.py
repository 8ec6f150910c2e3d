"""The EC2 fleet: closed, told what pods are told, replaced in turn; its scripts are sound."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from typing import Any

import pytest
from storefront import settings as storefront_settings

from graph import Graph
from tests.stacks import ROOT, STACKS, config, graph_of, pods
from tests.test_pods import environment
from tests.test_web_tier import statements

FLEET = ROOT / "services/storefront/fleet"
GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
HOOK = "aws:autoscaling/lifecycleHook:LifecycleHook"
# What an agent does to hand traces on.
TRACING = ("GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments")
SCRIPTS = sorted(path for path in FLEET.iterdir() if not path.suffix)


def boot(graph: Graph) -> tuple[dict[str, Any], dict[str, str]]:
    """The cloud-config and the files it writes."""
    text = base64.b64decode(graph.one(TEMPLATE).inputs["userData"]).decode()
    assert len(text) < 16 * 1024  # EC2 takes no more
    first, _, rest = text.partition("\n")
    assert first == "#cloud-config"
    found: dict[str, Any] = json.loads(rest)
    return found, {file["path"]: file["content"] for file in found["write_files"]}


def told(graph: Graph) -> dict[str, str]:
    lines = boot(graph)[1]["/etc/storefront/fleet.conf"].splitlines()
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize("stack", STACKS)
def test_instances_are_private_and_locked_down(stack: str) -> None:
    made = graph_of(stack).one(TEMPLATE).inputs
    assert made["imageId"].startswith("resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023")
    assert made["imageId"].endswith("arm64")
    assert made["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }
    assert "keyName" not in made
    (interface,) = made["networkInterfaces"]
    assert interface["associatePublicIpAddress"] == "false"
    assert all(d["ebs"]["encrypted"] == "true" for d in made["blockDeviceMappings"])
    (volume,) = made["tagSpecifications"]
    assert volume["tags"]["stack"] == stack


@pytest.mark.parametrize("stack", STACKS)
def test_the_group_is_as_the_settings_say(stack: str) -> None:
    graph, wanted = graph_of(stack), config(stack)["shop:web"]["fleet"]
    made = graph.one(GROUP).inputs
    assert (made["minSize"], made["maxSize"]) == (wanted["min"], wanted["max"])
    assert "desiredCapacity" not in made  # autoscaling owns it
    subnets = {s.id for s in graph.of_type("aws:ec2/subnet:Subnet") if "-application-" in s.name}
    assert set(made["vpcZoneIdentifiers"]) == subnets
    mixed = made["mixedInstancesPolicy"]
    kinds = [override["instanceType"] for override in mixed["launchTemplate"]["overrides"]]
    assert kinds == wanted["instance_types"]
    spread = mixed["instancesDistribution"]
    assert spread["onDemandBaseCapacity"] == wanted["on_demand_base"]
    assert spread["onDemandPercentageAboveBaseCapacity"] == 100 - wanted["spot_percent"]


def test_a_new_template_replaces_instances_new_ones_first() -> None:
    graph = graph_of("prod")
    made, template = graph.one(GROUP), graph.one(TEMPLATE)
    used = made.inputs["mixedInstancesPolicy"]["launchTemplate"]["launchTemplateSpecification"]
    assert used == {"launchTemplateId": template.id, "version": "1"}  # $Latest would never refresh
    assert made.inputs["instanceRefresh"]["strategy"] == "Rolling"
    assert made.inputs["instanceRefresh"]["preferences"]["minHealthyPercentage"] == 100
    assert made.inputs["instanceMaintenancePolicy"]["minHealthyPercentage"] == 100
    assert made.inputs["healthCheckType"] == "ELB"


def test_instances_start_after_what_they_need() -> None:
    graph = graph_of("prod")
    after = set(graph.one(GROUP).options.depends_on)
    assert graph.one("kubernetes:batch/v1:Job").urn in after  # the schema fits the image
    assert graph.one("aws:lb/listener:Listener").urn in after
    group = graph.one("aws:ec2/securityGroup:SecurityGroup", "web-fleet").id
    for kind in ("Ingress", "Egress"):
        for rule in graph.of_type(f"aws:vpc/securityGroup{kind}Rule:SecurityGroup{kind}Rule"):
            if group in rule.inputs.values():
                assert rule.urn in after, rule.name


def test_instances_call_data_and_aws_only() -> None:
    graph = graph_of("prod")
    group = graph.one("aws:ec2/securityGroup:SecurityGroup", "web-fleet").id
    rules = [
        rule.inputs
        for rule in graph.of_type("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
        if rule.inputs["securityGroupId"] == group
    ]
    world = [rule for rule in rules if rule.get("cidrIpv4")]
    assert [(rule["fromPort"], rule["toPort"]) for rule in world] == [(443, 443)]
    assert {rule["fromPort"] for rule in rules} == {443, 5432, 6379}


@pytest.mark.parametrize("stack", STACKS)
def test_the_storefront_is_told_what_pods_are_told(stack: str) -> None:
    graph = graph_of(stack)
    parameter = graph.one("aws:ssm/parameter:Parameter", "web-fleet")
    lines = parameter.inputs["value"].splitlines()
    env = dict(line.split("=", 1) for line in lines)
    assert env.pop("AWS_REGION") == "us-east-1"
    # ... but for the agent, of which an instance has one of its own.
    collector = env.pop("OTLP_ENDPOINT")
    pods_env = environment(graph, "web-web")
    assert bool(collector) == bool(pods_env["OTLP_ENDPOINT"])
    assert env == {k: v for k, v in pods_env.items() if k != "OTLP_ENDPOINT"}
    env["OTLP_ENDPOINT"] = collector
    assert storefront_settings.read(env).port == 8080
    assert parameter.inputs["type"] == "SecureString"
    assert parameter.inputs["keyId"] == graph.one("aws:kms/key:Key", "data").outputs["arn"]
    assert told(graph)["SETTINGS"] == parameter.outputs["name"]


def test_changed_settings_replace_instances() -> None:
    first, second = graph_of("prod"), graph_of("prod", {"shop:web.log_level": "debug"})
    assert told(first)["SETTINGS"] != told(second)["SETTINGS"]
    assert first.one(TEMPLATE).inputs["userData"] != second.one(TEMPLATE).inputs["userData"]


@pytest.mark.parametrize("stack", STACKS)
def test_scripts_find_every_word_they_read(stack: str) -> None:
    graph = graph_of(stack)
    given = told(graph)
    _, files = boot(graph)
    read = {
        name for script in SCRIPTS for name in re.findall(r"\$([A-Z][A-Z_]+)", script.read_text())
    }
    assert read == set(given)
    assert given["IMAGE"] in {
        pod["containers"][0]["image"] for pod in pods(graph_of(stack)).values()
    }
    assert given["GROUP"] == graph.one(GROUP).outputs["name"]
    assert given["HOOK"] == graph.one(HOOK).inputs["name"]
    assert given["LOG_GROUP"] == graph.one("aws:cloudwatch/logGroup:LogGroup", "web-fleet").id
    agent = config(stack)["shop:web"]["agent"]
    for path in (p for p in FLEET.iterdir() if agent or p.name != "agent.json"):
        (content,) = [text for name, text in files.items() if name.endswith(f"/{path.name}")]
        assert content == path.read_text()
    for unit in FLEET.glob("*.service"):
        for path_ in re.findall(r"/usr/local/lib/storefront/\w+", unit.read_text()):
            assert path_ in files


def test_draining_fits_into_the_hook_and_the_balancer_lets_go_first() -> None:
    graph = graph_of("prod")
    hook = graph.one(HOOK).inputs
    assert hook["lifecycleTransition"] == "autoscaling:EC2_INSTANCE_TERMINATING"
    unit = (FLEET / "storefront.service").read_text()
    stop = int(re.search(r"docker stop --time (\d+)", unit)[1])  # type: ignore[index]
    limit = int(re.search(r"TimeoutStopSec=(\d+)", unit)[1])  # type: ignore[index]
    wait = int(re.search(r"sleep (1\d)\n", (FLEET / "lifecycle").read_text())[1])  # type: ignore[index]
    assert stop < limit
    assert wait + limit < hook["heartbeatTimeout"]


def test_instances_may_do_what_pods_may_and_start_and_leave() -> None:
    graph = graph_of("prod")
    pods, own = statements(graph, "web-storefront"), statements(graph, "web-fleet")
    assert pods.items() <= own.items()
    account = "123456789012"
    parameter = graph.one("aws:ssm/parameter:Parameter", "web-fleet").outputs["arn"]
    logs = graph.one("aws:cloudwatch/logGroup:LogGroup", "web-fleet").outputs["arn"]
    streams = [logs, f"{logs}:log-stream:*"]
    repository = [f"arn:aws:ecr:us-east-1:{account}:repository/shop-prod/storefront"]
    channels = ("CreateControl", "CreateData", "OpenControl", "OpenData")
    assert {action: on for action, on in own.items() if action not in pods} == {
        "ssm:GetParameter": [parameter],
        "logs:CreateLogStream": streams,
        "logs:DescribeLogStreams": streams,
        "logs:PutLogEvents": streams,
        "autoscaling:CompleteLifecycleAction": [
            f"arn:aws:autoscaling:us-east-1:{account}:autoScalingGroup:*:autoScalingGroupName/shop-prod-fleet"
        ],
        "ecr:BatchCheckLayerAvailability": repository,
        "ecr:BatchGetImage": repository,
        "ecr:GetDownloadUrlForLayer": repository,
        "ecr:GetAuthorizationToken": ["*"],
        "ssm:UpdateInstanceInformation": [f"arn:aws:ec2:us-east-1:{account}:instance/*"],
        "cloudwatch:PutMetricData": ["*"],
        "ec2:DescribeTags": ["*"],
        **{f"xray:{action}": ["*"] for action in TRACING},
        **{f"ssmmessages:{channel}Channel": ["*"] for channel in channels},
    }


def test_the_fleet_grows_with_requests_and_processor_time() -> None:
    graph = graph_of("prod")
    metrics = {}
    for policy in graph.of_type("aws:autoscaling/policy:Policy"):
        tracking = policy.inputs["targetTrackingConfiguration"]
        spec = tracking["predefinedMetricSpecification"]
        metrics[spec["predefinedMetricType"]] = (spec.get("resourceLabel"), tracking["targetValue"])
    balancer = graph.one("aws:lb/loadBalancer:LoadBalancer").outputs["arnSuffix"]
    pool = graph.one("aws:lb/targetGroup:TargetGroup", "balancer-instances").outputs["arnSuffix"]
    assert metrics["ALBRequestCountPerTarget"] == (f"{balancer}/{pool}", 6000)
    assert metrics["ASGAverageCPUUtilization"][0] is None


def test_dev_rests_at_night_and_prod_never() -> None:
    type_ = "aws:autoscaling/schedule:Schedule"
    assert graph_of("prod").of_type(type_) == []
    night = graph_of("dev").one(type_, "web-fleet-rest").inputs
    morning = graph_of("dev").one(type_, "web-fleet-work").inputs
    assert (night["minSize"], night["maxSize"], night["desiredCapacity"]) == (0, 0, 0)
    assert (morning["minSize"], morning["maxSize"]) == (0, 2)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_sound(script: Any) -> None:
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)
    checker = shutil.which("shellcheck", path=str(ROOT / ".venv/bin")) or shutil.which("shellcheck")
    if checker is None:
        pytest.skip("shellcheck is not installed")
    subprocess.run([checker, str(script)], check=True)

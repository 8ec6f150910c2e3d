"""The EC2 fleet: closed, told what pods are told, changed in turn; its scripts are sound."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import subprocess
import tarfile
from typing import Any

import pytest
import yaml
from storefront import settings as storefront_settings

from graph import Graph
from tests.stacks import ROOT, STACKS, config, graph_of, pods
from tests.test_pods import environment
from tests.test_web_tier import statements

FLEET = ROOT / "services/storefront/fleet"
GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
HOOK = "aws:autoscaling/lifecycleHook:LifecycleHook"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
DEPLOYMENT_GROUP = "aws:codedeploy/deploymentGroup:DeploymentGroup"
# What an agent does to hand traces on.
TRACING = ("GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments")
SCRIPTS = sorted(path for path in FLEET.rglob("*") if path.is_file() and not path.suffix)


def boot(graph: Graph) -> tuple[dict[str, Any], dict[str, str]]:
    """The cloud-config and the files it writes."""
    text = base64.b64decode(graph.one(TEMPLATE).inputs["userData"]).decode()
    assert len(text) < 16 * 1024  # EC2 takes no more
    first, _, rest = text.partition("\n")
    assert first == "#cloud-config"
    found: dict[str, Any] = json.loads(rest)
    return found, {file["path"]: file["content"] for file in found["write_files"]}


def release(graph: Graph) -> dict[str, str]:
    """The files of the release that an update writes."""
    packed = base64.b64decode(graph.one(OBJECT, "web-fleet").inputs["contentBase64"])
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return {m.name: tar.extractfile(m).read().decode() for m in tar}  # type: ignore[union-attr]


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


def test_another_kind_of_instance_replaces_the_others_new_ones_first() -> None:
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
    written = graph.one(OBJECT, "web-fleet")
    assert written.urn in after
    # An instance that starts during an update finds the schema that its release expects.
    assert graph.one("kubernetes:batch/v1:Job").urn in written.options.depends_on
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
def test_a_release_is_the_pods_image_and_what_pods_are_told(stack: str) -> None:
    graph = graph_of(stack)
    files = release(graph)
    env = dict(line.split("=", 1) for line in files["settings.env"].splitlines())
    assert env.pop("AWS_REGION") == "us-east-1"
    # ... but for the agent, of which an instance has one of its own.
    collector = env.pop("OTLP_ENDPOINT")
    pods_env = environment(graph, "web-web")
    assert bool(collector) == bool(pods_env["OTLP_ENDPOINT"])
    assert env == {k: v for k, v in pods_env.items() if k != "OTLP_ENDPOINT"}
    env["OTLP_ENDPOINT"] = collector
    assert storefront_settings.read(env).port == 8080
    image = files["release.conf"].removeprefix("IMAGE=").strip()
    assert image in {pod["containers"][0]["image"] for pod in pods(graph).values()}
    assert graph.one(OBJECT, "web-fleet").inputs["metadata"] == {"runs": image}
    login = json.loads(files["config.json"])["credHelpers"]
    assert login == ({image.partition("/")[0]: "ecr-login"} if ".dkr.ecr." in image else {})
    for path in (FLEET / "release").iterdir():
        assert files[path.name] == path.read_text()


def test_another_release_is_another_version_and_leaves_instances_as_they_are() -> None:
    first, second = graph_of("prod"), graph_of("prod", {"shop:web.log_level": "debug"})
    versions = [g.one(OBJECT, "web-fleet").outputs["versionId"] for g in (first, second)]
    assert versions[0] != versions[1]
    # No refresh: CodeDeploy changes those that run.
    assert first.one(TEMPLATE).inputs == second.one(TEMPLATE).inputs
    assert first.one(GROUP).inputs == second.one(GROUP).inputs
    for graph, version in zip((first, second), versions, strict=True):
        assert graph.exports["delivery"]["instances"]["version"] == version


def test_what_is_gone_back_to_is_kept_and_what_is_current_never_expires() -> None:
    graph = graph_of("prod")
    (rule,) = graph.one(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "web-fleet"
    ).inputs["rules"]
    assert rule["expiration"] is None
    assert rule["noncurrentVersionExpiration"]["noncurrentDays"] >= 30
    versioning = graph.one("aws:s3/bucketVersioning:BucketVersioning", "web-fleet").inputs
    assert versioning["versioningConfiguration"]["status"] == "Enabled"
    bucket = graph.one("aws:s3/bucket:Bucket", "web-fleet")
    assert told(graph)["RELEASE"] == f"s3://{bucket.outputs['bucket']}/release.tar"


def test_codedeploy_takes_instances_from_the_balancer_one_by_one() -> None:
    graph = graph_of("prod")
    made = graph.one(DEPLOYMENT_GROUP, "pipeline-instances").inputs
    assert made["deploymentStyle"] == {
        "deploymentType": "IN_PLACE",
        "deploymentOption": "WITH_TRAFFIC_CONTROL",
    }
    pool = graph.one("aws:lb/targetGroup:TargetGroup", "balancer-instances").outputs
    assert made["loadBalancerInfo"] == {"targetGroupInfos": [{"name": pool["name"]}]}
    assert made["deploymentConfigName"] == "CodeDeployDefault.OneAtATime"
    # As members of the group, new instances would get what was deployed last, current or not.
    assert "autoscalingGroups" not in made
    (tag,) = made["ec2TagFilters"]
    handed_on = {t["key"]: t["value"] for t in graph.one(GROUP).inputs["tags"]}
    assert tag == {"type": "KEY_AND_VALUE", "key": "fleet", "value": handed_on["fleet"]}
    assert all(t["propagateAtLaunch"] for t in graph.one(GROUP).inputs["tags"])
    others = graph_of("dev").one(GROUP).inputs["tags"]
    assert {t["key"]: t["value"] for t in others}["fleet"] != tag["value"]
    alarm = graph.one("aws:cloudwatch/metricAlarm:MetricAlarm", "pipeline-errors")
    assert made["alarmConfiguration"] == {"enabled": True, "alarms": [alarm.outputs["name"]]}
    may = statements(graph, "pipeline-instances")
    changing = {action: on for action, on in may.items() if "Describe" not in action}
    assert changing == {
        "elasticloadbalancing:DeregisterTargets": [pool["arn"]],
        "elasticloadbalancing:RegisterTargets": [pool["arn"]],
        "tag:GetResources": ["*"],
    }


@pytest.mark.parametrize("stack", STACKS)
def test_scripts_find_every_word_they_read(stack: str) -> None:
    graph = graph_of(stack)
    given, (_, files), in_release = told(graph), boot(graph), release(graph)
    read = {
        name
        for script in SCRIPTS
        for name in re.findall(r"\$\{?([A-Z][A-Z_]+)(?!\w*:-)", script.read_text())
    }
    assert read - {"PWD"} == {*given, "IMAGE"}
    assert given["GROUP"] == graph.one(GROUP).outputs["name"]
    assert given["HOOK"] == graph.one(HOOK).inputs["name"]
    assert given["LOG_GROUP"] == graph.one("aws:cloudwatch/logGroup:LogGroup", "web-fleet").id
    agent = config(stack)["shop:web"]["agent"]
    instance = (FLEET / "instance").iterdir()
    for path in (p for p in instance if agent or p.name != "cloudwatch.json"):
        (content,) = [text for name, text in files.items() if name.endswith(f"/{path.name}")]
        assert content == path.read_text()
    placed = {*files, *re.findall(r"\$root(/\S+)\"", in_release["install"])}
    commands = [word for line in boot(graph)[0]["runcmd"] for word in line if word[0] == "/"]
    for text in (*(unit.read_text() for unit in FLEET.rglob("*.service")), " ".join(commands)):
        for path_ in re.findall(r"(?:/usr/local/lib/storefront|/etc/storefront)/[\w.]+", text):
            assert path_ in placed


def test_steps_of_a_deployment_are_in_codedeploy_s_order() -> None:
    spec = yaml.safe_load((FLEET / "release/appspec.yml").read_text())
    assert (spec["version"], spec["os"]) == (0.0, "linux")
    order = ("ApplicationStop", "BeforeInstall", "AfterInstall", "ApplicationStart")
    assert tuple(spec["hooks"]) == (*order, "ValidateService")  # boot goes by the file's order
    for steps in spec["hooks"].values():
        for step in steps:
            assert (FLEET / "release" / step["location"]).is_file()
            assert 0 < step["timeout"] <= 3600
    # Draining ends before CodeDeploy's patience does.
    unit = (FLEET / "release/storefront.service").read_text()
    limit = int(re.search(r"TimeoutStopSec=(\d+)", unit)[1])  # type: ignore[index]
    (stop,) = spec["hooks"]["ApplicationStop"]
    assert limit < stop["timeout"]


def test_draining_fits_into_the_hook_and_the_balancer_lets_go_first() -> None:
    graph = graph_of("prod")
    hook = graph.one(HOOK).inputs
    assert hook["lifecycleTransition"] == "autoscaling:EC2_INSTANCE_TERMINATING"
    unit = (FLEET / "release/storefront.service").read_text()
    stop = int(re.search(r"docker stop --time (\d+)", unit)[1])  # type: ignore[index]
    limit = int(re.search(r"TimeoutStopSec=(\d+)", unit)[1])  # type: ignore[index]
    wait = int(re.search(r"sleep (1\d)\n", (FLEET / "instance/lifecycle").read_text())[1])  # type: ignore[index]
    assert stop < limit
    assert wait + limit < hook["heartbeatTimeout"]


def test_instances_may_do_what_pods_may_and_start_and_leave() -> None:
    graph = graph_of("prod")
    pods, own = statements(graph, "web-storefront"), statements(graph, "web-fleet")
    assert pods.keys() <= own.keys()
    account = "123456789012"
    release_ = f"{graph.one('aws:s3/bucket:Bucket', 'web-fleet').outputs['arn']}/release.tar"
    logs = graph.one("aws:cloudwatch/logGroup:LogGroup", "web-fleet").outputs["arn"]
    streams = [logs, f"{logs}:log-stream:*"]
    repository = [f"arn:aws:ecr:us-east-1:{account}:repository/shop-prod/storefront"]
    channels = ("CreateControl", "CreateData", "OpenControl", "OpenData")
    agent = (
        "GetDeploymentSpecification",
        "PollHostCommand",
        "PutHostCommandAcknowledgement",
        "PutHostCommandComplete",
    )
    assert own.pop("s3:GetObject") == [*pods.pop("s3:GetObject"), release_]
    assert {action: on for action, on in own.items() if action not in pods} == {
        "s3:GetObjectVersion": [release_],
        **{f"codedeploy-commands-secure:{action}": ["*"] for action in agent},
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
    assert pods.items() <= own.items()


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

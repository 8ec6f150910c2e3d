"""The pipeline: what starts it, what it runs, who may do what, what takes a bad version back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from components.pipeline import deployer
from graph import Graph
from graph.plan import cost
from policy.check import judge
from tests.stacks import ROOT, STACKS, config, graph_of

PIPELINE = "aws:codepipeline/pipeline:Pipeline"
PROJECT = "aws:codebuild/project:Project"
POLICY = "aws:iam/rolePolicy:RolePolicy"
GROUP = "aws:codedeploy/deploymentGroup:DeploymentGroup"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ALIAS = "aws:lambda/alias:Alias"
WEBHOOK = "aws:codebuild/webhook:Webhook"
TOPIC = "aws:sns/topic:Topic"
# What the recommendations of a stack need that no stack has at the moment, and a domain of its own.
VARIANTS: tuple[dict[str, Any], ...] = (
    {},
    {"shop:edge.domain": None, "shop:edge.zone": None},
    {"shop:recommendations.serving": "campaign"},
)


def stages(graph: Graph) -> dict[str, list[dict[str, Any]]]:
    return {s["name"]: s["actions"] for s in graph.one(PIPELINE).inputs["stages"]}


def allowed(graph: Graph, name: str) -> dict[str, list[str]]:
    """Action -> the resources it is allowed on."""
    found: dict[str, list[str]] = {}
    for s in json.loads(graph.one(POLICY, name).inputs["policy"])["Statement"]:
        for action in s["Action"]:
            found.setdefault(action, []).extend(s["Resource"])
    return found


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_without_a_source_there_is_only_what_changes_instances(stack: str) -> None:
    graph = graph_of(stack)
    made = {r.name for r in graph if r.custom and r.name.partition("-")[0] == "pipeline"}
    assert made == {"pipeline", "pipeline-errors", "pipeline-instances"}
    assert graph.of_type(PIPELINE) == graph.of_type(PROJECT) == []
    told = graph.exports["delivery"]
    assert told["functions"] == []
    assert told.get("github") is None


def test_a_push_to_the_branch_goes_through_every_stage_in_turn() -> None:
    graph = graph_of("prod")
    line = graph.one(PIPELINE).inputs
    assert (line["pipelineType"], line["executionMode"]) == ("V2", "QUEUED")
    assert list(stages(graph)) == ["Source", "Test", "Build", "Dev", "Prod"]
    (trigger,) = line["triggers"]
    (push,) = trigger["gitConfiguration"]["pushes"]
    assert push["branches"] == {"includes": ["main"]}
    for pattern in push["filePaths"]["includes"]:
        assert list(ROOT.glob(pattern)), pattern
    (fetch,) = stages(graph)["Source"]
    assert fetch["configuration"]["DetectChanges"] == "false"
    assert trigger["gitConfiguration"]["sourceActionName"] == fetch["name"]
    connection = graph.one("aws:codeconnections/connection:Connection")
    assert fetch["configuration"]["ConnectionArn"] == connection.outputs["arn"]


def test_every_stack_runs_the_digest_that_was_built_tested_and_scanned() -> None:
    graph = graph_of("prod")
    build = {a["name"]: a for a in stages(graph)["Build"]}
    assert {name: a["runOrder"] for name, a in build.items()} == {
        "Amd64": 1,
        "Arm64": 1,
        "Publish": 2,
    }
    for name in ("Dev", "Prod"):
        deploy = stages(graph)[name][-1]
        told = json.loads(deploy["configuration"]["EnvironmentVariables"])
        assert told == [{"name": "IMAGE", "value": "#{Publish.IMAGE}"}]
    # Variables come from actions that run before, under the names that buildspecs export.
    for action in (a for actions in stages(graph).values() for a in actions):
        for variable in json.loads(action["configuration"].get("EnvironmentVariables", "[]")):
            space, _, name = variable["value"].strip("#{}").partition(".")
            project = graph.one(PROJECT, f"pipeline-{spec_of(build[space])}")
            spec = yaml.safe_load((ROOT / project.inputs["source"]["buildspec"]).read_text())
            assert name in spec["env"]["exported-variables"]


def spec_of(action: dict[str, Any]) -> str:
    return {"Amd64": "build-amd64", "Arm64": "build-arm64", "Publish": "publish"}[action["name"]]


def test_a_person_sees_what_would_change_before_prod() -> None:
    graph = graph_of("prod")
    assert graph.of_type(WEBHOOK) == []  # hosts take none before the connection is approved
    assert [a["name"] for a in stages(graph)["Dev"]] == ["Deploy-Dev"]
    preview, approve, deploy = stages(graph)["Prod"]
    assert [a["runOrder"] for a in (preview, approve, deploy)] == [1, 2, 3]
    assert (approve["category"], approve["provider"]) == ("Approval", "Manual")
    assert (
        approve["configuration"]["NotificationArn"] == graph.one(TOPIC, "pipeline").outputs["arn"]
    )


def test_builds_are_unprivileged_and_run_what_is_in_the_repository() -> None:
    graph = graph_of("prod")
    projects = {p.name: p.inputs for p in graph.of_type(PROJECT)}
    assert len(projects) == 7
    roles = {p["serviceRole"] for p in projects.values()}
    assert len(roles) == len(projects)
    for name, project in projects.items():
        assert (ROOT / project["source"]["buildspec"]).is_file(), name
        assert not project["environment"].get("privilegedMode")
        assert ("dockerServer" in project["environment"]) is ("build-" in name)
        assert ("vpcConfig" in project) is ("deploy" in name)
        assert project["queuedTimeout"] >= 5
        group = project["logsConfig"]["cloudwatchLogs"]["groupName"]
        logs = graph.one("aws:cloudwatch/logGroup:LogGroup", name)
        assert group == logs.outputs["name"]
        assert logs.inputs["retentionInDays"] == 365
    intel = projects["pipeline-build-amd64"]["environment"]["type"]
    assert {p["environment"]["type"] for p in projects.values()} == {intel, "ARM_CONTAINER"}


def test_who_tests_and_builds_may_not_deploy() -> None:
    graph = graph_of("prod")
    repository = graph.one("aws:ecr/repository:Repository").outputs["arn"]
    assert set(allowed(graph, "pipeline-test")) == {
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:GetObject",
        "s3:GetObjectVersion",
    }
    for part in ("build-amd64", "build-arm64", "publish"):
        may = allowed(graph, f"pipeline-{part}")
        assert may["ecr:PutImage"] == [repository]
        assert {a.partition(":")[0] for a in may} == {"ecr", "kms", "logs", "s3"}
    (where,) = allowed(graph, "pipeline-publish")["s3:PutObject"]
    assert where.endswith("/bills/*")
    # Nobody but the pipeline writes what deployments read.
    for project in graph.of_type(PROJECT):
        if "deploy" not in project.name:
            targets = allowed(graph, project.name).get("s3:PutObject", [])
            assert all(target.endswith("/bills/*") for target in targets)


def needed() -> set[str]:
    """The provider's modules (as in "aws:ec2/vpc:Vpc") that any stack has resources of."""
    graphs = [graph_of(s) for s in STACKS] + [graph_of("prod", changes) for changes in VARIANTS]
    types = {r.type for graph in graphs for r in graph if r.type.startswith("aws:")}
    return {t.split(":")[1].split("/")[0] for t in types}


def test_a_deployment_may_do_what_the_program_declares_and_no_more() -> None:
    known = {module for modules in deployer.SERVICES.values() for module in modules}
    assert needed() - known == set(), "add them to components/pipeline/deployer.py"
    assert known - needed() == set(), "no stack has these any more"
    graph = graph_of("prod")
    for stack in ("dev", "prod"):
        may = allowed(graph, f"pipeline-deploy-{stack}")
        services = {a.partition(":")[0] for a in may}
        assert services == set(deployer.SERVICES)
        assert "iam:*" not in may


def test_a_deployment_cannot_make_itself_more() -> None:
    graph = graph_of("prod")
    boundary = graph.one("aws:iam/policy:Policy", "pipeline-boundary")
    for stack in ("dev", "prod"):
        role = graph.one("aws:iam/role:Role", f"pipeline-deploy-{stack}")
        assert role.inputs["permissionsBoundary"] == boundary.outputs["arn"]
        may = allowed(graph, f"pipeline-deploy-{stack}")
        for action in (*deployer.ROLE_ACTIONS, "iam:PassRole"):
            assert not any("role/pipeline" in on or on == "*" for on in may[action])
    denied = [
        s
        for s in json.loads(boundary.inputs["policy"])["Statement"]
        if s["Effect"] == "Deny" and "iam:PutRolePolicy" in s["Action"]
    ]
    assert "role/pipeline-*" in str(denied)


def test_roles_of_other_components_are_all_within_reach() -> None:
    made = {
        r.name.partition("-")[0] for s in STACKS for r in graph_of(s).of_type("aws:iam/role:Role")
    }
    assert made - {"pipeline"} <= set(deployer.TIERS)
    assert set(deployer.TIERS) <= made


def test_pull_requests_look_without_a_password() -> None:
    graph = graph_of("prod")
    role = graph.one("aws:iam/role:Role", "pipeline-preview")
    (trust,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    issuer = graph.one("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
    assert trust["Principal"] == {"Federated": issuer.outputs["arn"]}
    assert trust["Condition"]["StringEquals"] == {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:example/shop:pull_request",
    }
    verbs = {action.partition(":")[2] for action in allowed(graph, "pipeline-preview")}
    assert all(verb.startswith(("Decrypt", "Describe", "Get", "List")) for verb in verbs)
    assert graph.exports["delivery"]["github"]["preview_role_arn"] == role.outputs["arn"]


def test_other_hosts_of_sources_get_no_role_of_github() -> None:
    source = {**config("prod")["shop:pipeline"]["source"], "provider": "GitLab"}
    graph = graph_of("prod", {"shop:pipeline.source": source})
    assert graph.of_type("aws:iam/openIdConnectProvider:OpenIdConnectProvider") == []
    assert graph.one("aws:codeconnections/connection:Connection").inputs["providerType"] == "GitLab"


@pytest.mark.parametrize(
    ("provider", "location", "trusted"),
    [
        ("GitHub", "https://github.com/example/shop.git", "GITHUB_WRITE"),
        ("GitLab", "https://gitlab.com/example/shop.git", "GITLAB_DEVELOPER"),
        ("Bitbucket", "https://bitbucket.org/example/shop.git", "BITBUCKET_WRITE"),
    ],
)
def test_a_webhook_previews_pull_requests_of_who_may_write(
    provider: str, location: str, trusted: str
) -> None:
    source = {"provider": provider, "previews": True, "branch": "release-1.x"}
    told = {f"shop:pipeline.source.{key}": value for key, value in source.items()}
    graph = graph_of("prod", told)
    connection = graph.one("aws:codeconnections/connection:Connection").outputs["arn"]
    hooks = graph.of_type(WEBHOOK)
    for hook, stack in zip(hooks, ("dev", "prod"), strict=True):
        assert hook.name == f"pipeline-preview-pull-request-{stack}"
        project = graph.one(PROJECT, hook.name)
        assert hook.inputs["projectName"] == project.outputs["name"]
        ((event, base),) = [group["filters"] for group in hook.inputs["filterGroups"]]
        assert event["pattern"] == "PULL_REQUEST_CREATED, PULL_REQUEST_UPDATED"
        assert re.search(base["pattern"], "refs/heads/release-1.x")
        assert not re.search(base["pattern"], "refs/heads/release-1-x")
        approval = hook.inputs["pullRequestBuildPolicy"]
        assert approval["requiresCommentApproval"] == "ALL_PULL_REQUESTS"
        assert trusted in approval["approverRoles"]
        fetched = project.inputs["source"]
        assert (fetched["type"], fetched["location"]) == (provider.upper(), location)
        assert fetched["auth"] == {"type": "CODECONNECTIONS", "resource": connection}
        assert fetched["buildspec"] == "delivery/preview.yml"
        assert project.inputs["artifacts"] == {"type": "NO_ARTIFACTS"}
        variables = {
            v["name"]: v["value"] for v in project.inputs["environment"]["environmentVariables"]
        }
        assert variables["STACK"] == stack
        able = allowed(graph, hook.name)
        assert {a for a, on in able.items() if connection in on} == {
            "codeconnections:GetConnection",
            "codeconnections:GetConnectionToken",
            "codeconnections:UseConnection",
        }
        # Beside that it looks as everybody does who previews, and writes its log.
        looks = allowed(graph, "pipeline-preview-prod").keys()
        assert able.keys() <= looks | {a for a in able if a.startswith("codeconnections:")}
        bucket = graph.one("aws:s3/bucket:Bucket", "pipeline-artifacts").outputs["arn"]
        assert not any(bucket in on for resources in able.values() for on in resources)
    assert judge(graph)[0] == []
    assert cost(graph).unpriced == ()


def test_functions_move_little_by_little_and_back_by_alarm() -> None:
    graph = graph_of("prod")
    groups = {g.name: g.inputs for g in graph.of_type(GROUP)}
    groups.pop("pipeline-instances")  # tests/test_fleet.py judges this one
    assert set(groups) == {"pipeline-events", "pipeline-recommend"}
    for name, group in groups.items():
        part = name.partition("-")[2]
        alarm = graph.one(ALARM, name)
        assert group["alarmConfiguration"] == {"enabled": True, "alarms": [alarm.outputs["name"]]}
        assert "Canary" in group["deploymentConfigName"]
        assert set(group["autoRollbackConfiguration"]["events"]) == {
            "DEPLOYMENT_FAILURE",
            "DEPLOYMENT_STOP_ON_ALARM",
        }
        function = graph.one("aws:lambda/function:Function", f"recommendations-{part}")
        assert alarm.inputs["dimensions"] == {
            "FunctionName": function.outputs["name"],
            "Resource": f"{function.outputs['name']}:live",
        }
    told = graph.exports["delivery"]["functions"]
    assert {f["group"] for f in told} == {"events", "recommend"}
    for f in told:
        assert set(f) == {"function", "alias", "version", "application", "group"}


def test_the_alias_is_left_to_deployments_where_there_are_any() -> None:
    owned = ("functionVersion", "routingConfig")
    for stack, gradual in (("dev", False), ("prod", True)):
        for alias in graph_of(stack).of_type(ALIAS):
            served = alias.name in ("recommendations-events", "recommendations-recommend")
            assert alias.options.ignore_changes == (owned if gradual and served else ()), alias.name


def test_failures_are_told_on_an_encrypted_topic() -> None:
    graph = graph_of("prod")
    topic = graph.one(TOPIC, "pipeline")
    key = graph.one("aws:kms/key:Key", "network-logs")
    assert topic.inputs["kmsMasterKeyId"] == key.outputs["arn"]
    rule = graph.one("aws:codestarnotifications/notificationRule:NotificationRule").inputs
    assert rule["targets"] == [{"address": topic.outputs["arn"]}]
    for alarm in graph.of_type(ALARM):
        if alarm.name.startswith("pipeline-"):
            assert topic.outputs["arn"] in alarm.inputs["alarmActions"]
    errors = graph.one(ALARM, "pipeline-errors")
    balancer = graph.one("aws:lb/loadBalancer:LoadBalancer").outputs["arnSuffix"]
    assert errors.inputs["dimensions"] == {"LoadBalancer": balancer}  # both pools
    assert graph.exports["delivery"]["alarms"] == [errors.outputs["name"]]


def test_nothing_secret_is_told_to_builds() -> None:
    for project in graph_of("prod").of_type(PROJECT):
        names = {v["name"] for v in project.inputs["environment"]["environmentVariables"]}
        assert names <= {
            "ALGORITHM",
            "BILLS",
            "DEPLOYER",
            "PULUMI_BACKEND_URL",
            "REPOSITORY",
            "REPOSITORY_NAME",
            "SIGNER",
            "STACK",
        }


def test_one_project_signs_and_deployments_can_only_verify() -> None:
    graph = graph_of("prod")
    signer = graph.one("aws:kms/key:Key", "pipeline-images")
    assert signer.inputs["keyUsage"] == "SIGN_VERIFY"
    named = {
        policy.name: statement["Action"]
        for policy in graph.of_type("aws:iam/rolePolicy:RolePolicy")
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        if signer.outputs["arn"] in statement.get("Resource", [])
    }
    assert named == {"pipeline-publish": ["kms:Sign"]}
    # A deployment may use keys of every kind, but not sign.
    boundary = graph.one("aws:iam/policy:Policy", "pipeline-boundary")
    for stack in ("dev", "prod"):
        role = graph.one("aws:iam/role:Role", f"pipeline-deploy-{stack}")
        assert role.inputs["permissionsBoundary"] == boundary.outputs["arn"]
    statements = json.loads(boundary.inputs["policy"])["Statement"]
    denied = [s["Action"] for s in statements if s["Effect"] == "Deny"]
    assert any("kms:Sign" in actions for actions in denied)
    steps = yaml.safe_load((ROOT / "delivery/deploy.yml").read_text())["phases"]["build"][
        "commands"
    ]
    assert steps.index("delivery/verify") < steps.index("delivery/deploy")

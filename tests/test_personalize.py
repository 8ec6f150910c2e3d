"""Personalize as it is declared: what Cloud Control makes, who runs what, and when."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph import Graph, Resource
from sandbox.states import check
from tests.stacks import CAMPAIGNS, ROOT, STACKS, config, graph_of

CLOUD_CONTROL = "aws:cloudcontrol/resource:Resource"
MACHINE, SCHEDULE = "aws:sfn/stateMachine:StateMachine", "aws:scheduler/schedule:Schedule"
QUEUE, POLICY = "aws:sqs/queue:Queue", "aws:iam/rolePolicy:RolePolicy"
RECOMMENDERS: dict[str, Any] = {"shop:recommendations.serving": "recommender"}
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "dev with recommenders": ("dev", RECOMMENDERS),
    "dev with campaigns": ("dev", CAMPAIGNS),
    "prod with recommenders": ("prod", RECOMMENDERS),
    "prod with campaigns": ("prod", CAMPAIGNS),
}


@pytest.fixture(params=VARIANTS)
def graph(request: pytest.FixtureRequest) -> Graph:
    stack, changes = VARIANTS[str(request.param)]
    return graph_of(stack, changes)


def made(graph: Graph, kind: str) -> dict[str, Resource]:
    """Name in Personalize -> resource of a kind."""
    found = [r for r in graph.of_type(CLOUD_CONTROL) if r.inputs["typeName"].endswith(f"::{kind}")]
    return {state(r)["Name"]: r for r in found}


def state(resource: Resource) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(resource.inputs["desiredState"])
    return told


def machines(graph: Graph) -> dict[str, dict[str, Any]]:
    return {
        m.name.removeprefix("recommendations-"): json.loads(m.inputs["definition"])
        for m in graph.of_type(MACHINE)
    }


def tasks(definition: Any) -> Iterator[str]:
    """The resource of every task, at any depth."""
    if isinstance(definition, dict):
        if definition.get("Type") == "Task":
            yield definition["Resource"]
        for value in definition.values():
            yield from tasks(value)
    elif isinstance(definition, list):
        for value in definition:
            yield from tasks(value)


@pytest.mark.parametrize("stack", STACKS)
def test_a_shop_that_fills_its_shelves_itself_has_nothing_of_it(stack: str) -> None:
    graph = graph_of(
        stack, {"shop:recommendations.serving": "off", "shop:recommendations.training.rest": None}
    )
    for type_ in (CLOUD_CONTROL, MACHINE, SCHEDULE):
        assert not [r for r in graph.of_type(type_) if r.name.startswith("recommendations-")]


def test_datasets_have_the_schemas_that_the_export_writes(graph: Graph) -> None:
    (group,) = made(graph, "DatasetGroup").values()
    assert state(group) == {"Name": f"shop-{graph.stack}", "Domain": "ECOMMERCE"}
    schemas = {r.id: state(r) for r in made(graph, "Schema").values()}
    folder = ROOT / "services" / "functions" / "export" / "schemas"
    datasets = [state(r) for r in made(graph, "Dataset").values()]
    assert {d["DatasetType"] for d in datasets} == {"Interactions", "Items", "Users"}
    for dataset in datasets:
        assert dataset["DatasetGroupArn"] == group.id
        schema = schemas[dataset["SchemaArn"]]
        written = json.loads((folder / f"{dataset['DatasetType'].lower()}.json").read_text())
        assert json.loads(schema["Schema"]) == written
        assert schema["Domain"] == "ECOMMERCE"
        assert len(schema["Schema"]) <= 10_000  # as much as Cloud Control takes
    (tracker,) = made(graph, "EventTracker").values()
    assert state(tracker)["DatasetGroupArn"] == group.id
    interactions = graph.one(CLOUD_CONTROL, "recommendations-personalize-interactions")
    assert interactions.urn in tracker.options.depends_on


def test_names_belong_to_one_stack_and_tags_can_replace_nothing(graph: Graph) -> None:
    for resource in graph.of_type(CLOUD_CONTROL):
        if "::Personalize::" not in resource.inputs["typeName"]:
            continue
        told = state(resource)
        assert told["Name"].startswith(f"shop-{graph.stack}")
        assert len(told["Name"]) <= 63
        assert "Tags" not in told
    for name, resource in made(graph, "Schema").items():
        assert resource.options.delete_before_replace is False
        assert len(name.rpartition("-")[2]) == 8  # of its content: the old and the new one differ
    for kind in ("DatasetGroup", "Dataset", "EventTracker"):
        assert all(r.options.delete_before_replace for r in made(graph, kind).values())


def test_what_has_learned_is_protected_where_the_stack_says_so(graph: Graph) -> None:
    protect = config(graph.stack)["shop:data"]["protect"]
    for kind in ("DatasetGroup", "Dataset"):
        assert {r.options.protect for r in made(graph, kind).values()} == {protect}


def test_personalize_reads_training_data_and_nothing_else(graph: Graph) -> None:
    trust = graph.one("aws:iam/role:Role", "recommendations-importer").inputs["assumeRolePolicy"]
    (who,) = json.loads(trust)["Statement"]
    assert who["Principal"] == {"Service": "personalize.amazonaws.com"}
    assert who["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    bucket = graph.one("aws:s3/bucket:Bucket", "recommendations-training").outputs["arn"]
    key = graph.one("aws:kms/key:Key", "recommendations").outputs["arn"]
    policy = json.loads(graph.one(POLICY, "recommendations-importer").inputs["policy"])
    allowed = {action: s["Resource"] for s in policy["Statement"] for action in s["Action"]}
    assert allowed == {
        "s3:GetObject": [f"{bucket}/training/*"],
        "s3:ListBucket": [bucket],
        "kms:Decrypt": [key],
        "kms:GenerateDataKey": [key],
    }


def test_definitions_are_the_states_language(graph: Graph) -> None:
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

    for name, definition in machines(graph).items():
        check(definition)
        AmazonStateLanguageParser.parse(json.dumps(definition))
        assert "${" not in json.dumps(definition), name
        assert definition["TimeoutSeconds"]


def test_the_other_reader_of_the_states_language_reads() -> None:
    from moto.stepfunctions.parser.asl.parse.asl_parser import (
        AmazonStateLanguageParser,
        ASLParserException,
    )

    definition = machines(graph_of("dev", RECOMMENDERS))["pause"]
    definition["States"]["Report"]["Type"] = "Guess"
    with pytest.raises(ASLParserException):
        AmazonStateLanguageParser.parse(json.dumps(definition))


def test_only_recommenders_have_a_pause(graph: Graph) -> None:
    pausable = "pause" in machines(graph)
    assert pausable is ("resume" in machines(graph))
    (kind,) = {"recommender", "campaign"} & {
        task.rpartition(":create")[2].lower() for task in tasks(machines(graph)["train"])
    }
    assert pausable is (kind == "recommender")


def test_a_role_allows_what_its_definition_does_and_no_more(graph: Graph) -> None:
    for name, definition in machines(graph).items():
        used = set()
        for resource in tasks(definition):
            service, _, action = resource.removeprefix("arn:aws:states:::").rpartition(":")
            used.add(f"{service.removeprefix('aws-sdk:')}:{action[0].upper()}{action[1:]}")
        used = {a.replace("lambda:Invoke", "lambda:InvokeFunction") for a in used}
        policy = json.loads(graph.one(POLICY, f"recommendations-{name}").inputs["policy"])
        allowed = {action for s in policy["Statement"] for action in s["Action"]}
        running = {a for a in allowed if a.split(":")[0] in ("kms", "logs", "xray")}
        passed = {"iam:PassRole"} if name == "train" else set()
        assert allowed - running == used | passed, name
        for statement in policy["Statement"]:
            if statement["Action"] == ["iam:PassRole"]:
                service = statement["Condition"]["StringEquals"]["iam:PassedToService"]
                assert service == "personalize.amazonaws.com"


def test_machines_write_parameters_under_their_key_and_read_none(graph: Graph) -> None:
    key = graph.one("aws:kms/key:Key", "data").outputs["arn"]
    for name, definition in machines(graph).items():
        text = json.dumps(definition)
        written = text.count(":ssm:putParameter")
        assert written == text.count('"Type": "SecureString", "KeyId": ' + json.dumps(key)), name
        policy = json.loads(graph.one(POLICY, f"recommendations-{name}").inputs["policy"])
        via = {
            action: s["Condition"]["StringEquals"]["kms:ViaService"]
            for s in policy["Statement"]
            for action in s["Action"]
            if action.startswith("kms:")
        }
        assert via["kms:Encrypt"] == ["ssm.us-east-1.amazonaws.com"]
        assert via["kms:Decrypt"] == ["sqs.us-east-1.amazonaws.com"]


def test_machines_log_are_traced_and_wait_for_their_role(graph: Graph) -> None:
    for machine in graph.of_type(MACHINE):
        group = graph.one("aws:cloudwatch/logGroup:LogGroup", machine.name)
        assert group.inputs["name"].startswith("/aws/vendedlogs/states/shop-")
        logging = machine.inputs["loggingConfiguration"]
        assert logging["logDestination"] == f"{group.outputs['arn']}:*"
        assert logging["level"] == "ALL"
        assert machine.inputs["tracingConfiguration"] == {"enabled": True}
        assert graph.one(POLICY, machine.name).urn in machine.options.depends_on


def test_functions_read_the_parameters_that_machines_write(graph: Graph) -> None:
    told = graph.one("aws:lambda/function:Function", "recommendations-recommend").inputs
    prefix = told["environment"]["variables"]["PARAMETER_PREFIX"]
    shelves = machines(graph)["train"]["States"]["Begin"]["Parameters"]["shelves"]
    names = {f"{prefix}{shelf['name']}" for shelf in shelves}
    assert {shelf["parameter"] for shelf in shelves} == names
    declared = {p.inputs["name"] for p in graph.of_type("aws:ssm/parameter:Parameter")}
    assert names <= declared
    events = graph.one("aws:lambda/function:Function", "recommendations-events").inputs
    tracking = events["environment"]["variables"]["TRACKING_PARAMETER"]
    publish = machines(graph)["train"]["States"]["Publish tracker"]["Parameters"]
    assert publish["Name"] == tracking


def test_training_and_the_pause_come_by_themselves() -> None:
    rest = {"starts": "30 20 * * *", "ends": "0 6 * * MON-FRI"}
    changes = {
        **RECOMMENDERS,
        "shop:recommendations.training.schedule": "0 3 1 * *",
        "shop:recommendations.training.time_zone": "Europe/London",
        "shop:recommendations.training.rest": rest,
    }
    graph = graph_of("dev", changes)
    found = {s.name.removeprefix("recommendations-"): s.inputs for s in graph.of_type(SCHEDULE)}
    assert {part: s["scheduleExpression"] for part, s in found.items()} == {
        "train": "cron(0 3 1 * ? *)",
        "pause": "cron(30 20 * * ? *)",
        "resume": "cron(0 6 ? * MON-FRI *)",
    }
    failures = graph.one(QUEUE, "recommendations-failures").outputs["arn"]
    for part, schedule in found.items():
        assert schedule["scheduleExpressionTimezone"] == "Europe/London"
        machine = graph.one(MACHINE, f"recommendations-{part}")
        assert schedule["target"]["arn"] == machine.outputs["arn"]
        assert schedule["target"]["deadLetterConfig"] == {"arn": failures}
    policy = json.loads(graph.one(POLICY, "recommendations-schedules").inputs["policy"])
    (start,) = [s for s in policy["Statement"] if s["Action"] == ["states:StartExecution"]]
    assert len(start["Resource"]) == 3  # nobody tears down by the clock


def test_nothing_rests_unless_the_settings_say_so() -> None:
    graph = graph_of("dev", {**RECOMMENDERS, "shop:recommendations.training.rest": None})
    assert [s.name for s in graph.of_type(SCHEDULE)] == ["recommendations-train"]
    assert {"pause", "resume"} <= set(machines(graph))  # by hand all the same


@pytest.mark.parametrize(
    ("machine", "states", "status", "told"),
    [
        ("", "", 0, "Personalize does not serve dev"),
        ("arn:machine", "RUNNING SUCCEEDED", 0, "SUCCEEDED"),
        ("arn:machine", "RUNNING FAILED", 2, "FAILED"),
    ],
)
def test_a_machine_is_run_to_its_end_by_make(
    tmp_path: Path, machine: str, states: str, status: int, told: str
) -> None:
    answers = tmp_path / "states"
    answers.write_text("\n".join(states.split()) + "\n")
    aws = (
        "#!/bin/sh\n"
        f'echo "$@" >> {tmp_path}/asked\n'
        'case "$2" in\n'
        f'  list-state-machines) echo "{machine}" ;;\n'
        "  start-execution) echo arn:run ;;\n"
        f"  describe-execution) head -n 1 {answers}; sed -i 1d {answers} ;;\n"
        "esac\n"
    )
    for name, text in (("aws", aws), ("pulumi", "#!/bin/sh\necho us-east-1\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["make", "teardown", "STACK=dev", "POLL=0"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert told in done.stdout
    asked = (tmp_path / "asked").read_text()
    declared = graph_of("dev", RECOMMENDERS).one(MACHINE, "recommendations-teardown")
    assert f"name=='{declared.outputs['name']}'" in asked
    assert "--region us-east-1" in asked

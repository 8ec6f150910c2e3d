"""delivery/fleet beside a CodeDeploy that answers as the API does; the CLI's queries are real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.machine import Machine, unknown_to_aws

TOLD = {
    "application": "shop-1",
    "group": "instances",
    "scaling": "shop-prod-fleet",
    "bucket": "releases",
    "key": "release.tar",
    "version": "v3",
}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path, "aws", "pulumi", "sleep")
    made.answer("output delivery", json.dumps({"instances": TOLD}))
    yield made
    for call in made.calls("aws "):
        assert unknown_to_aws(call) == [], call


def deployment(status: str, **more: Any) -> dict[str, Any]:
    """As GetDeployment answers."""
    return {"deploymentInfo": {"status": status, **more}}


def of_version(version: str) -> dict[str, Any]:
    location = {"bucket": "releases", "key": "release.tar", "version": version}
    revision = {"revisionType": "S3", "s3Location": location}
    return deployment("Succeeded", revision=revision)


def fleet(
    machine: Machine,
    *,
    running: int = 3,
    leaving: dict[str, str] | None = None,
    good: str = "d-good",
    last: str = "d-good",
    deployed: str = "v2",
    former: str = "v2",
    refreshes: tuple[dict[str, Any], ...] = ({"InstanceRefreshes": []},),
) -> None:
    """A fleet, what CodeDeploy remembers of it and what S3 holds."""
    machine.answer("describe-instance-refreshes", *refreshes)
    instances = [{"LifecycleState": "InService"} for _ in range(running)]
    groups = [instances, instances] if leaving is None else [[*instances, leaving], instances]
    answers = [{"AutoScalingGroups": [{"Instances": members}]} for members in groups]
    machine.answer("describe-auto-scaling", *answers)
    info = {
        f"last{kind}Deployment": {"deploymentId": id_}
        for kind, id_ in (("Successful", good), ("Attempted", last))
        if id_
    }
    machine.answer("get-deployment-group", {"deploymentGroupInfo": info})
    machine.answer("--deployment-id d-good", of_version(deployed))
    versions = [{"VersionId": version} for version in ("v3", former, "v0") if version]
    machine.answer("list-object-versions", {"Versions": versions})
    machine.answer("create-deployment", {"deploymentId": "d-new"})


def run(machine: Machine, *words: str) -> tuple[int, str]:
    done = machine.run("fleet", *words, STACK="prod")
    return done.returncode, done.stdout + done.stderr


def well(machine: Machine, *statuses: str) -> None:
    overview = {"Succeeded": 3, "Failed": 0}
    answers = [deployment(s, deploymentOverview=overview) for s in statuses]
    machine.answer("--deployment-id d-new", *answers)


def test_instances_that_run_get_the_version_that_the_update_wrote(machine: Machine) -> None:
    fleet(machine)
    well(machine, "Created", "InProgress", "Succeeded")
    code, said = run(machine)
    assert code == 0, said
    (call,) = machine.calls("create-deployment")
    assert "--application-name shop-1 --deployment-group-name instances" in call
    where = "bucket=releases,key=release.tar,bundleType=tar,version=v3"
    assert f"--s3-location {where}" in call
    assert "rollback" not in call  # the group's own: back by alarm and by failure
    assert len(machine.calls("sleep")) == 2
    assert "instances run release v3" in said


def test_without_instances_there_is_nothing_to_do(machine: Machine) -> None:
    fleet(machine, running=0)
    code, said = run(machine)
    assert (code, machine.calls("aws deploy")) == (0, [])
    assert "the next one starts with release v3" in said


def test_what_runs_already_is_left_alone(machine: Machine) -> None:
    fleet(machine, deployed="v3")
    assert run(machine)[0] == 0
    assert not machine.calls("create-deployment")


def test_after_a_failure_the_same_version_is_deployed_again(machine: Machine) -> None:
    fleet(machine, deployed="v3", last="d-bad")
    machine.answer("--deployment-id d-bad", deployment("InProgress"), deployment("Failed"))
    well(machine, "Succeeded")
    assert run(machine)[0] == 0
    calls = machine.calls("aws deploy")
    ended = max(i for i, call in enumerate(calls) if "d-bad" in call)
    created = next(i for i, call in enumerate(calls) if "create-deployment" in call)
    assert ended < created  # a group has one deployment at a time
    assert machine.calls("sleep")


def test_a_replacement_of_instances_comes_first(machine: Machine) -> None:
    under_way = {"InstanceRefreshes": [{"Status": "InProgress"}, {"Status": "Failed"}]}
    over = {"InstanceRefreshes": [{"Status": "Successful"}, {"Status": "Failed"}]}
    fleet(machine, refreshes=(under_way, under_way, over))
    well(machine, "Succeeded")
    assert run(machine)[0] == 0
    assert len(machine.calls("describe-instance-refreshes")) == 3
    assert len(machine.calls("sleep")) == 2


def test_who_leaves_is_gone_before_anybody_is_changed(machine: Machine) -> None:
    fleet(machine, leaving={"LifecycleState": "Terminating:Wait"})
    well(machine, "Succeeded")
    assert run(machine)[0] == 0
    assert len(machine.calls("sleep")) == 1
    before = machine.calls().index(machine.calls("create-deployment")[0])
    assert machine.calls().index(machine.calls("sleep")[0]) < before


@pytest.mark.parametrize(("good", "former"), [("", "v2"), ("d-good", "v1")])
def test_codedeploy_goes_back_to_nothing_older_than_what_ran(
    machine: Machine, good: str, former: str
) -> None:
    """Releases that came while the fleet was empty were never deployed by CodeDeploy."""
    fleet(machine, good=good, last=good, former=former)
    well(machine, "Succeeded")
    assert run(machine)[0] == 0
    (call,) = machine.calls("create-deployment")
    assert "--auto-rollback-configuration enabled=false" in call
    assert "alarm" not in call


def test_going_back_is_not_stopped_by_the_alarm_that_asked_for_it(machine: Machine) -> None:
    fleet(machine)
    well(machine, "Succeeded")
    assert run(machine, "back")[0] == 0
    (call,) = machine.calls("create-deployment")
    assert "--auto-rollback-configuration enabled=false" in call
    assert "--override-alarm-configuration enabled=false" in call


def test_a_rollback_is_a_failure_that_says_what_failed(machine: Machine) -> None:
    fleet(machine)
    failed = deployment(
        "Failed",
        deploymentOverview={"Succeeded": 1, "Failed": 1, "Skipped": 1},
        errorInformation={"code": "HEALTH_CONSTRAINTS", "message": "too few are healthy"},
        rollbackInfo={"rollbackDeploymentId": "d-back"},
    )
    machine.answer("--deployment-id d-new", failed)
    machine.answers.insert(0, ("list-deployment-targets", [answer({"targetIds": ["i-7"]})]))
    machine.answers.insert(0, ("batch-get-deployment-targets", [answer(TARGETS)]))
    machine.answer("--deployment-id d-back", deployment("InProgress"), deployment("Succeeded"))
    code, said = run(machine)
    assert code == 1
    assert "d-new: Failed, 1 instances failed" in said
    assert "HEALTH_CONSTRAINTS: too few are healthy" in said
    assert "i-7, ValidateService: Script exited with code 1" in said
    assert "[stderr]curl: (22) 503" in said
    assert "BeforeInstall" not in said  # that one was well
    assert "CodeDeploy goes back to release v2 (d-back)" in said
    assert "d-back: Succeeded" in said


def answer(out: Any) -> dict[str, Any]:
    return {"out": out, "exit": 0}


TARGETS = {
    "deploymentTargets": [
        {
            "deploymentTargetType": "InstanceTarget",
            "instanceTarget": {
                "targetId": "i-7",
                "status": "Failed",
                "lifecycleEvents": [
                    {"lifecycleEventName": "BeforeInstall", "status": "Succeeded"},
                    {
                        "lifecycleEventName": "ValidateService",
                        "status": "Failed",
                        "diagnostics": {
                            "errorCode": "ScriptFailed",
                            "message": "Script exited with code 1",
                            "logTail": "[stderr]curl: (22) 503",
                        },
                    },
                ],
            },
        }
    ]
}


def test_the_last_instance_counts_too(machine: Machine) -> None:
    """Of one after the other, CodeDeploy calls it success when the last one fails."""
    fleet(machine)
    machine.answers.insert(0, ("list-deployment-targets", [answer({"targetIds": []})]))
    overview = {"Succeeded": 2, "Failed": 1}
    machine.answer("--deployment-id d-new", deployment("Succeeded", deploymentOverview=overview))
    code, said = run(machine)
    assert code == 1
    assert "Succeeded, 1 instances failed" in said
    assert "CodeDeploy goes back" not in said


def test_it_says_which_stack_it_was_not_told(machine: Machine) -> None:
    done = machine.run("fleet", STACK="")
    assert done.returncode != 0
    assert "STACK: is not set" in done.stderr
    assert not machine.calls()


def test_a_stack_from_before_says_so(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "aws", "pulumi")
    machine.answer("output delivery", json.dumps({"alarms": []}))
    code, said = run(machine)
    assert code == 1
    assert "prod exports no delivery.instances" in said
    assert not machine.calls("aws ")

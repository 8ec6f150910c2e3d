"""The delivery scripts, run as they are beside stand-ins for the CLIs that record every call."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.machine import Machine, unknown_to_aws
from tests.stacks import ROOT

DELIVERY = ROOT / "delivery"
OLD, NEW = "registry/shop:old", "registry/shop:new"
INSTANCES = {
    "application": "shop-1",
    "group": "instances",
    "scaling": "shop-prod-fleet",
    "bucket": "releases",
    "key": "release.tar",
    "version": "v2",
}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path, "aws", "docker", "pulumi")
    yield made
    for call in made.calls("aws "):
        assert unknown_to_aws(call) == [], call


@pytest.fixture
def shop() -> Iterator[tuple[str, dict[str, str]]]:
    """A shop on this machine: its address, and what it serves, which a test may change."""
    pages = {
        "/": '<a href="/products/pan">Pan</a>',
        "/search?q=a": "found",
        "/static/site.css": "body {}",
    }

    class Shop(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            self.send_response(200 if page is not None else 503)
            self.end_headers()
            self.wfile.write((page or "").encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", pages
    server.shutdown()
    thread.join()
    server.server_close()


def deployment(machine: Machine, url: str, before: str = OLD) -> None:
    machine.answer("output image", before)
    machine.answer("output distribution_id", "E1")
    machine.answer("output public_url", url)
    told = {"alarms": ["pods"], "instances": INSTANCES, "functions": []}
    machine.answer("output delivery", json.dumps(told))
    machine.answer("describe-instance-refreshes", {})
    machine.answer("describe-auto-scaling-groups", {"AutoScalingGroups": [{"Instances": []}]})


def deploy(machine: Machine) -> subprocess.CompletedProcess[str]:
    return machine.run("deploy", STACK="prod", IMAGE=NEW, WATCH_SECONDS="0", SMOKE_SECONDS="1")


def images(machine: Machine) -> list[str]:
    return [line.split()[-1] for line in machine.calls("config set")]


def test_a_deployment_runs_the_image_and_asks_the_shop(machine: Machine, shop: Any) -> None:
    deployment(machine, shop[0])
    done = deploy(machine)
    assert done.returncode == 0, done.stderr
    assert images(machine) == [NEW]
    (update,) = machine.calls("pulumi up")
    assert "--stack prod" in update
    assert "--policy-pack policy" in update
    assert machine.calls("describe-alarms")
    # What is asked is what was deployed, everywhere.
    calls = machine.calls()
    everywhere = "aws cloudfront wait distribution-deployed --id E1"
    assert calls.index(update) < calls.index(everywhere)
    assert f"prod runs {NEW}" in done.stdout


def test_a_shop_that_is_not_well_goes_back(machine: Machine, shop: Any) -> None:
    deployment(machine, shop[0])
    shop[1]["/"] = "nothing to see"
    done = deploy(machine)
    assert done.returncode == 1
    assert images(machine) == [NEW, OLD]
    assert len(machine.calls("pulumi up")) == 2
    assert "shows no products" in done.stderr


def test_an_alarm_goes_back(machine: Machine, shop: Any) -> None:
    deployment(machine, shop[0])
    machine.answer("describe-alarms", "pods")
    done = deploy(machine)
    assert done.returncode == 1
    assert images(machine) == [NEW, OLD]
    assert "on: pods" in done.stderr


def test_instances_that_could_not_be_changed_go_back_first(machine: Machine, shop: Any) -> None:
    machine.answers.append(
        ("describe-auto-scaling", [{"out": "", "exit": 254}, {"out": "", "exit": 0}])
    )
    deployment(machine, shop[0])
    done = deploy(machine)
    assert done.returncode == 1
    assert images(machine) == [NEW, OLD]
    order = [
        "update" if "pulumi up" in call else "alarms" if "describe-alarms" in call else "instances"
        for call in machine.calls()
        if any(part in call for part in ("pulumi up", "describe-alarms", "describe-auto-scaling"))
    ]
    assert order == ["update", "alarms", "instances", "update", "instances", "alarms"]
    assert f"runs {OLD} again" in done.stderr


def test_an_update_that_fails_goes_back_and_succeeds_in_that(machine: Machine, shop: Any) -> None:
    deployment(machine, shop[0])
    # Whether an update fails is told by the image that was set before it.
    machine.answer("pulumi up", code=1)
    done = deploy(machine)
    assert done.returncode == 1
    assert images(machine) == [NEW, OLD]
    assert "could not go back" in done.stderr
    assert not machine.calls("describe-alarms")


def test_a_first_deployment_has_nothing_to_go_back_to(machine: Machine, shop: Any) -> None:
    deployment(machine, shop[0], before="")
    shop[1].pop("/")
    done = deploy(machine)
    assert done.returncode == 1
    assert images(machine) == [NEW]
    assert "no other image" in done.stderr


@pytest.mark.parametrize("missing", ["STACK", "IMAGE"])
def test_a_deployment_says_what_it_was_not_told(machine: Machine, missing: str) -> None:
    told = {"STACK": "prod", "IMAGE": NEW, missing: ""}
    done = machine.run("deploy", **told)
    assert done.returncode != 0
    assert f"{missing}: is not set" in done.stderr
    assert not machine.calls()


@pytest.mark.parametrize("page", ["/search?q=a", "/static/site.css"])
def test_smoke_looks_at_more_than_the_front_page(machine: Machine, shop: Any, page: str) -> None:
    assert machine.run("smoke", shop[0]).returncode == 0
    shop[1].pop(page)
    assert machine.run("smoke", shop[0], SMOKE_SECONDS="1").returncode != 0


FUNCTION = {
    "function": "events-1",
    "alias": "live",
    "version": "7",
    "application": "shop",
    "group": "events",
}


@pytest.mark.parametrize("bad", [False, True])
def test_functions_move_through_codedeploy(machine: Machine, bad: bool) -> None:
    machine.answer("output delivery", json.dumps({"alarms": [], "functions": [FUNCTION]}))
    machine.answer("get-alias", "6")
    machine.answer("create-deployment", "d-1")
    machine.answer("wait deployment-successful", code=255 if bad else 0)
    done = machine.run("functions", STACK="prod")
    assert (done.returncode != 0) is bad, done.stderr
    (call,) = machine.calls("create-deployment")
    revision = json.loads(call.partition("--revision ")[2].partition(" --query")[0])
    assert revision["revisionType"] == "AppSpecContent"
    content = json.loads(revision["appSpecContent"]["content"])
    assert content["Resources"][0]["events-1"]["Properties"] == {
        "Name": "events-1",
        "Alias": "live",
        "CurrentVersion": "6",
        "TargetVersion": "7",
    }
    assert machine.calls("wait deployment-successful --deployment-id d-1")


def test_a_function_that_is_where_it_should_be_stays(machine: Machine) -> None:
    machine.answer("output delivery", json.dumps({"alarms": [], "functions": [FUNCTION]}))
    machine.answer("get-alias", "7")
    assert machine.run("functions", STACK="prod").returncode == 0
    assert not machine.calls("create-deployment")


PUBLISH = {
    "REPOSITORY": "1.dkr.ecr.us-east-1.amazonaws.com/shop",
    "REPOSITORY_NAME": "shop",
    "BILLS": "s3://artifacts/bills/",
    "SIGNER": "arn:aws:kms:us-east-1:1:key/images",
    "ALGORITHM": "ECDSA_SHA_256",
    "AMD64": f"sha256:{'a' * 64}",
    "ARM64": f"sha256:{'b' * 64}",
}


def test_publishing_waits_for_scans_and_names_the_digest(machine: Machine) -> None:
    scan = {"imageScanFindings": {"findingSeverityCounts": {"HIGH": 2}}}
    machine.answer("describe-image-scan-findings", scan)
    machine.answer("inspect --format", f"sha256:{'c' * 64}")
    machine.answer("imagetools inspect", code=1)
    done = machine.run("publish", **PUBLISH)
    assert done.returncode == 0, done.stderr
    name, _, digest = done.stdout.strip().partition("@")
    assert digest == f"sha256:{'c' * 64}"
    assert len(machine.calls("wait image-scan-complete")) == 2
    (create,) = machine.calls("imagetools create")
    both = [f"{PUBLISH['REPOSITORY']}@{PUBLISH[part]}" for part in ("AMD64", "ARM64")]
    assert create.split()[-4:] == ["--tag", name, *both]
    kept = [call.split()[-1] for call in machine.calls("s3 cp")]
    tag = name.rpartition(":")[2]
    assert kept == [f"{PUBLISH['BILLS']}{tag}.{kind}" for kind in ("json", "signature")]


def test_what_is_verified_is_what_was_signed(machine: Machine, tmp_path: Path) -> None:
    machine.answer("inspect --format", f"sha256:{'c' * 64}")
    scan = {"imageScanFindings": {"findingSeverityCounts": {}}}
    machine.answer("describe-image-scan-findings", scan)
    machine.answer("kms sign", {"Signature": "c2lnbmVk"})
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    image = machine.run("publish", **PUBLISH, TMPDIR=str(there)).stdout.strip()
    left = [path.read_text() for path in there.iterdir()]
    (bill,) = [text for text in left if "CycloneDX" in text]
    (statement,) = [text for text in left if text.startswith(image)]
    assert "signed" in left

    told = {name: PUBLISH[name] for name in ("BILLS", "SIGNER", "ALGORITHM")}
    machine.answer(".json -", bill.rstrip("\n"))
    machine.answer(".signature -", "signed")
    machine.answer("kms verify", {"SignatureValid": True})
    assert machine.run("verify", IMAGE=image, TMPDIR=str(here), **told).returncode == 0
    (place,) = here.iterdir()
    assert (place / "statement").read_text() == statement


@pytest.mark.parametrize(
    ("missing", "said"), [(".signature -", "was not published"), ("kms verify", "is not deployed")]
)
def test_what_nobody_signed_is_not_deployed(machine: Machine, missing: str, said: str) -> None:
    machine.answer(missing, code=1)
    told = {name: PUBLISH[name] for name in ("BILLS", "SIGNER", "ALGORITHM")}
    done = machine.run("verify", IMAGE=f"r.example/shop:build-1@sha256:{'c' * 64}", **told)
    assert done.returncode == 1
    assert said in done.stderr


def test_an_image_with_critical_findings_is_not_published(machine: Machine) -> None:
    scan = {"imageScanFindings": {"findingSeverityCounts": {"CRITICAL": 1}}}
    machine.answer("describe-image-scan-findings", scan)
    done = machine.run("publish", **PUBLISH)
    assert done.returncode == 1
    assert "1 critical findings" in done.stderr
    assert not machine.calls("imagetools")
    assert done.stdout == ""


def test_without_an_image_a_preview_is_of_what_runs(machine: Machine) -> None:
    machine.answer("output image", OLD)
    assert machine.run("preview", STACK="prod", IMAGE="").returncode == 0
    assert images(machine) == [OLD]
    assert len(machine.calls("pulumi preview --stack prod")) == 1


def test_drift_compares_with_what_runs_and_fails_on_a_difference(machine: Machine) -> None:
    machine.answer("output image", OLD)
    machine.answer("preview", code=255)
    assert machine.run("drift", STACK="prod").returncode == 255
    assert images(machine) == [OLD]
    (call,) = machine.calls("pulumi preview")
    assert "--refresh --expect-no-changes" in call


def test_github_s_word_becomes_credentials_that_its_log_hides(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "aws", "curl")
    words = {"AccessKeyId": "AKIA1", "SecretAccessKey": "hidden1", "SessionToken": "hidden2"}
    machine.answer("audience=sts.amazonaws.com", {"value": "word"})
    machine.answer("assume-role-with-web-identity", {"Credentials": words})
    told = {
        "ROLE": "arn:aws:iam::123456789012:role/preview",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://github.test/token?x=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request",
    }
    done = machine.run("identity", **told)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["::add-mask::hidden1", "::add-mask::hidden2"]
    (call,) = machine.calls("assume-role")
    assert f"--role-arn {told['ROLE']} --web-identity-token word" in call


def test_the_role_is_let_into_the_cluster_once(machine: Machine) -> None:
    role = "arn:aws:iam::123456789012:role/pipeline-deploy-prod"
    machine.answer("output cluster_name", "shop-prod")
    machine.answer("list-access-entries", {"accessEntries": [role]})
    assert machine.run("admit", STACK="prod", DEPLOYER=role).returncode == 0
    assert not machine.calls("create-access-entry")
    assert machine.run("admit", STACK="prod", DEPLOYER=f"{role}-2").returncode == 0
    assert len(machine.calls("create-access-entry")) == 1


def test_before_there_is_a_cluster_nobody_is_let_in(machine: Machine) -> None:
    machine.answer("output cluster_name", code=255)
    assert machine.run("admit", STACK="prod", DEPLOYER="role").returncode == 0
    assert not machine.calls("aws ")


def test_the_bill_of_materials_names_every_library(machine: Machine) -> None:
    path = ROOT / "services/storefront/requirements.txt"
    bill = json.loads(machine.run("bill", str(path)).stdout)
    pins = [line.split("==")[0] for line in path.read_text().splitlines() if "==" in line]
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert len(bill["components"]) == len(pins) > 5
    for component in bill["components"]:
        assert component["purl"].startswith(f"pkg:pypi/{component['name']}@")
        assert component["externalReferences"][0]["hashes"]


@pytest.mark.parametrize("path", sorted(DELIVERY.glob("*.yml")), ids=lambda p: p.name)
def test_buildspecs_call_scripts_that_are_there(path: Path) -> None:
    spec = yaml.safe_load(path.read_text())
    assert spec["version"] == 0.2
    lines = [c for phase in spec["phases"].values() for c in phase.get("commands", [])]
    assert lines
    for line in lines:
        script = ROOT / line.removeprefix("DIGEST=$(").removeprefix("IMAGE=$(").rstrip(")")
        assert os.access(script, os.X_OK), line
    for name in spec.get("env", {}).get("exported-variables", []):
        assert any(line.startswith(f"{name}=") for line in lines)


def test_every_script_is_checked() -> None:
    listed = (ROOT / "Makefile").read_text().partition("SCRIPTS = ")[2].partition("\n\n")[0]
    for path in DELIVERY.iterdir():
        if path.read_text().startswith("#!/bin/bash"):
            assert path.name in listed.replace(")", "").replace(",", " ").split(), path.name

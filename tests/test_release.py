"""A release on an instance: its own scripts, run by a first boot and by CodeDeploy, as they are."""

from __future__ import annotations

import http.server
import io
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from components.web_tier.release import archive
from tests.machine import Machine
from tests.stacks import ROOT

FLEET = ROOT / "services/storefront/fleet"
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
ONE, TWO = f"{REGISTRY}/shop@sha256:{'1' * 64}", f"{REGISTRY}/shop@sha256:{'2' * 64}"
# Images that were pulled are lines of `images`; what runs is in `running`.
DOCKER = f"""#!{sys.executable} -SE
import json, os, pathlib, sys
words, place = sys.argv[1:], pathlib.Path(os.environ["STAND_IN"])
(place / "calls").open("a").write(" ".join(["docker", *words]) + "\\n")
images, running = place / "images", place / "running"
have = images.read_text().splitlines() if images.exists() else []
now = running.read_text() if running.exists() else None
if words[:2] == ["image", "inspect"]:
    named = words[4:] if words[2] == "--format" else words[2:]
    print(*(f"sha256:id-{{image[-8:]}}" for image in named if image in have), sep="\\n")
    sys.exit(not set(named) <= set(have))
if words[:2] == ["image", "ls"]:
    print(*(f"sha256:id-{{image[-8:]}}" for image in have), sep="\\n")
elif words[:2] == ["image", "rm"]:
    left = [image for image in have if f"sha256:id-{{image[-8:]}}" not in words]
    images.write_text("".join(f"{{image}}\\n" for image in left))
elif words[0] == "--config":
    login = json.loads(pathlib.Path(words[1], "config.json").read_text())["credHelpers"]
    if words[-1].split("/")[0] not in login or (place / "registry-away").exists():
        sys.exit("no such image")
    images.open("a").write(words[-1] + "\\n")
elif words[0] == "inspect":
    print(now)
"""
# A unit that runs says which image by the release that is installed, as the real one does.
SYSTEMCTL = """#!/bin/bash
echo "systemctl $*" >>"$STAND_IN/calls"
case "$*" in
    "--quiet is-active storefront.service") [[ -e $STAND_IN/running ]] ;;
    "stop storefront.service") rm "$STAND_IN/running" ;;
    "restart storefront.service")
        . "$DESTDIR/etc/storefront/release.conf"
        printf %s "$IMAGE" >"$STAND_IN/running" ;;
esac
"""


@pytest.fixture
def ready() -> Iterator[tuple[int, set[str]]]:
    """The port of a storefront that is ready while its set has nothing in it."""
    reasons: set[str] = set()

    class Storefront(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/readyz" and not reasons else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Storefront)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, reasons
    server.shutdown()
    thread.join()
    server.server_close()


class Instance:
    """A machine whose / is a folder, as cloud-init leaves it."""

    def __init__(self, place: Path, port: int) -> None:
        self.machine, self.root, self._port = Machine(place), place / "root", port
        self.machine.command("docker", DOCKER)
        self.machine.command("systemctl", SYSTEMCTL)
        self.machine.command(
            "aws", '#!/bin/bash\necho "aws $*" >>"$STAND_IN/calls"\ncat "$STAND_IN/s3"'
        )
        conf = self.root / "etc/storefront/fleet.conf"
        conf.parent.mkdir(parents=True)
        conf.write_text("AWS_REGION=us-east-1\nRELEASE=s3://releases/release.tar\n")

    def run(self, script: Path) -> subprocess.CompletedProcess[str]:
        return self.machine.run(script, DESTDIR=str(self.root), READY_SECONDS="1")

    def boot(self, image: str) -> subprocess.CompletedProcess[str]:
        """The first boot, with a release of this image in S3."""
        (self.machine.place / "s3").write_bytes(archive(image, self.settings(image)))
        return self.run(FLEET / "instance/boot")

    def deploy(self, image: str, *, after: Path | None = None) -> tuple[str, Path]:
        """What CodeDeploy's agent does: the event that failed or "", and where the release is."""
        place = self.machine.place / f"deployment-{len(list(self.machine.place.iterdir()))}"
        with tarfile.open(fileobj=io.BytesIO(archive(image, self.settings(image)))) as tar:
            tar.extractall(place, filter="data")
        spec = yaml.safe_load((place / "appspec.yml").read_text())
        for event, hooks in spec["hooks"].items():
            # To stop is up to the release that was here before, and to no one without any.
            where = after if event == "ApplicationStop" else place
            for hook in hooks if where else ():
                done = self.run(where / hook["location"])
                if done.returncode:
                    return event, place
        return "", place

    def settings(self, image: str) -> dict[str, str]:
        return {"PORT": str(self._port), "SHOP_NAME": f"Shop of {image[-4:]}"}

    @property
    def running(self) -> str | None:
        path = self.machine.place / "running"
        return path.read_text() if path.exists() else None

    @property
    def images(self) -> list[str]:
        return (self.machine.place / "images").read_text().splitlines()

    def installed(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and "first-release" not in path.parts
        }


@pytest.fixture
def instance(tmp_path: Path, ready: tuple[int, set[str]]) -> Instance:
    return Instance(tmp_path, ready[0])


def test_a_first_boot_runs_the_current_release(instance: Instance) -> None:
    done = instance.boot(ONE)
    assert done.returncode == 0, done.stderr
    assert instance.running == ONE
    (fetch,) = instance.machine.calls("aws ")
    assert "s3 cp --region us-east-1 --only-show-errors s3://releases/release.tar -" in fetch
    release = FLEET / "release"
    files = instance.installed()
    assert files["usr/local/lib/storefront/serve"] == (release / "serve").read_bytes()
    unit = files["etc/systemd/system/storefront.service"]
    assert unit == (release / "storefront.service").read_bytes()
    assert files["var/lib/storefront/env"].decode() == (
        f"PORT={instance.settings(ONE)['PORT']}\nSHOP_NAME=Shop of 1111\n"
    )
    assert (instance.root / "var/lib/storefront/env").stat().st_mode & 0o777 == 0o600
    assert os.access(instance.root / "usr/local/lib/storefront/serve", os.X_OK)
    assert instance.machine.calls("systemctl enable storefront.service")


def test_a_deployment_changes_what_runs_and_a_rollback_takes_it_back(instance: Instance) -> None:
    assert instance.boot(ONE).returncode == 0
    before = instance.installed()
    failed, two = instance.deploy(TWO)
    assert (failed, instance.running) == ("", TWO)
    assert instance.installed() != before
    # What ran before is on the disk: going back needs no registry.
    (instance.machine.place / "registry-away").touch()
    failed, one = instance.deploy(ONE, after=two)
    assert (failed, instance.running, instance.installed()) == ("", ONE, before)
    assert instance.deploy(ONE, after=one)[0] == ""  # again: the same
    assert (instance.running, instance.installed()) == (ONE, before)


def test_nothing_older_than_what_can_be_gone_back_to_fills_the_disk(instance: Instance) -> None:
    assert instance.boot(ONE).returncode == 0
    three = TWO.replace("2" * 64, "3" * 64)
    for image in (TWO, three):
        assert instance.deploy(image)[0] == ""
    assert instance.images == [TWO, three]


def test_an_image_that_is_not_to_be_had_changes_nothing_installed(instance: Instance) -> None:
    assert instance.boot(ONE).returncode == 0
    before = instance.installed()
    (instance.machine.place / "registry-away").touch()
    assert instance.deploy(TWO)[0] == "BeforeInstall"
    assert (instance.running, instance.installed()) == (ONE, before)


def test_a_release_that_does_not_get_ready_fails(
    instance: Instance, ready: tuple[int, set[str]]
) -> None:
    ready[1].add("the database is away")
    assert instance.deploy(ONE)[0] == "ValidateService"
    ready[1].clear()
    assert instance.boot(ONE).returncode == 0


def test_another_release_that_is_ready_does_not_count(instance: Instance) -> None:
    assert instance.boot(ONE).returncode == 0
    failed, two = instance.deploy(TWO)
    assert failed == ""
    (instance.machine.place / "running").write_text(ONE)  # it did not stop
    done = instance.run(two / "validate")
    assert done.returncode == 1
    assert f"{ONE} runs, and should be {TWO}" in done.stderr


def test_a_boot_without_a_release_fails(instance: Instance) -> None:
    done = instance.run(FLEET / "instance/boot")  # S3 has none
    assert done.returncode != 0
    assert instance.running is None


def test_a_release_is_the_same_bytes_everywhere() -> None:
    one = archive(ONE, {"PORT": "1", "A": "2"})
    assert one == archive(ONE, {"A": "2", "PORT": "1"})
    assert one != archive(TWO, {"A": "2", "PORT": "1"})
    assert len(one) < 64 * 1024
    with tarfile.open(fileobj=io.BytesIO(one)) as tar:
        files = {member.name: member for member in tar}
        assert {name for name in files if files[name].mode & 0o100} == {
            path.name for path in (FLEET / "release").iterdir()
        }
        assert {(m.uid, m.gid, m.mtime) for m in files.values()} == {(0, 0, 0)}


def test_the_agent_comes_when_its_bucket_answers_and_asks_for_permission(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "systemctl", "sleep")
    # Away at first.
    machine.command(
        "curl", '#!/bin/bash\n[[ -e $STAND_IN/asked ]] || { touch "$STAND_IN/asked"; exit 22; }'
    )
    machine.command("ruby", '#!/bin/bash\necho "ruby $AWS_REGION $2" >>"$STAND_IN/calls"')
    conf = tmp_path / "root/etc/codedeploy-agent/conf/codedeployagent.yml"
    conf.parent.mkdir(parents=True)
    conf.write_text("---\n:max_revisions: 5\n")
    (tmp_path / "root/etc/storefront").mkdir()
    (tmp_path / "root/etc/storefront/fleet.conf").write_text("AWS_REGION=us-east-1\n")
    for _ in range(2):
        done = machine.run(FLEET / "instance/agent", DESTDIR=str(tmp_path / "root"))
        assert done.returncode == 0, done.stderr
    assert conf.read_text() == "---\n:max_revisions: 5\n:enable_auth_policy: true\n"
    assert machine.calls("ruby") == ["ruby us-east-1 auto"] * 2
    assert len(machine.calls("sleep")) == 1
    assert len(machine.calls("systemctl restart codedeploy-agent.service")) == 2
